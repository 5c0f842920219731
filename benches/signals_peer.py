"""Stage `signals` beside a straightforward numpy, scipy and pandas version of the same work, on one core each.

Usage: signals_peer.py ECGFM RAW [EXAMS [ROUNDS]]. RAW is a directory as `ecgfm synth` makes it: one part, every exam in order. The
peer writes the three .mat files of an exam and the two tables, as the reference's scripts do; it works on the first EXAMS
of the part (300), ecgfm on all. They take turns, ROUNDS (2) times, and of each the round with the least processor time counts.
The store of many files comes last: a file system that has just lost many files is slower at whatever comes next. Prints exams
a second of processor time and of wall time, the ratio to the peer's processor time, peak memory (never less than that of
the Python which starts it), bytes read and written, and beside each the floor of input and output: the processor time
of nothing but reading the raw file once and writing files of the same sizes, past the cache (whole pages only).
"""

import os
import resource
import shutil
import sys
import tempfile

import h5py
import numpy as np
import pandas as pd

from signals_work import FOLDERS, clock, ours, process, sizes

RATE = 400


def exam(raw, idx, name, out):
    ecg = raw.T
    signal = np.flatnonzero((ecg != 0).any(axis=0))
    return process(ecg[:, signal[0]: signal[-1] + 1], RATE, idx, name, out)


def peer(raw, exams, out):
    for folder in FOLDERS:
        os.mkdir(f"{out}/{folder}")
    wall, used = clock(resource.RUSAGE_SELF)
    table = pd.read_csv(f"{raw}/exams.csv").iloc[:exams]
    rows, segments = [], []
    with h5py.File(f"{raw}/exams_part0.hdf5") as part:
        place = {exam_id: row for row, exam_id in enumerate(part["exam_id"][:])}
        for idx, exam_id in enumerate(table["exam_id"]):
            row, cuts = exam(part["tracings"][place[exam_id]], idx, f"code_15_{exam_id}.mat", out)
            rows.append(row)
            segments += cuts
    pd.concat([table, pd.DataFrame(rows)], axis=1).to_csv(f"{out}/meta.csv", index=False)
    pd.DataFrame(segments).sort_values("path").to_csv(f"{out}/segmented.csv", index=False)
    after = clock(resource.RUSAGE_SELF)
    return exams / (after[0] - wall), exams / (after[1] - used)


def floor(raw, written, out):
    """Processor seconds of reading the raw part once and writing files of those sizes, past the cache."""
    block = memoryview(bytearray(1 << 18))
    _, used = clock(resource.RUSAGE_SELF)
    with open(f"{raw}/exams_part0.hdf5", "rb", buffering=0) as part:
        while part.readinto(block):
            pass
    most = 4 << 20
    block = np.ones(most + 4096, np.uint8)
    start = -block.ctypes.data % 4096
    block = memoryview(block[start: start + most])
    os.mkdir(f"{out}/floor")
    for number, size in enumerate(written):
        file = os.open(f"{out}/floor/{number}", os.O_WRONLY | os.O_CREAT | os.O_DIRECT)
        for left in range(size - size % 4096, 0, -most):
            os.write(file, block[: min(left, most)])
        os.close(file)
    used = clock(resource.RUSAGE_SELF)[1] - used
    shutil.rmtree(f"{out}/floor")
    return used


def main():
    program, raw = sys.argv[1:3]
    exams = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    read = os.path.getsize(f"{raw}/exams_part0.hdf5")
    count = sum(1 for _ in open(f"{raw}/exams.csv")) - 1
    found = {}
    for number in range(rounds):
        with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(raw))) as out:
            os.mkdir(f"{out}/peer")
            wall, used = peer(raw, exams, f"{out}/peer")
            found.setdefault("peer", []).append((1 / used, 1 / wall))
            for store in ("packed", "packed16", "view", "mat"):
                wall, used, peak = ours(program, [f"raw={raw}", f"store={store}"], f"{out}/{store}")
                written = sizes(f"{out}/{store}")
                found.setdefault(store, []).append((used, wall, peak, sum(written), floor(raw, written, out)))
                shutil.rmtree(f"{out}/{store}")
    print("| signals, one core | exams/s, processor | ratio | exams/s, wall | read, MB | written, MB | processor s | i/o floor s | peak MB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    peer_used, peer_wall = min(found.pop("peer"))
    print(f"| numpy, scipy, pandas: three .mat files an exam | {1 / peer_used:.0f} | 1 | {1 / peer_wall:.0f} | | | | | |")
    for store, results in found.items():
        used, wall, peak, written, _ = min(results)
        print(
            f"| ecgfm, store: {store} | {count / used:.0f} | {peer_used * count / used:.1f} | {count / wall:.0f} "
            f"| {read / 1e6:.0f} | {written / 1e6:.0f} | {used:.2f} | {min(r[4] for r in results):.2f} | {peak / 1024:.0f} |"
        )


main()
