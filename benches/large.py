"""The stages that work on tables, on synthetic tables of so many exams as are asked for: how time and memory grow.

Usage: large.py [--times N] ECGFM DIR EXAMS...

Rows only, no samples: DIR gets what signals and infer would leave (`large_data.py`); labels, splits, manifests, predict and
evaluate are the real stages, as `pipelines/code15.yaml` has them, with patients resampled 1,000 times. Each stage is run N times (once
if not said), all sizes in turn. Prints the medians of the seconds of the whole process, its processor seconds and its peak of memory,
and what it wrote; from the second size on, by how much each grew beside the first, over the growth in exams: 1 is linear. What no
later stage reads is removed at once, so that ten million exams need 25 GB of disk. `splits` cannot be scaled by the generator: the
real stage decides which segments infer has outputs for.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDS, SPLITS = "records={dir}/signals/meta.csv", "splits={dir}/splits/segmented_split.csv"
# The stages with their parameters, and what of their outputs no later stage reads.
STAGES = {
    "labels": ([RECORDS], ["y.npy"]),
    "splits": (
        [RECORDS, "segments={dir}/signals/segmented.csv", "fractions=[0.01, 0.01, 0.98]", "names=[train, valid, test]", "seed=42"],
        ["meta_split.csv"],
    ),
    "manifests": ([SPLITS], ["train.tsv", "valid.tsv", "test.tsv"]),
    "infer": None,
    "predict": (
        ["logits={dir}/infer", "labels=physionet2021", "mapping=physionet2021_to_code15", "threshold=0.5"],
        ["predictions.csv", "mapped.csv", "ecg.csv"],
    ),
    "evaluate": (
        [
            "predictions={dir}/predict", "labels={dir}/labels/labels.csv", "label_set=physionet2021",
            "mapping=physionet2021_to_code15", SPLITS, RECORDS, "rejected={dir}/signals/rejected.csv",
        ],
        [],
    ),
}


def run(program, kind, dir_, keep=False):
    """Runs a stage, and removes what no later one reads unless it is to be kept; returns wall seconds, processor seconds, MiB at the peak, MB written."""
    parameters, unread = STAGES[kind]
    command = [program, "stage", kind, "--quiet", "-o", f"{dir_}/{kind}"]
    command += [item for parameter in parameters for item in ("--with", parameter.format(dir=dir_))]
    os.sync()  # What was written before must not be this one's to wait for.
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    written = sum(entry.stat().st_size for entry in os.scandir(f"{dir_}/{kind}")) / 1e6
    for name in () if keep else unread:
        os.remove(f"{dir_}/{kind}/{name}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, written


def generate(dir_, *exams):
    subprocess.run([sys.executable, f"{HERE}/large_data.py", dir_, *exams], check=True)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("dir")
    parser.add_argument("exams", nargs="+")
    return parser.parse_args()


def measure(given, kind):
    """A stage on every size: seconds, processor seconds, MiB, MB, each the median."""
    found = {exams: [] for exams in given.exams}
    for times_left in reversed(range(given.times)):
        for exams in given.exams:
            found[exams].append(run(given.program, kind, f"{given.dir}/{exams}", keep=times_left > 0))
            if times_left:
                shutil.rmtree(f"{given.dir}/{exams}/{kind}")
    return {exams: [statistics.median(values) for values in zip(*runs)] for exams, runs in found.items()}


def print_rows(given, kind, found):
    first = given.exams[0]
    for exams, (wall, used, peak, written) in found.items():
        times = int(exams) / int(first)
        growth = ", ".join(f"{now / then / times:.2f}" for now, then in zip(found[exams][:3], found[first]))
        print(
            f"| {kind} | {int(exams):,} | {wall:.2f} | {used:.2f} | {peak:.0f} | {written:.0f} | {growth if exams != first else ''} |",
            flush=True,
        )


def main():
    given = options()
    print(
        "| stage | exams | seconds | processor, s | peak, MiB | written, MB | growth of time, processor, memory ÷ that of exams |\n"
        "|---|---:|---:|---:|---:|---:|---|"
    )
    for exams in given.exams:
        generate(f"{given.dir}/{exams}", exams)
    total = {exams: [0, 0, 0, 0] for exams in given.exams}
    for kind, stage in STAGES.items():
        if stage is None:
            for exams in given.exams:
                generate(f"{given.dir}/{exams}")
            continue
        found = measure(given, kind)
        print_rows(given, kind, found)
        for exams, (wall, used, peak, written) in found.items():
            before = total[exams]
            total[exams] = [before[0] + wall, before[1] + used, max(before[2], peak), before[3] + written]
    print_rows(given, "all", total)
    for exams in given.exams:
        shutil.rmtree(f"{given.dir}/{exams}")


if __name__ == "__main__":
    main()
