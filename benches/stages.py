"""Whole stages on synthetic archives of growing size: how cost grows with work.

Usage: stages.py ECGFM DIR SIZE... Makes an archive of each number of exams in DIR and runs signals into every store but
`mat` (which `signals_peer.py` runs), labels, splits and manifests, all with the threads they take by themselves. Prints
exams a second, processor and wall seconds, bytes read and written, peak memory, and the processor time of nothing but
that input and output: reading the raw file once, and writing files of the same sizes past the cache.
"""

import mmap
import os
import shutil
import subprocess
import sys
import time

MOST = 4 << 20


def run(command):
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def sizes(folder):
    return [os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(folder) for f in files]


def floor(read, written, folder):
    block = memoryview(mmap.mmap(-1, MOST))  # starts where a page does
    before = time.process_time()
    for path in read:
        with open(path, "rb", buffering=0) as file:
            while file.readinto(block[: 1 << 18]):
                pass
    for number, size in enumerate(written):
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_DIRECT", 0)
        try:
            file = os.open(f"{folder}/floor-{number}", flags)
        except OSError:
            file = os.open(f"{folder}/floor-{number}", os.O_WRONLY | os.O_CREAT)
        for left in range(size - size % 4096, 0, -MOST):
            os.write(file, block[: min(left, MOST)])
        os.close(file)
    used = time.process_time() - before
    for number in range(len(written)):
        os.remove(f"{folder}/floor-{number}")
    return used


def line(name, exams, cost, read, written, least):
    wall, used, peak = cost
    print(
        f"| {name} | {exams} | {exams / wall:.0f} | {wall:.2f} | {used:.2f} | {sum(map(os.path.getsize, read)) / 1e6:.0f} "
        f"| {sum(written) / 1e6:.0f} | {peak / 1024:.0f} | {least:.2f} |",
        flush=True,
    )


def archive(program, folder, exams):
    raw = f"{folder}/raw"
    run([program, "synth", "--quiet", "--exams", str(exams), "-o", raw])
    parts = [f"{raw}/{name}" for name in sorted(os.listdir(raw)) if name.endswith(".hdf5")]
    stages = [(f"signals, {store}", "signals", [f"raw={raw}", f"store={store}"], parts) for store in ("packed16", "view", "packed")]
    signals = f"{folder}/signals, packed"
    tables = [f"{signals}/meta.csv", f"{signals}/segmented.csv"]
    stages += [
        ("labels", "labels", [f"records={tables[0]}"], tables[:1]),
        ("splits", "splits", [f"records={tables[0]}", f"segments={tables[1]}", "fractions=[0.01, 0.01, 0.98]", "names=[train, valid, test]", "seed=42"], tables),
        ("manifests", "manifests", [f"splits={folder}/splits/segmented_split.csv"], [f"{folder}/splits/segmented_split.csv"]),
    ]
    for name, kind, given, read in stages:
        out = f"{folder}/{name}"
        given = [word for pair in given for word in ("--with", pair)]
        cost = run([program, "stage", kind, "--quiet", *given, "-o", out])
        written = sizes(out)
        line(name, exams, cost, read, written, floor(read, written, folder))


def main():
    program, folder = sys.argv[1:3]
    print("| stage | exams | exams/s, wall | wall s | processor s | read, MB | written, MB | peak MB | i/o floor s |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for exams in map(int, sys.argv[3:]):
        at = f"{folder}/{exams}"
        os.mkdir(at)
        archive(program, at, exams)
        shutil.rmtree(at)


main()
