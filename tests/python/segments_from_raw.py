"""Computes every segment from the raw recordings with numpy and holds a packed store against it.

usage: segments_from_raw.py RAW_DIR STORE_DIR

An implementation of its own of what signals does: trim zero padding, resample 400 to 500 Hz linearly with the ends
aligned, standardise each lead over the whole recording, cut into 5 s. Prints one line; exits 1 where a value differs
by more than rounding.
"""

import glob
import os
import sys

import h5py
import numpy as np
import pandas as pd

raw, store = sys.argv[1:3]
# Standard deviations. float32 of values up to about 30, from differences taken in another precision.
TOLERANCE = 1e-5

recordings = {}
for path in glob.glob(os.path.join(raw, "exams_part*.hdf5")):
    with h5py.File(path) as part:
        for row, exam in enumerate(part["exam_id"][:]):
            recordings[int(exam)] = part["tracings"][row].astype(np.float64)


def segments(tracing):
    used = np.flatnonzero((tracing != 0).any(axis=1))
    tracing = tracing[used[0] : used[-1] + 1]
    n = len(tracing)
    m = n * 500 // 400
    at = np.arange(m) * ((n - 1) / (m - 1))
    leads = np.stack([np.interp(at, np.arange(n), lead) for lead in tracing.T])
    leads = (leads - leads.mean(axis=1, keepdims=True)) / leads.std(axis=1, keepdims=True)
    return [leads[:, i * 2500 : (i + 1) * 2500] for i in range(m // 2500)]


index = pd.read_csv(os.path.join(store, "index.csv"))
parts = {p: np.load(os.path.join(store, f"part-{p:05}.npy"), mmap_mode="r") for p in index.part.unique()}
largest, where, done = 0.0, "", {}
for row in index.itertuples():
    _, _, exam, i = row.segment.split("_")
    if exam not in done:
        done = {exam: segments(recordings[int(exam)])}
    difference = float(np.abs(parts[row.part][row.row] - done[exam][int(i)]).max())
    if not difference <= largest:
        largest, where = difference, row.segment
if not largest <= TOLERANCE:
    print(f"differs by {largest:.3g} in {where}")
    sys.exit(1)
print(f"{len(index)} segments equal, largest difference {largest:.1e}")
