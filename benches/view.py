"""How soon `ecgfm view` answers, on synthetic tables of so many exams as are asked for.

Usage: view.py ECGFM DIR EXAMS [PART]

DIR gets the tables of a run (`large_data.py`; labels to evaluate are the real stages, as in `large.py`); they stay for the next call. PART is an
HDF5 part as `ecgfm synth --exams 20000` makes one: the 18 parts of the archive are links to it, and ECGs are drawn out of all in turn, so that a
part is opened for each drawing. Each time is that of a whole request over the loopback interface, in milliseconds: the median and the
largest. Filters are all different, so that none is answered from what was kept.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request

from large import STAGES, generate, run

FILTERS = [
    "label=AF&truth=yes&predicted=no", "label=AF&sort=wrong", "label=RBBB&min=0.3&max=0.7", "truth=yes&predicted=no&sort=wrong",
    "group.sex=female&group.age=%E2%89%A580&label=SB", "split=test&sort=probability&label=ST", "sort=archive", "verdict=unreviewed",
    "find=10000123", "label=LBBB&truth=no&predicted=yes", "split=train", "sort=wrong&page=4000",
]


PARTS = 18


def make_tables(program, dir_, exams, part):
    if os.path.exists(f"{dir_}/lock.json"):
        return
    generate(dir_, str(exams))
    for kind, stage in STAGES.items():
        generate(dir_) if stage is None else run(program, kind, dir_, keep=True)
    os.mkdir(f"{dir_}/raw")
    for number in range(PARTS if part else 0):
        os.symlink(part, f"{dir_}/raw/exams_part{number}.hdf5")
    record = {"fingerprint": "", "code_version": 1, "parameters": {}, "inputs": {}, "outputs": {}, "started": "", "finished": "", "seconds": 0}
    stages = {kind: {"kind": kind, **record} for kind in ["signals", *STAGES]}
    stages["signals"]["parameters"] = {"dataset": "code15", "raw": os.path.abspath(f"{dir_}/raw")}
    lock = {"version": 1, "pipeline": "large", "profile": "full", "vars": {}, "stages": stages}
    with open(f"{dir_}/lock.json", "w") as file:
        json.dump(lock, file)


class View:
    def __init__(self, program, run_dir):
        self.began = time.perf_counter()
        self.process = subprocess.Popen([program, "view", run_dir, "--json", "--quiet"], stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def get(self, path):
        """Status and milliseconds of a request."""
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(self.url + path) as answer:
                answer.read()
                status = answer.status
        except urllib.error.HTTPError as error:
            error.read()
            status = error.code
        return status, (time.perf_counter() - began) * 1000

    def first_page(self):
        """Milliseconds from the start of the program to the first page with ECGs."""
        while self.get("")[0] != 200:
            pass
        return (time.perf_counter() - self.began) * 1000

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return [int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]

    def end(self):
        self.process.terminate()
        self.process.wait()


def times(view, paths, before=lambda: None):
    found = []
    for path in paths:
        before()
        found.append(view.get(path))
    assert all(status == 200 for status, _ in found), found
    values = [milliseconds for _, milliseconds in found]
    return f"{statistics.median(values):.0f} | {max(values):.0f}"


def forget(path):
    """Takes a file out of the system's cache."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main():
    program, dir_, exams, *part = os.path.abspath(sys.argv[1]), *sys.argv[2:]
    part = os.path.abspath(part[0]) if part else None
    exams = int(exams)
    make_tables(program, dir_, exams, part)
    print(f"| {exams:,} exams | median, ms | largest, ms |\n|---|---:|---:|")
    first = []
    for _ in range(5):
        view = View(program, dir_)
        first.append(view.first_page())
        if len(first) < 5:
            view.end()
    print(f"| first page, from the start of the program | {statistics.median(first):.0f} | {max(first):.0f} |")
    print(f"| a list by a new filter | {times(view, [f'?{text}' for text in FILTERS])} |")
    time.sleep(10)  # The other tables are read meanwhile.
    rows = [exams * at // 23 for at in range(20)]
    print(f"| page of an ECG, with its rows in every table | {times(view, [f'ecg/{row}' for row in rows])} |")
    if part:
        drawings = [f"ecg/{row}/drawing.svg" for row in rows]
        print(f"| drawing of an ECG | {times(view, drawings)} |")
        print(f"| drawing of an ECG, the part not in the system's cache | {times(view, drawings, lambda: forget(part))} |")
    now, peak = view.memory()
    view.end()
    print(f"\nMemory at {exams:,} exams: {now:.0f} MiB, at most {peak:.0f} MiB.")


if __name__ == "__main__":
    main()
