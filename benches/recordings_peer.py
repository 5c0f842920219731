"""Stage `signals` on files of a recording each, WFDB records and GE MUSE's XML, beside the same work in Python, on one core each.

Usage: recordings_peer.py ECGFM PTBXL MUSE [EXAMS [ROUNDS]]. PTBXL and MUSE are directories as `ecgfm synth --layout ptbxl` and
`--layout muse` make them. The peers read each record with wfdb-python, each XML file with ElementTree, base64 and numpy, and go
on as signals_work.py does: three .mat files an exam and two tables, EXAMS (300) of them; ecgfm does all. They take turns, ROUNDS
(2) times, and of each the round with the least processor time counts. `reading alone` is the peer without all that follows, and
ecgfm's is what `view` takes, which also measures, judges and lists the exams. Prints exams a second of processor time and of wall
time, the ratio to the peer's processor time, megabytes written and peak memory.
"""

import base64
import os
import resource
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zlib

import numpy as np
import pandas as pd
import wfdb

from signals_work import FOLDERS, LEADS, clock, ours, process, sizes


def read_wfdb(path):
    record = wfdb.rdrecord(path)
    place = {name.upper(): i for i, name in enumerate(record.sig_name)}
    return record.p_signal.T[[place[lead.upper()] for lead in LEADS]], int(record.fs)


def read_muse(path):
    for waveform in ElementTree.parse(path).getroot().iter("Waveform"):
        if waveform.findtext("WaveformType") == "Rhythm":
            break
    held = {}
    for lead in waveform.iter("LeadData"):
        data = base64.b64decode(lead.findtext("WaveFormData"))
        if zlib.crc32(data) != int(lead.findtext("LeadDataCRC32")):
            sys.exit(f"{path}: checksum")
        scale = float(lead.findtext("LeadAmplitudeUnitsPerBit")) / 1000
        held[lead.findtext("LeadID")] = np.frombuffer(data, "<i2") * scale
    one, two = held["I"], held["II"]
    held.update(III=two - one, aVR=-(one + two) / 2, aVL=one - two / 2, aVF=two - one / 2)
    rate = int(waveform.findtext("SampleBase")) * 10 ** int(waveform.findtext("SampleExponent"))
    return np.array([held[lead] for lead in LEADS]), rate


def wfdb_files(raw):
    table = pd.read_csv(f"{raw}/ptbxl_database.csv")
    return table, [f"{raw}/{name}" for name in table["filename_hr"]]


def muse_files(raw):
    names = sorted(os.path.join(at, f) for at, _, files in os.walk(raw) for f in files if f.endswith(".xml"))
    return pd.DataFrame({"file": names}), names


def peer(read, files, raw, exams, out):
    """Processor seconds and wall seconds an exam: of all the work, and of reading alone."""
    for folder in FOLDERS:
        os.makedirs(f"{out}/{folder}")
    wall, used = clock(resource.RUSAGE_SELF)
    table, names = files(raw)
    rows, segments = [], []
    for idx, name in enumerate(names[:exams]):
        row, cuts = process(*read(name), idx, f"{os.path.basename(name)}.mat", out)
        rows.append(row)
        segments += cuts
    pd.concat([table.iloc[:exams], pd.DataFrame(rows)], axis=1).to_csv(f"{out}/meta.csv", index=False)
    pd.DataFrame(segments).sort_values("path").to_csv(f"{out}/segmented.csv", index=False)
    whole = clock(resource.RUSAGE_SELF)
    for name in names[:exams]:
        read(name)
    after = clock(resource.RUSAGE_SELF)
    work = ((whole[1] - used) / exams, (whole[0] - wall) / exams)
    return work, ((after[1] - whole[1]) / exams, (after[0] - whole[0]) / exams)


def main():
    program, ptbxl, muse = sys.argv[1:4]
    exams = int(sys.argv[4]) if len(sys.argv) > 4 else 300
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 2
    formats = {
        "WFDB": (read_wfdb, wfdb_files, ptbxl, "ptbxl", "wfdb-python"),
        "MUSE": (read_muse, muse_files, muse, "folder", "ElementTree, base64"),
    }
    found = {}
    for _ in range(rounds):
        for name, (read, files, raw, dataset, _) in formats.items():
            with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(raw))) as out:
                work, reading = peer(read, files, raw, exams, f"{out}/peer")
                found.setdefault((name, "peer"), []).append(work)
                found.setdefault((name, "reading"), []).append(reading)
                shutil.rmtree(f"{out}/peer")
                count = len(files(raw)[1])
                for store in ("packed", "view"):
                    given = [f"raw={raw}", f"dataset={dataset}", f"store={store}"]
                    wall, used, peak = ours(program, given, f"{out}/{store}")
                    written = sum(sizes(f"{out}/{store}"))
                    found.setdefault((name, store), []).append((used / count, wall / count, peak, written))
                    shutil.rmtree(f"{out}/{store}")
    print("| a recording a file, one core | exams/s, processor | ratio | exams/s, wall | written, MB | peak MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, (*_, reader) in formats.items():
        best = {kind: min(found[name, kind]) for kind in ("peer", "reading", "packed", "view")}
        used, wall = best["peer"]
        print(f"| {name}: {reader}, scipy: three .mat files an exam | {1 / used:.0f} | 1 | {1 / wall:.0f} | | |")
        for store in ("packed", "view"):
            mine, wall, peak, written = best[store]
            print(
                f"| {name}: ecgfm, store: {store} | {1 / mine:.0f} | {used / mine:.1f} | {1 / wall:.0f} "
                f"| {written / 1e6:.0f} | {peak / 1024:.0f} |"
            )
        reading, wall = best["reading"]
        mine = best["view"][0]
        print(f"| {name}: {reader}, reading alone | {1 / reading:.0f} | {reading / mine:.1f} to view | {1 / wall:.0f} | | |")


main()
