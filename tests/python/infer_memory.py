"""Peak memory of inference over a few segments and over a hundred times as many.

usage: infer_memory.py ECGFM DIR [CHECKPOINT.pt]

Makes synthetic archives of 70 and 7,000 exams, runs the pipeline up to inference on each, inference in a process of its
own, and prints how many segments it scored and how much memory it took at most. Exits 1 where the larger run took more
than 64 MiB more: the segments themselves would be 1.2 GB.
"""

import json
import os
import subprocess
import sys

ecgfm, directory, *checkpoint = sys.argv[1:]
peaks = []
for exams in (70, 7000):
    work = os.path.join(directory, str(exams))
    run = [ecgfm, "run", "code15", "--profile", "sample", "--workdir", work]
    run += ["--set", f"synth.exams={exams}", "--set", "splits.fractions=[0,0,1]"]
    run += [word for path in checkpoint for word in ("--set", f"export.checkpoint={path}")]
    subprocess.run(run + ["--until", "manifests"], check=True)
    subprocess.run(run + ["--until", "export"], check=True)
    process = subprocess.Popen(run + ["--only", "infer"])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("inference failed")
    lock = json.load(open(os.path.join(work, "code15/sample/lock.json")))
    segments = lock["stages"]["infer"]["counts"]["segments"]
    peaks.append(usage.ru_maxrss / 1024)
    print(f"{segments} segments: peak {peaks[-1]:.0f} MiB", flush=True)
if peaks[1] > peaks[0] + 64:
    sys.exit("memory grows with the number of segments")
