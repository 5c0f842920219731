"""The work of stage `signals` as a straightforward numpy, scipy and pandas version does it, and what measures both programs.

An exam becomes the three .mat files that the reference's scripts write, and rows of the two tables.
"""

import os
import resource
import subprocess
import sys
import time

import numpy as np
from scipy.interpolate import interp1d
from scipy.io import savemat

LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
TARGET, SEGMENT = 500, 2500
FOLDERS = ("org", "preprocessed", "segmented")


def clock(who):
    used = resource.getrusage(who)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def measure(ecg):
    mean, nan = ecg.mean(axis=1), np.isnan(ecg)
    constant, nan_leads = (ecg == mean[:, None]).all(axis=1), nan.all(axis=1)
    return {
        "nan_any": nan.any(),
        "nan_leads_any": nan_leads.any(),
        "nan_leads": [lead for lead, flag in zip(LEADS, nan_leads) if flag],
        "constant_leads_any": constant.any(),
        "constant_leads": [lead for lead, flag in zip(LEADS, constant) if flag],
        **{f"mean_{i}": v for i, v in enumerate(mean)},
        **{f"std_{i}": v for i, v in enumerate(ecg.std(axis=1))},
    }


def process(ecg, rate, idx, name, out):
    """Writes the .mat files of an exam, (leads, samples) at `rate` Hz; its row of meta.csv, and its rows of segmented.csv."""
    n = ecg.shape[1]
    size = n * TARGET // rate
    row = {"idx": idx, "save_file": name, "lead_order": LEADS, "sample_rate": rate, "sample_size": n, **measure(ecg)}
    rates = {"org_sample_rate": rate, "org_sample_size": n, "idx": idx}
    savemat(f"{out}/org/{name}", {**rates, "curr_sample_rate": rate, "curr_sample_size": n, "feats": ecg})
    feats = ecg
    if rate != TARGET:
        feats = interp1d(np.linspace(0, size - 1, n), ecg, kind="linear", axis=1)(np.arange(size))
    mean, std = feats.mean(axis=1, keepdims=True), feats.std(axis=1, keepdims=True)
    feats = (feats - mean) / np.where(std == 0, 1, std)
    rates.update(curr_sample_rate=TARGET, mean=mean, std=std)
    savemat(f"{out}/preprocessed/{name}", {**rates, "curr_sample_size": size, "feats": feats})
    cuts = []
    for i in range(size // SEGMENT):
        piece, path = feats[:, i * SEGMENT: (i + 1) * SEGMENT], f"{out}/segmented/{name[:-4]}_{i}.mat"
        savemat(path, {**rates, "curr_sample_size": SEGMENT, "feats": piece, "segment_i": i})
        cuts.append({"path": path, "save_file": name, "sample_size": SEGMENT})
    return row, cuts


def sizes(folder):
    return [os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(folder) for f in files]


def ours(program, given, out):
    """Wall and processor seconds of the stage on one thread, and peak memory in KiB (never less than this Python's)."""
    os.sync()  # What earlier runs wrote must not be this one's to wait for.
    stage = [program, "stage", "signals", "--quiet", "--with", "threads=1", "-o", out]
    stage += [part for parameter in given for part in ("--with", parameter)]
    wall, used = clock(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(stage, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(stage)}: exit code {process.returncode}")
    after = clock(resource.RUSAGE_CHILDREN)
    return after[0] - wall, after[1] - used, usage.ru_maxrss
