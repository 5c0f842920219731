"""Filters, running medians and resampling of recipes beside scipy, on one ECG of 12 leads, 10 s at 500 Hz.

Usage: filters_peer.py FILTER_STEPS [RUNS]      FILTER_STEPS is the example of that name of the crate `recipe`

Both take turns, one thread each; the least processor time (user and system) of RUNS (7) counts. Each run is of as many ECGs as
take scipy about half a second; of the example's time that of its start is taken off. Both design their filters for every
ECG, and both keep the tables of their Fourier transforms. What both make of it is compared.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"

import numpy as np
import scipy.signal as S

RATE, SAMPLES = 500, 5000
ALL = "notch+butterworth+median+fourier"
STEPS = {
    "notch": lambda x: S.filtfilt(*S.iirnotch(50, 30, RATE), x),
    "butterworth": lambda x: S.filtfilt(*S.butter(4, [0.67, 40], "bandpass", fs=RATE), x),
    "median": lambda x: x - np.stack([S.medfilt(lead, 201) for lead in x]),
    "fourier": lambda x: S.resample(x, SAMPLES // 2, axis=1),
}


def ecg():
    """Beats, wander and noise."""
    t, random = np.arange(SAMPLES), np.random.default_rng(1)
    beat = np.exp(-((t % 400 - 90.0) ** 2) / 50)
    wander = 0.1 * np.sin(t * 0.003) + 0.02 * random.uniform(-0.5, 0.5, (12, SAMPLES))
    return beat * (np.arange(12)[:, None] * 0.3 - 1) + wander


def scipy_steps(step, x):
    for name in step.split("+"):
        x = STEPS[name](x)
    return x


def scipy_seconds(step, x, times):
    start = time.process_time()
    for _ in range(times):
        scipy_steps(step, x)
    return time.process_time() - start


def ours(program, path, step, times):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([program, path, step, str(times)], check=True, stdout=subprocess.PIPE).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, np.frombuffer(out)


def compare(step, x, made):
    wanted = scipy_steps(step, x).ravel()
    off = np.abs(made - wanted).max() / np.sqrt((wanted**2).mean())
    assert off <= 1e-9, f"{step}: {off} of the root mean square apart"


def main(program, runs=7):
    x = ecg()
    print(f"{'step':34} {'scipy, ms':>10} {'ecgfm, ms':>10} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "ecg.bin")
        x.tofile(path)
        for step in [*STEPS, ALL]:
            compare(step, x, ours(program, path, step, 1)[1])
            times = max(1, int(0.5 / scipy_seconds(step, x, 1)))
            theirs, mine, start = [], [], []
            for _ in range(runs):
                theirs.append(scipy_seconds(step, x, times))
                mine.append(ours(program, path, step, times + 1)[0])
                start.append(ours(program, path, step, 1)[0])
            a, b = min(theirs) / times, (min(mine) - min(start)) / times
            print(f"{step:34} {a * 1e3:10.3f} {b * 1e3:10.3f} {a / b:6.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
