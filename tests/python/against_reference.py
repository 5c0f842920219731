"""Holds a run over the ten reference recordings against what the reference wrote for them.

usage: against_reference.py REFERENCE_DIR MAT_RUN PACKED_RUN

MAT_RUN and PACKED_RUN are run directories of the pipeline with `store: mat` and `store: packed`. Prints one line a
check and exits 1 at the first that fails.
"""

import json
import os
import pickle
import sys

import numpy as np
import pandas as pd
from scipy.io import loadmat, whosmat

reference, mat_run, packed_run = sys.argv[1:4]
ours = os.path.join(mat_run, "signals")
theirs = os.path.join(reference, "preprocess")
checks = 0


def check(holds, what):
    global checks
    checks += 1
    if not holds:
        sys.exit(f"FAILED: {what}")


def stem(path):
    return os.path.basename(path)


# Every array of every .mat file: same keys, types and shapes, values to 1e-13.
largest = 0.0
for kind in ("org", "preprocessed", "segmented"):
    files = sorted(os.listdir(os.path.join(theirs, kind)))
    check(files == sorted(os.listdir(os.path.join(ours, kind))), f"{kind}: the same files")
    for name in files:
        a, b = (os.path.join(d, kind, name) for d in (theirs, ours))
        check(whosmat(a) == whosmat(b), f"{kind}/{name}: keys, shapes and classes")
        a, b = loadmat(a), loadmat(b)
        for key in (k for k in a if not k.startswith("__")):
            check(a[key].dtype == b[key].dtype, f"{kind}/{name}/{key}: dtype")
            # Values are standard deviations (up to about 30): 1e-13 of the largest.
            scale = max(1.0, float(np.abs(a[key]).max()))
            error = float(np.abs(a[key].astype(float) - b[key].astype(float)).max()) / scale
            largest = max(largest, error)
            check(error <= 1e-13, f"{kind}/{name}/{key}: differs by {error}")
print(f"mat store: every array equal, largest difference {largest:.1e}")

# The packed store is the float32 cast of the reference's segments, bit for bit.
index = pd.read_csv(os.path.join(packed_run, "signals/segments/index.csv"))
for row in index.itertuples():
    part = np.load(os.path.join(packed_run, f"signals/segments/part-{row.part:05}.npy"), mmap_mode="r")
    feats = loadmat(os.path.join(theirs, "segmented", row.segment + ".mat"))["feats"].astype(np.float32)
    check(np.array_equal(part[row.row].view(np.uint32), feats.view(np.uint32)), f"packed {row.segment}")
print(f"packed store: {len(index)} segments bit-equal to the float32 of the reference's")


def table(path, **kwargs):
    return pd.read_csv(path, **kwargs)


def without_paths(frame):
    for column in frame.columns.intersection(["path", "save_path"]):
        frame[column] = frame[column].astype(str).map(stem)
    return frame


# Tables: equal but for the directories in paths. meta.csv as text, so that every digit counts.
for name in ("meta.csv", "segmented.csv"):
    a, b = (without_paths(table(os.path.join(d, name), dtype=str)) for d in (theirs, ours))
    check(list(a.columns) == list(b.columns), f"{name}: columns {list(b.columns)}")
    for column in a.columns:
        different = (a[column] != b[column]) & ~(a[column].isna() & b[column].isna())
        check(not different.any(), f"{name}: {column}: {a[column][different].tolist()} {b[column][different].tolist()}")
with open(os.path.join(theirs, "labels.csv"), "rb") as a, open(os.path.join(mat_run, "labels/labels.csv"), "rb") as b:
    check(a.read() == b.read(), "labels.csv: byte-equal")
for name, file in (("meta_split", "meta_split_98.csv"), ("segmented_split", "segmented_split_98.csv")):
    a = without_paths(table(os.path.join(theirs, file)))
    b = without_paths(table(os.path.join(mat_run, f"splits/{name}.csv")))
    pd.testing.assert_frame_equal(a, b)
    checks += 1
with open(os.path.join(theirs, "manifests_98/test.tsv")) as a, open(os.path.join(mat_run, "manifests/test.tsv")) as b:
    a, b = a.read().split("\n"), b.read().split("\n")
    check(a[1:] == b[1:], "test.tsv: the same lines")
    check(b[0] == "\t" + os.path.join(os.path.realpath(ours), "segmented/") or b[0].endswith("/signals/segmented/"), b[0])
    root = b[0].strip()
    check(all(os.path.exists(os.path.join(root, line.split("\t")[0])) for line in b[1:] if line), "test.tsv: files exist")
print("meta.csv, segmented.csv, labels.csv, splits and manifest equal the reference's")

# Logits: both readers see the same array; it agrees with the float64 model; the index keys it.
for run in (mat_run, packed_run):
    base = os.path.join(run, "infer/outputs_test")
    loaded = np.load(base + ".npy", mmap_mode="r")
    with open(base + "_header.pkl", "rb") as file:
        header = pickle.load(file)
    mapped = np.memmap(base + ".npy", mode="r", **header)
    check(isinstance(header["shape"], tuple) and np.array_equal(loaded, mapped), "numpy.load equals numpy.memmap")
    golden = np.load(os.path.join(reference, "golden/tiny/logits_plain_forward_float64model.npy"))
    with open(os.path.join(reference, "golden/segments_order.json")) as file:
        order = [name.removesuffix(".mat") for name in json.load(file)]
    check(pd.read_csv(base + "_index.csv").segment.tolist() == order, "outputs_test_index.csv: order")
    error = float(np.abs(loaded - golden).max())
    check(error <= 1e-5, f"logits differ by {error}")
    print(f"logits of {os.path.basename(os.path.dirname(run))}: largest difference from the float64 model {error:.1e}")

# The evaluation: counts of the golden table, the comparison row by row.
golden = os.path.join(reference, "golden/tutorial_eval")
with open(os.path.join(golden, "metrics.json")) as file:
    counts = {row["cls"]: row for row in json.load(file)["classes"]}
segments = table(os.path.join(packed_run, "evaluate/metrics.csv")).query("unit == 'segment'").set_index("label")
for label in (name for name in counts if name):
    for key in ("tp", "fp", "fn", "tn"):
        check(segments.loc[label, key] == counts[label][key], f"metrics.csv: {label} {key}")
a = table(os.path.join(golden, "comparison.csv"), keep_default_na=False)
b = table(os.path.join(packed_run, "evaluate/comparison.csv"), keep_default_na=False)
for column in a.columns:
    check(a[column].tolist() == b[column].tolist(), f"comparison.csv: {column}")
a = table(os.path.join(golden, "pred.csv"))
b = table(os.path.join(packed_run, "predict/predictions.csv"))
labels = list(a.columns[5:])
error = float(np.abs(a[labels].to_numpy() - b[labels].to_numpy()).max())
check(error <= 1e-6, f"probabilities differ by {error}")
a = table(os.path.join(golden, "pred_thresh.csv"), keep_default_na=False)
check(a["labels"].tolist() == table(os.path.join(packed_run, "predict/predictions.csv"), keep_default_na=False)["labels"].tolist(), "labels")
a = table(os.path.join(golden, "pred_thresh_mapped.csv"), keep_default_na=False)
b = table(os.path.join(packed_run, "predict/mapped.csv"), keep_default_na=False)
for column in ("AF", "LBBB", "RBBB", "SB", "ST", "predicted"):
    check(a[column].tolist() == b[column].tolist(), f"mapped.csv: {column}")
print("evaluation: counts, comparison, probabilities and mapped labels equal the golden tutorial's")
print(f"{checks} checks passed")
