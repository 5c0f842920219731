"""Packs both programs as a Python wheel that depends on PyTorch and takes its libtorch.

Usage: wheel.py BUILT [DIR]   BUILT: the directory of the programs, target/release after `just build`; DIR: dist/ if not given

The tag names the oldest glibc that has every symbol which the programs ask for. The same files give the same bytes.
"""

import base64
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("ecgfm", "ecgfm-torch")
# From <site-packages>/ecgfm/bin to <site-packages>/torch/lib.
RUNPATH = "$ORIGIN/../../torch/lib"


def first(pattern, file):
    """The first group of the first match in a file of the project."""
    found = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)
    if not found:
        sys.exit(f"wheel: {file} has no {pattern}")
    return found.group(1)


def oldest_glibc(programs):
    """The version of glibc that the programs need, as (major, minor)."""
    versions = set()
    for program in programs:
        symbols = subprocess.run(["objdump", "--dynamic-syms", program], check=True, capture_output=True, text=True).stdout
        versions |= {tuple(map(int, version)) for version in re.findall(r"\(?GLIBC_(\d+)\.(\d+)", symbols)}
    return max(versions)


def metadata(version, torch):
    """METADATA, with the README as description."""
    return f"""Metadata-Version: 2.1
Name: ecgfm
Version: {version}
Summary: ECG foundation models over ECG archives: what does the model say, and how right is it
License: MIT
Classifier: License :: OSI Approved :: MIT License
Classifier: Operating System :: POSIX :: Linux
Classifier: Topic :: Scientific/Engineering :: Medical Science Apps.
Requires-Python: >=3.10
Requires-Dist: torch=={torch}
Requires-Dist: numpy ; extra == 'frames'
Requires-Dist: pandas ; extra == 'frames'
Requires-Dist: pyarrow ; extra == 'frames'
Provides-Extra: frames
Description-Content-Type: text/markdown

{(ROOT / "README.md").read_text()}"""


def write(path, files):
    """Writes the wheel: `files` are (name, bytes, mode)."""
    record = path.name.split("-py3-")[0] + ".dist-info/RECORD"
    lines = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as wheel:

        def add(name, data, mode=0o644):
            entry = zipfile.ZipInfo(name)  # Dated 1980: the same at every build.
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, data)

        for name, data, mode in files:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}")
            add(name, data, mode)
        add(record, "\n".join([*lines, f"{record},,", ""]))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    built, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2] if len(sys.argv) == 3 else "dist")
    missing = [name for name in PROGRAMS if not (built / name).is_file()]
    if missing:
        sys.exit(f"wheel: {built / missing[0]} is not there: run `just build` first")
    subprocess.run([ROOT / "tools/setup", "package"], check=True)
    version, torch = first(r'^version = "(.*)"', "Cargo.toml"), first(r"^torch_version=(.*)", "tools/setup")
    glibc = oldest_glibc([built / name for name in PROGRAMS])
    tag = f"py3-none-manylinux_{glibc[0]}_{glibc[1]}_{os.uname().machine}"
    info = f"ecgfm-{version}.dist-info"
    files = [(f"ecgfm/{file.name}", file.read_bytes(), 0o644) for file in sorted((ROOT / "packaging/python/ecgfm").glob("*.py"))]
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([ROOT / "packaging/programs", built, place, RUNPATH], check=True)
        files += [(f"ecgfm/bin/{name}", (pathlib.Path(place) / name).read_bytes(), 0o755) for name in PROGRAMS]
    files += [
        (f"{info}/METADATA", metadata(version, torch).encode(), 0o644),
        (f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: ecgfm\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(), 0o644),
        (f"{info}/entry_points.txt", b"[console_scripts]\necgfm = ecgfm.__main__:main\n", 0o644),
        (f"{info}/licenses/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
    ]
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"ecgfm-{version}-{tag}.whl"
    write(path, files)
    print(f"wheel: {path.stat().st_size / 1e6:.0f} MB, {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
