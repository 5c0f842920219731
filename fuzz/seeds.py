#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets into fuzz/corpus/: small, synthetic, the same every time. Python's own library only."""
import base64
import io
import json
import os
import pickle
import shutil
import struct
import sys
import types
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def seed(target: str, name: str, data: bytes | str) -> None:
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


# PyTorch checkpoints, without PyTorch: classes of its names that pickle as its own do.


class Storage:
    def __init__(self, kind: str, key: str, numel: int):
        self.kind, self.key, self.numel = kind, key, numel


class Tensor:
    def __init__(self, storage, offset, shape, stride):
        self.parts = (storage, offset, shape, stride, False, OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


def named(module: str, name: str, made):
    made.__module__, made.__name__, made.__qualname__ = module, name, name
    sys.modules.setdefault(module, types.ModuleType(module))
    setattr(sys.modules[module], name, made)
    return made


def torch_pickle(value, protocol=2) -> bytes:
    class Pickler(pickle._Pickler):
        def persistent_id(self, obj):
            if isinstance(obj, Storage):
                return "storage", getattr(sys.modules["torch"], obj.kind), obj.key, "cpu", obj.numel
            return None

    out = io.BytesIO()
    Pickler(out, protocol).dump(value)
    return out.getvalue()


def checkpoints():
    for kind in ["FloatStorage", "HalfStorage", "DoubleStorage", "LongStorage", "BFloat16Storage", "BoolStorage"]:
        named("torch", kind, type(kind, (), {}))
    named("torch._utils", "_rebuild_tensor_v2", lambda *a: a)
    size = {"FloatStorage": 4, "HalfStorage": 2, "DoubleStorage": 8, "LongStorage": 8, "BFloat16Storage": 2, "BoolStorage": 1}
    for kind, width in size.items():
        storage = Storage(kind, "0", 6)
        value = {
            "model": OrderedDict(w=Tensor(storage, 0, (2, 3), (3, 1)), t=Tensor(storage, 1, (2, 2), (1, 2))),
            "cfg": {"model": {"layers": 2, "dropout": 0.1, "name": "x", "none": None, "list": [1, True, b"b"]}},
            "e": Tensor(storage, 0, (2, 3), (0, 1)),
            "big": 1 << 70,
        }
        numbers = bytes(range(6 * width))
        for protocol in (2, 4):
            text = torch_pickle(value, protocol)
            seed("pt", f"{kind}-{protocol}.parts", struct.pack("<H", len(text)) + text + numbers)
        for method, name in ((zipfile.ZIP_STORED, "stored"), (zipfile.ZIP_DEFLATED, "deflated")):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", method) as archive:
                for entry, data in (("a/data.pkl", text), ("a/byteorder", b"little"), ("a/data/0", numbers), ("a/version", b"3\n")):
                    archive.writestr(zipfile.ZipInfo(entry), data, method)
            if kind == "FloatStorage":
                seed("pt", f"{name}.pt", out.getvalue())

    for name, state in {
        "bare": {"module.w": Tensor(Storage("FloatStorage", "0", 6), 0, (2, 3), (3, 1))},
        "lightning": {"state_dict": {"model._orig_mod.w": Tensor(Storage("FloatStorage", "0", 6), 0, (6,), (1,)), "loss.w": Tensor(Storage("FloatStorage", "0", 6), 0, (1,), (1,))}},
    }.items():
        text = torch_pickle(state)
        seed("pt", f"{name}.parts", struct.pack("<H", len(text)) + text + bytes(range(24)))
    for name, table in {
        "two": {"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}, "model.b": {"dtype": "BF16", "shape": [4], "data_offsets": [16, 24]}},
        "metadata": {"__metadata__": {"format": "pt"}, "module.w": {"dtype": "F64", "shape": [3, 1], "data_offsets": [0, 24]}},
    }.items():
        text = json.dumps(table).encode()
        seed("pt", f"{name}.safetensors", struct.pack("<Q", len(text)) + text + bytes(range(24)))

    class Unknown:
        def __reduce__(self):
            return named("posix", "system", lambda c: c), ("true",), {"state": 1}, iter([1]), iter([("k", 2)])

    text = torch_pickle({"x": Unknown(), "s": {1, 2}, "f": frozenset([3])}, 4)
    seed("pt", "opaque.parts", struct.pack("<H", len(text)) + text)


def element(kind: int, body: bytes) -> bytes:
    if len(body) <= 4:
        return struct.pack("<HH", kind, len(body)) + body.ljust(4, b"\0")
    return struct.pack("<II", kind, len(body)) + body + b"\0" * (-len(body) % 8)


def matrix(name: str, kind: int, storage: int, dims: tuple, body: bytes, flags: int = 0) -> bytes:
    inside = element(6, struct.pack("<II", kind | flags, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims))
    return element(14, inside + element(1, name.encode()) + element(storage, body))


def matrices():
    header = b"MATLAB 5.0 MAT-file, synthetic".ljust(124) + b"\x00\x01IM"
    feats = matrix("feats", 6, 9, (2, 3), struct.pack("<6d", 1, 4, 2, 5, 3, 6))
    variables = {
        "feats": feats,
        "single": matrix("feats", 7, 7, (3, 2), struct.pack("<6f", *range(6))),
        "idx": matrix("idx", 14, 12, (1, 1), struct.pack("<q", 7)),
        "small": matrix("curr_sample_rate", 6, 4, (1, 1), struct.pack("<H", 500)),
        "several": feats + matrix("idx", 12, 5, (1, 1), struct.pack("<i", -1)) + matrix("a", 9, 2, (1, 4), b"abcd"),
        "empty": matrix("none", 6, 9, (0, 0), b""),
        "three": matrix("x", 6, 9, (2, 1, 2), struct.pack("<4d", *range(4))),
        "complex": matrix("z", 6, 9, (1, 1), struct.pack("<d", 1), 0x0800),
        "text": matrix("label", 4, 16, (1, 2), b"AF"),
    }
    for name, body in variables.items():
        seed("mat", f"{name}.mat", header + body)
    packed = zlib.compress(feats, 9)
    seed("mat", "compressed.mat", header + struct.pack("<II", 15, len(packed)) + packed)


def npy(descr: str, shape: str, body: bytes, fortran="False", version=(1, 0), extra="") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, {extra}}}"
    start = 10 if version == (1, 0) else 12
    text = text.ljust(-(-(start + len(text) + 1) // 64) * 64 - start - 1) + "\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(text)) + text.encode("latin1") + body


def arrays():
    six = struct.pack("<6f", *range(6))
    seed("npy", "f4.npy", npy("<f4", "(2, 3)", six))
    seed("npy", "f2.npy", npy("<f2", "(2, 3)", struct.pack("<6e", *range(6))))
    seed("npy", "f8.npy", npy("<f8", "(6,)", struct.pack("<6d", *range(6))))
    seed("npy", "i8.npy", npy("<i8", "(1, 2, 1)", struct.pack("<2q", -1, 1)))
    seed("npy", "i4.npy", npy("<i4", "()", struct.pack("<i", 5)))
    seed("npy", "u1.npy", npy("|u1", "(4,)", b"abcd"))
    seed("npy", "b1.npy", npy("|b1", "(2, 2)", b"\0\1\1\0"))
    seed("npy", "fortran.npy", npy("<f4", "(2, 3)", six, fortran="True"))
    seed("npy", "version2.npy", npy("<f4", "(2, 3)", six, version=(2, 0)))
    seed("npy", "empty.npy", npy("<f4", "(0, 3)", b""))
    seed("npy", "large.npy", npy("<f4", "(0, 4294967296, 4294967296)", b""))


def texts():
    seed("manifest", "plain.tsv", "\t/data/segmented/\necg_0.mat\t2500\necg_1.mat\t2500\n")
    seed("manifest", "crlf.tsv", "\t/d/\r\n a/../b.mat\t1 \r\n./c.mat\t2\r\n")
    seed("manifest", "relative.tsv", "\t\nx y.mat\t0\né.mat\t18446744073709551615\n")
    seed("manifest", "out.tsv", "\t/d/\n../x.mat\t1\n")
    for protocol in range(2, 6):
        for name, header in {
            "full": {"shape": (14, 26), "dtype": "float32", "offset": 128},
            "short": {"shape": (1,), "dtype": "float16"},
            "deep": {"shape": (70000, 2, 3, 4), "dtype": "x" * 300, "offset": 1 << 40},
        }.items():
            seed("store", f"{name}-{protocol}.pkl", pickle.dumps(header, protocol))
    seed("table", "labels.csv", "idx,age,is_male,segment\n0,61.5,True,ecg_0\n1,,False,\"a,\"\"b\"\"\"\n2.0,7,1,\n")
    seed("table", "numbers.csv", "\ufeffidx,AF,RBBB\r\n0,0.1,1e-3\r\n\r\n1,nan,-inf\r\n2,0.25,3")
    seed("table", "one.csv", "segment\na\n\n\"b\nc\"\n")
    seed("table", "wide.csv", "a,b\n1,2,3\n")
    seed("table", "open.csv", 'a,b\n"1,2\n')


def layouts():
    """What the process that opens HDF5 files says, and a file that it is about."""

    def text(words: str) -> bytes:
        return struct.pack("<Q", len(words)) + words.encode()

    def described(ids: list, samples: int, leads: int, stored: bytes) -> bytes:
        start = b"ecgfm-1\n\0" + struct.pack(f"<Q{len(ids)}q", len(ids), *ids)
        return start + struct.pack("<3Q", len(ids), samples, leads) + text("float32") + stored

    def blocks(shape: tuple, shuffled: bool, compression: int, *found: tuple) -> bytes:
        table = b"\1" + struct.pack("<3Q2BQQ", *shape, shuffled, compression, 0x3F800000, len(found))
        return table + b"".join(struct.pack("<6Q", *block) for block in found)

    def sent(name: str, message: bytes, file: bytes = b"") -> None:
        seed("layout", name, struct.pack("<H", len(message)) + message + file)

    numbers, packed = bytes(range(48)), zlib.compress(bytes(24))
    sent("contiguous", described([7, 0], 2, 3, b"\0" + struct.pack("<Q", 0)), numbers)
    sent("plain", described([7, 8, 0], 2, 3, blocks((1, 2, 3), False, False, (0, 0, 0, 0, 24, 0), (2, 0, 0, 24, 24, 0))), numbers)
    sent("shuffled", described([7, 8], 2, 3, blocks((2, 1, 2), True, False, (0, 0, 1, 8, 16, 0), (0, 1, 0, 16, 16, 1))), numbers)
    sent("deflated", described([7], 2, 3, blocks((1, 2, 3), True, True, (0, 0, 0, 0, len(packed), 0))), packed)
    literals = b"\x17" + bytes(range(24))
    sent("lzf", described([7], 2, 3, blocks((1, 2, 3), False, 2, (0, 0, 0, 0, len(literals), 0))), literals)
    repeated = b"\0\1\xe0\x0e\0"
    sent("lzf-shuffled", described([7], 2, 3, blocks((1, 2, 3), True, 2, (0, 0, 0, 0, len(repeated), 0))), repeated)
    sent("library", described([7], 2, 3, b"\2" + text("float64, converted by HDF5")))
    sent("malformed", b"ecgfm-1\n\1" + text("tracings") + text("wrong") + text("copy it again"))
    sent("missing", b"ecgfm-1\n\3" + text("tracings") + text("a\x1b[2J"))


def crc(data: bytes, bits: int, polynomial: int) -> int:
    total = 0
    for byte in data:
        total ^= byte << (bits - 8)
        for _ in range(8):
            total = (total << 1 ^ (polynomial if total >> (bits - 1) & 1 else 0)) & ((1 << bits) - 1)
    return total


def flac(signals: list, bits: int) -> bytes:
    """A stream of one frame, whose samples are as they are."""
    channels, samples = len(signals), len(signals[0])
    info = struct.pack(">HH6x", samples, samples) + struct.pack(">Q", 96000 << 44 | channels - 1 << 41 | bits - 1 << 36 | samples) + bytes(16)
    frame = bytes([0xFF, 0xF8, 0x60, channels - 1 << 4 | {8: 1, 16: 4, 24: 6}[bits] << 1, 0, samples - 1])
    frame += bytes([crc(frame, 8, 0x07)])
    for signal in signals:
        frame += b"\2" + b"".join(value.to_bytes(bits // 8, "big", signed=True) for value in signal)
    return b"fLaC\x80\0\0\x22" + info + frame + crc(frame, 16, 0x8005).to_bytes(2, "big")


def records():
    """WFDB records: the length of the header, the header, the signal file."""

    def record(name: str, header: str | bytes, samples: bytes = b"") -> None:
        header = header.encode() if isinstance(header, str) else header
        seed("wfdb", name, struct.pack("<H", len(header)) + header + samples)

    two = "r 2 500 6\nr.dat {0} 200(5)/mV 12 0 1 21 0 I\nr.dat {0} 200/uV 12 0 -1 -21 0 aVR\n# Age: 61\n#Dx: 426783006\n"
    pairs = [v for i in range(1, 7) for v in (i, -i)]
    bytes_of = {
        8: struct.pack("12b", *pairs), 16: struct.pack("<12h", *pairs), 32: struct.pack("<12i", *pairs), 61: struct.pack(">12h", *pairs),
        24: b"".join(v.to_bytes(3, "little", signed=True) for v in pairs), 80: bytes(v + 128 for v in pairs),
        160: struct.pack("<12H", *(v + 32768 for v in pairs)), 212: bytes(range(18)), 310: bytes(range(16)), 311: bytes(range(16)),
    }
    for number, samples in bytes_of.items():
        record(f"format-{number}", two.format(number), samples)
    for bits in (8, 16, 24):
        record(f"format-{500 + bits}", two.format(500 + bits), flac([pairs[::2], pairs[1::2]], bits))
    head = struct.pack("<5I", 30, 2, 6, 0, 4) + b"val\0"
    record("level-4", two.format("16x1+24"), head + bytes_of[16])
    record("level-4-without-offset", two.format("16"), head + bytes_of[16])
    matlab = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    record("level-5", two.format("16+24"), matlab + matrix("ecg", 10, 3, (2, 6), bytes_of[16]))
    record("frames", "r 2 62.5/1000(-1) 2 9:0:0.5 1/2/2003\nr.dat 16x4:1 1/mV\nr.dat 16x2:1 0/mmHg 0 5\n", bytes_of[16])
    record("length-absent", "\ufeff# first\r\nr 1\r\nr.dat 212 MLII\r\n", bytes(range(9)))
    record("latin-1", "r 1 500 2\rr.dat 16 1/\xb5V 16 0 0 0 0 I\r# M\xe9ni\xe8re".encode("latin-1"), bytes(4))
    record("segments", "r/3 2 360 30\n~ 10\nr 10\n~ 10\n")
    record("outside", "r 1 500 1\n../r.dat 16 1/mV\n", bytes(2))
    record("day", "r 1 1000 86400000\nr.dat 16 1/mV\n", bytes(2))


PIPELINE = """name: code15
description: synthetic
profiles:
  sample: { vars: { seed: 1 }, stages: { splits: { with: { fractions: [0.5, 0.5] } } } }
  full:
    vars: { raw: "${env.HOME}/x" }
vars:
  raw: data/code15   # a comment
  seed: 42
  copy: ${vars.raw}
stages:
  signals:
    uses: signals
    with: { raw: ${vars.raw}, names: [a, "b", 'c'], quality: { other: { noise: 1.5 } } }
  splits:
    uses: splits
    needs: [signals]
    with:
      raw: ${signals.table}
      seed: ${vars.seed}
      threshold: .5
      names: &names [train, test]
"""


def pipelines():
    seed("pipeline", "whole.yaml", PIPELINE)
    seed("pipeline", "flow.yaml", "{ name: p, vars: { who: you }, stages: { a: { uses: signals, with: { raw: ${vars.who} } } } }")
    seed("pipeline", "anchors.yaml", "name: p\nvars: { a: &a [x, x], b: *a, c: !!str 7 }\nstages:\n  s:\n    uses: signals\n    with:\n      raw: |\n        a\n        b\n      names: ${vars.b}\n")
    seed("pipeline", "cycle.yaml", "name: p\nstages:\n  a: { uses: signals, with: { raw: \"${b.dir}\" } }\n  b: { uses: splits, with: { raw: \"${a.dir}\" } }\n")
    seed("pipeline", "names.yaml", "name: ../p\nstages:\n  ../a: { uses: signals, with: { raw: $${x} } }\n")


def muse_lead(name: str, counts: list, unit="MICROVOLTS", crc=True) -> str:
    data = struct.pack(f"<{len(counts)}h", *counts)
    sum_ = f"<LeadDataCRC32>{zlib.crc32(data)}</LeadDataCRC32>" if crc else ""
    return (
        f"<LeadData><LeadByteCountTotal>{len(data)}</LeadByteCountTotal><LeadSampleCountTotal>{len(counts)}</LeadSampleCountTotal>"
        f"<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit><LeadAmplitudeUnits>{unit}</LeadAmplitudeUnits>"
        f"<LeadID>{name}</LeadID><LeadSampleSize>2</LeadSampleSize>{sum_}<WaveFormData>\n{base64.encodebytes(data).decode()}</WaveFormData></LeadData>"
    )


def muse_file(leads: list, text="Sinus rhythm", encoding="ISO-8859-1", kind="Rhythm", rate="500") -> str:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n<RestingECG>'
        "<PatientDemographics><PatientID>P1</PatientID><PatientAge>6</PatientAge><AgeUnits>MONTHS</AgeUnits>"
        "<DateofBirth>02-29-2020</DateofBirth><Gender>FEMALE</Gender></PatientDemographics>"
        f"<Diagnosis><DiagnosisStatement><StmtFlag>ENDSLINE</StmtFlag><StmtText>{text}</StmtText></DiagnosisStatement></Diagnosis>"
        f"<Waveform><WaveformType>{kind}</WaveformType><NumberofLeads>{len(leads)}</NumberofLeads><SampleBase>{rate}</SampleBase>"
        f"<SampleExponent>0</SampleExponent><HighPassFilter>16</HighPassFilter>{''.join(leads)}</Waveform></RestingECG>\n"
    )


def ecgs():
    """ECGs of MUSE, in arrays and in CSV."""
    eight = [muse_lead(name, list(range(at, at + 20))) for at, name in enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6"))]
    three = [muse_lead(name, [-32768, 32767, 0], crc=False) for name in ("I", "AVR", "V3R")]
    seed("muse", "eight.xml", muse_file(eight))
    seed("muse", "free.xml", muse_file(three, text="QRS < 120 & T &lt; 2 <PR>"))
    seed("muse", "latin1.xml", muse_file(three, text="M\xe9ni\xe8re").encode("latin1"))
    seed("muse", "utf16.xml", muse_file(three, encoding="UTF-16").encode("utf-16"))
    seed("muse", "median.xml", muse_file(three, kind="Median"))
    seed("muse", "units.xml", muse_file([muse_lead("V1", [1, 2], unit="MILLIVOLTS"), muse_lead("V1", [1, 2])], rate="500.0"))
    seed("muse", "entities.xml", '<!DOCTYPE r [<!ENTITY a "b">]><r b="c">&a;<![CDATA[<]]><!-- --><e/></r>')
    seed("muse", "broken.xml", muse_file(three).replace("AAA", "!AAA", 1))

    numbers = list(range(12))
    for descr, code in (("<i2", "<12h"), (">i2", ">12h"), ("<i4", "<12i"), ("<f4", "<12f"), (">f8", ">12d")):
        name = descr.replace("<", "le").replace(">", "be")
        seed("arrays", f"{name}.npy", npy(descr, "(2, 3, 2)", struct.pack(code, *numbers)))
    two = npy("<i2", "(3, 4)", struct.pack("<12h", *numbers))
    seed("arrays", "fortran.npy", npy("<i2", "(2, 3, 2)", struct.pack("<12h", *numbers), fortran="True"))
    seed("arrays", "objects.npy", npy("|O", "(3, 1)", b"\x80\x04N."))
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr(zipfile.ZipInfo("ecgs.npy"), two, method)
        seed("arrays", f"{name}.npz", out.getvalue())

    seed("csv", "plain.csv", "I,II\n1,2\n3.5,-4e-1\n")
    seed("csv", "timed.csv", "time,I (uV),II [mV]\n0.000,1,2\n0.002,3,NA\n0.004,5,6\n")
    seed("csv", "german.csv", "ms;I;II\r\n0;1,5;-2\r\n2;\"1,25\";3\r\n")
    seed("csv", "tabs.csv", "\ufeffII\tI\n1\t2\n\n3\t4\n")
    seed("csv", "bare.csv", "1,2\n3,4\n")
    seed("csv", "quotes.csv", '"a ""b""","I\n1,2\n')


if __name__ == "__main__":
    for target in ("pt", "mat", "npy", "manifest", "store", "table", "pipeline", "layout", "wfdb", "muse", "arrays", "csv"):
        shutil.rmtree(CORPUS / target, ignore_errors=True)
    checkpoints()
    matrices()
    arrays()
    texts()
    layouts()
    records()
    pipelines()
    ecgs()
    print(sum(p.stat().st_size for p in CORPUS.rglob("*") if p.is_file()), "bytes in", CORPUS.relative_to(os.getcwd()) if CORPUS.is_relative_to(os.getcwd()) else CORPUS)
