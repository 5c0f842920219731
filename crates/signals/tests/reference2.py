"""The judge of reference2.rs: .mat files of the reference's archive beside ours, value by value.

    reference2.py MATS.tar.xz SOURCE OUR_DIRECTORY [PREFIX SCALE]

PREFIX is what our names have in front of the reference's, SCALE the factor from its values to ours before standardising.
Prints a line for each file that one side lacks or that differs, and the number of files compared.
"""
import io, os, sys, tarfile
import numpy as np
from scipy.io import loadmat

archive, source, ours = sys.argv[1:4]
prefix, scale = (sys.argv[4], float(sys.argv[5])) if len(sys.argv) > 4 else ("", 1.0)
compared = 0
seen = set()
with tarfile.open(archive) as tar:
    for member in tar:
        parts = member.name.split("/")
        if len(parts) != 4 or parts[1] != source or not member.isfile():
            continue
        folder, name = parts[2:]
        name = prefix + name
        seen.add((folder, name))
        theirs = loadmat(io.BytesIO(tar.extractfile(member).read()))
        try:
            own = loadmat(os.path.join(ours, folder, name))
        except FileNotFoundError:
            print("missing", folder, name)
            continue
        compared += 1
        for key in theirs:
            if key.startswith("__") or key == "idx":
                continue
            if key not in own:
                print("no", key, folder, name)
                continue
            a, b = theirs[key], own[key]
            if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
                print("shape or type", key, folder, name, a.shape, b.shape, a.dtype, b.dtype)
                continue
            a, b = a.astype("f8"), b.astype("f8")
            if key in ("mean", "std") or (key, folder) == ("feats", "org"):
                a = a * scale
            if not (np.isnan(a) == np.isnan(b)).all():
                print("NaN", key, folder, name)
                continue
            both = ~np.isnan(a)
            worst = np.abs(a - b)[both].max() if both.any() else 0.0
            if worst > 1e-13 * max(1.0, np.abs(a[both]).max() if both.any() else 1.0):
                print("differs", key, folder, name, worst)
for folder in ("org", "preprocessed", "segmented"):
    for name in sorted(os.listdir(os.path.join(ours, folder))):
        if (folder, name) not in seen:
            print("further", folder, name)
print("compared", compared)
