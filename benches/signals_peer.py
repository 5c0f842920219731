"""Stage `signals` beside a straightforward numpy and scipy version of the same work, on one core each.

Usage: signals_peer.py ECGFM RAW [EXAMS]. RAW is a directory as `ecgfm synth` makes it: one part, every exam in order. The
peer writes the three .mat files of an exam, as the reference's scripts do; it works on the first EXAMS of the part (300),
ecgfm on all. Prints exams a second of processor time and of wall time, and their ratios to the peer's processor time.
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
from scipy.interpolate import interp1d
from scipy.io import savemat

RATE, TARGET, SEGMENT = 400, 500, 2500


def clock(who):
    used = resource.getrusage(who)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def exam(raw, idx, name, out):
    ecg = raw.T
    signal = np.flatnonzero((ecg != 0).any(axis=0))
    ecg = ecg[:, signal[0]: signal[-1] + 1]
    n = ecg.shape[1]
    size = n * TARGET // RATE
    moments = {"mean": ecg.mean(axis=1), "std": ecg.std(axis=1), "constant": (ecg == ecg.mean(axis=1)[:, None]).all(axis=1)}
    rates = {"org_sample_rate": RATE, "org_sample_size": n, "idx": idx}
    savemat(f"{out}/org/{name}", {**rates, "curr_sample_rate": RATE, "curr_sample_size": n, "feats": ecg})
    feats = interp1d(np.linspace(0, size - 1, n), ecg, kind="linear", axis=1)(np.arange(size))
    mean, std = feats.mean(axis=1, keepdims=True), feats.std(axis=1, keepdims=True)
    feats = (feats - mean) / np.where(std == 0, 1, std)
    rates.update(curr_sample_rate=TARGET, mean=mean, std=std)
    savemat(f"{out}/preprocessed/{name}", {**rates, "curr_sample_size": size, "feats": feats})
    for i in range(size // SEGMENT):
        piece = feats[:, i * SEGMENT: (i + 1) * SEGMENT]
        savemat(f"{out}/segmented/{name[:-4]}_{i}.mat", {**rates, "curr_sample_size": SEGMENT, "feats": piece, "segment_i": i})
    return moments


def peer(raw, exams, out):
    for folder in ("org", "preprocessed", "segmented"):
        os.mkdir(f"{out}/{folder}")
    wall, used = clock(resource.RUSAGE_SELF)
    with h5py.File(f"{raw}/exams_part0.hdf5") as part, open(f"{out}/meta.csv", "w") as table:
        rows = csv.writer(table)
        for idx, exam_id in enumerate(part["exam_id"][:exams]):
            found = exam(part["tracings"][idx], idx, f"code_15_{exam_id}.mat", out)
            rows.writerow([idx, exam_id, *found["mean"], *found["std"]])
    after = clock(resource.RUSAGE_SELF)
    return exams / (after[0] - wall), exams / (after[1] - used)


def ours(program, raw, store, out):
    exams = sum(1 for _ in open(f"{raw}/exams.csv")) - 1
    wall, used = clock(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [program, "stage", "signals", "--quiet", "--with", f"raw={raw}", "--with", f"store={store}", "--with", "threads=1", "-o", out],
        check=True, stdout=subprocess.DEVNULL,
    )
    after = clock(resource.RUSAGE_CHILDREN)
    return exams / (after[0] - wall), exams / (after[1] - used)


def main():
    program, raw = sys.argv[1:3]
    exams = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    with tempfile.TemporaryDirectory() as out:
        base = peer(raw, exams, out)
    print("| signals, one core | exams/s, processor | ratio | exams/s, wall |\n|---|---:|---:|---:|")
    print(f"| numpy and scipy, three .mat files an exam | {base[1]:.0f} | 1 | {base[0]:.0f} |")
    for store in ("mat", "packed"):
        with tempfile.TemporaryDirectory() as out:
            wall, used = ours(program, raw, store, f"{out}/signals")
        print(f"| ecgfm, store: {store} | {used:.0f} | {used / base[1]:.1f} | {wall:.0f} |")


main()
