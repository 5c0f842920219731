"""A whole run of pipeline `code15` at the full number of exams, then the same again with nothing to do.

Usage: again.py ECGFM DIR [EXAMS]. EXAMS is 345779, as many as CODE-15 has. Makes in DIR an archive of so many synthetic exams: the
recordings of 2,000, rounded so that they compress, over and over under ids of their own (every id a patient of its own).
Runs profile `full` on it with the demo model and `signals.store=view`, so that the disk need not hold 68 GB of samples, and after
that ten times what is then up to date. Prints seconds, counts of rows and bytes on disk. DIR takes about 9 GB.
"""

import csv
import os
import subprocess
import sys
import time
import zlib

import h5py
import numpy as np

DRAWN, PART = 2000, 20000
SHAPE = (4096, 12)


def run(*command):
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def drawn(program, folder):
    """The exams drawn, and each one's recording as one compressed chunk."""
    run(program, "synth", "--quiet", "--exams", str(DRAWN), "--noise", "0", "-o", folder)
    with open(f"{folder}/exams.csv", newline="") as file:
        rows = {int(row["exam_id"]): row for row in csv.DictReader(file)}
    exams = []
    with h5py.File(f"{folder}/exams_part0.hdf5") as file:
        for place, exam in enumerate(file["exam_id"][:]):
            if exam in rows:
                ecg = np.round(file["tracings"][place] * 16).astype(np.float32) / 16
                exams.append((rows[exam], zlib.compress(ecg.tobytes(), 1)))
    return exams


def part(path, first, exams):
    """Writes exams first, first + 1, ... and the row of zeros that ends every part of CODE-15."""
    rows = len(exams) + 1
    with h5py.File(path, "w") as file:
        file["exam_id"] = np.append(np.arange(first, first + len(exams)), 0)
        tracings = file.create_dataset("tracings", (rows, *SHAPE), "<f4", chunks=(1, *SHAPE), compression="gzip", compression_opts=1)
        for place, (_, chunk) in enumerate(exams):
            tracings.id.write_direct_chunk((place, 0, 0), chunk)
        tracings[rows - 1] = 0


def archive(program, folder, count):
    exams = drawn(program, f"{folder}/drawn")
    os.mkdir(f"{folder}/raw")
    with open(f"{folder}/raw/exams.csv", "w", newline="") as file:
        table = csv.DictWriter(file, exams[0][0].keys(), lineterminator="\n")
        table.writeheader()
        for number, begin in enumerate(range(0, count, PART)):
            here = [exams[i % DRAWN] for i in range(begin, min(begin + PART, count))]
            name = f"exams_part{number}.hdf5"
            part(f"{folder}/raw/{name}", begin + 1, here)
            for place, (row, _) in enumerate(here):
                exam = begin + 1 + place
                table.writerow({**row, "exam_id": exam, "patient_id": exam, "trace_file": name})


def main():
    program, folder = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 345_779
    archive(program, folder, count)
    run(program, "stage", "demo_model", "--quiet", "-o", f"{folder}/model")
    checkpoint = next(f"{folder}/model/{name}" for name in os.listdir(f"{folder}/model") if name.endswith(".pt"))
    given = [f"vars.raw={folder}/raw", f"vars.checkpoint={checkpoint}", "signals.store=view"]
    command = [program, "run", "code15", "--profile", "full", "--workdir", f"{folder}/runs", "--quiet"]
    command += [word for pair in given for word in ("--set", pair)]
    first = run(*command)
    again = sorted(run(*command) for _ in range(10))
    at = f"{folder}/runs/code15/full"
    for name in ("signals/meta.csv", "signals/segmented.csv", "infer/outputs_test_index.csv"):
        with open(f"{at}/{name}", newline="") as file:
            print(f"{name}: {sum(1 for _ in csv.reader(file)) - 1} rows")
    size = sum(os.path.getsize(os.path.join(where, name)) for where, _, names in os.walk(at) for name in names)
    print(f"whole run: {first:.1f} s, {size / 1e6:.0f} MB")
    print(f"again: {again[len(again) // 2]:.3f} s (fastest {again[0]:.3f}, slowest {again[-1]:.3f}, of {len(again)})")


main()
