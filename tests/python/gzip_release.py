"""Copies a CODE-15 release with its tracings chunked, shuffled and gzipped.

usage: gzip_release.py FROM TO
"""

import os
import shutil
import sys

import h5py

source, target = sys.argv[1:3]
os.makedirs(target)
for name in sorted(os.listdir(source)):
    a, b = os.path.join(source, name), os.path.join(target, name)
    if not name.endswith(".hdf5"):
        shutil.copyfile(a, b)
        continue
    with h5py.File(a) as old, h5py.File(b, "w") as new:
        new["exam_id"] = old["exam_id"][:]
        tracings = old["tracings"][:]
        new.create_dataset("tracings", data=tracings, chunks=(1, 1024, 12), compression="gzip", shuffle=True)
