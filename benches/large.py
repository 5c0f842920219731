"""The stages that work on tables, on synthetic tables of so many exams as are asked for: how time and memory grow.

Usage: large.py ECGFM DIR EXAMS...

Rows only, no samples: DIR gets what signals and infer would leave (`large_data.py`); labels, splits, manifests, predict and
evaluate are the real stages, as `pipelines/code15.yaml` has them, with patients resampled 1,000 times. Prints for each the
seconds of the whole process, its processor seconds, its peak of memory, and what it wrote; from the second size on, by how much
each grew beside the first, over the growth in exams: 1 is linear. What no later stage reads is removed at once, so that ten million exams need 25
GB of disk. `splits` cannot be scaled by the generator: the real stage decides which segments infer has outputs for.
"""

import os
import shutil
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


def main():
    program, work_dir, *sizes = os.path.abspath(sys.argv[1]), *sys.argv[2:]
    print(
        "| stage | exams | seconds | processor, s | peak, MiB | written, MB | growth of time, processor, memory ÷ that of exams |\n"
        "|---|---:|---:|---:|---:|---:|---|"
    )
    first = {}
    for exams in sizes:
        dir_ = f"{work_dir}/{exams}"
        generate(dir_, exams)
        for kind, stage in STAGES.items():
            if stage is None:
                generate(dir_)
                continue
            found = run(program, kind, dir_)
            size, before = first.setdefault(kind, (exams, found))
            times = int(exams) / int(size)
            growth = ", ".join(f"{now / then / times:.2f}" for now, then in zip(found[:3], before))
            wall, used, peak, written = found
            print(
                f"| {kind} | {int(exams):,} | {wall:.2f} | {used:.2f} | {peak:.0f} | {written:.0f} | {growth if exams != size else ''} |",
                flush=True,
            )
        shutil.rmtree(dir_)


if __name__ == "__main__":
    main()
