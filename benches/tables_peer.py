"""Stages that work on tables beside a straightforward pandas and scikit-learn version of the same work.

Usage: tables_peer.py ECGFM [SHARE [RUNS]]        beside pandas, on synthetic tables of SHARE (1) of CODE-15%'s size
       tables_peer.py ECGFM growth [RUNS]         ecgfm alone, at 1/16, 1/4 and the whole of it

Both read the same files and take turns; the quickest of RUNS (2) counts. Seconds are those of whole processes: Python starts and
imports its packages, ecgfm syncs what it wrote. "Work alone" leaves both starts out: the peer says itself how
long its work took, and of ecgfm's seconds those of `ecgfm --version` are taken off for every process. The peer keeps in memory what the stage
`evaluate` has to read back, and leaves out `predictions.parquet`; where both must write the same bytes, that is checked. Where
it reads a few columns of a wide table there is a second figure of it, with `usecols` saying which. Processor seconds are user
and system time; memory is the peak of the process.
"""

import filecmp
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LABELS = ["is_male", "1dAVb", "RBBB", "LBBB", "SB", "ST", "AF", "normal_ecg"]
MAPPING = {"CRBBB|RBBB": "RBBB", "CLBBB|LBBB": "LBBB", "SB": "SB", "STach": "ST", "AF": "AF"}
# Labels that may show in one segment only; the others are pooled by their mean.
LARGEST = ["PAC|SVPB", "PR", "PVC|VPB"]
STAGES = {
    "labels": [["labels", "records={data}/signals/meta.csv"]],
    "splits": [[
        "splits", "records={data}/signals/meta.csv", "segments={data}/signals/segmented.csv", "fractions=[0.01, 0.01, 0.98]",
        "names=[train, valid, test]", "seed=42",
    ]],
    "manifests": [["manifests", "splits={data}/splits/segmented_split.csv"]],
    "predict + evaluate": [
        ["predict", "logits={data}/infer", "labels=physionet2021", "mapping=physionet2021_to_code15"],
        ["evaluate", "predictions={out}/predict", "labels={data}/labels/labels.csv", "bootstrap=0"],
    ],
}
# What both must leave with the same bytes.
SAME = {
    "labels": ["labels/labels.csv", "labels/y.npy"],
    "manifests": ["manifests/test.tsv", "manifests/train.tsv", "manifests/index.csv"],
    "predict + evaluate": ["evaluate/comparison.csv", "evaluate/tutorial_table.csv"],
}
# What a stage must read at least.
INPUTS = {
    "labels": ["{data}/signals/meta.csv"],
    "splits": ["{data}/signals/meta.csv", "{data}/signals/segmented.csv"],
    "manifests": ["{data}/splits/segmented_split.csv"],
    "predict + evaluate": [
        "{data}/infer/outputs_test.npy", "{data}/infer/outputs_test_index.csv", "{data}/labels/labels.csv",
        "{out}/predict/predictions.parquet", "{out}/predict/ecg.csv",
    ],
}
# Stages that need few of the columns of a wide table.
THRIFTY = ["labels", "splits"]


def read_meta(data, columns, thrifty):
    import pandas as pd

    return pd.read_csv(f"{data}/signals/meta.csv", usecols=columns if thrifty else None)


def labels(data, out, thrifty):
    import numpy as np
    import pandas as pd

    meta = read_meta(data, ["idx", *LABELS], thrifty)[["idx", *LABELS]].sort_values("idx")
    meta.to_csv(f"{out}/labels.csv", index=False)
    truth = meta.set_index("idx")[LABELS].astype(bool)
    definition = pd.DataFrame({"name": LABELS, "pos_count_all": truth.sum().values, "pos_percent_all": truth.mean().values})
    definition.to_csv(f"{out}/label_def.csv", index=False)
    y = np.zeros((truth.index.max() + 1, len(LABELS)))
    y[truth.index] = truth.values
    np.save(f"{out}/y.npy", y)
    weights = (1 - truth.mean()) / truth.mean()
    with open(f"{out}/pos_weight.txt", "w") as file:
        file.write("[" + ",".join(f"{w:.6f}" for w in weights) + "]")


def splits(data, out, thrifty):
    import numpy as np
    import pandas as pd

    meta = read_meta(data, ["idx", "save_file"], thrifty)[["idx", "save_file"]]
    segments = pd.read_csv(f"{data}/signals/segmented.csv")
    order = np.random.default_rng(42).permutation(len(meta))
    cuts = np.round(np.cumsum([0.01, 0.01]) * len(meta)).astype(int)
    for name, rows in zip(["train", "valid", "test"], np.split(order, cuts)):
        meta.loc[rows, "split"] = name
    meta.to_csv(f"{out}/meta_split.csv", index=False)
    segments = segments.merge(meta, on="save_file", how="left")
    segments[["idx", "save_file", "split", "path", "sample_size"]].to_csv(f"{out}/segmented_split.csv", index=False)


def manifests(data, out, thrifty):
    import pandas as pd

    segments = pd.read_csv(f"{data}/splits/segmented_split.csv")
    root = os.path.commonpath(segments["path"].tolist()) + "/"
    segments["segment"] = segments["path"].str.split("/").str[-1]
    segments["relative"] = segments["path"].str[len(root):]
    for name, rows in segments.groupby("split"):
        with open(f"{out}/{name}.tsv", "w") as file:
            file.write(f"\t../{root}\n")
            rows[["relative", "sample_size"]].to_csv(file, sep="\t", index=False, header=False)
    segments[["segment", "idx", "save_file", "split"]].to_csv(f"{out}/index.csv", index=False)


def joined(decided):
    return decided.dot(decided.columns + ", ").str[:-2]


def predict(data, out):
    import numpy as np
    import pandas as pd

    with open(f"{data}/infer/infer.json") as file:
        names = json.load(file)["label_names"]
    keys = pd.read_csv(f"{data}/infer/outputs_test_index.csv")[["segment", "idx", "save_file"]].assign(split="test")
    logits = np.load(f"{data}/infer/outputs_test.npy")
    scores = pd.DataFrame(1 / (1 + np.exp(-logits)), columns=names)
    predictions = pd.concat([keys, scores], axis=1)
    predictions["labels"] = joined(scores > 0.5)
    predictions.to_csv(f"{out}/predictions.csv", index=False)
    mapped = scores[list(MAPPING)].rename(columns=MAPPING)
    decided = mapped > 0.5
    mapped = pd.concat([keys, decided, mapped.add_suffix("_probability")], axis=1)
    mapped.insert(9, "predicted", joined(decided))
    mapped.to_csv(f"{out}/mapped.csv", index=False)
    ways = {name: "max" if name in LARGEST else "mean" for name in names}
    by_ecg = predictions.groupby(["idx", "save_file"], sort=False)
    ecg = by_ecg.agg({"segment": "size", **ways}).rename(columns={"segment": "segments"}).reset_index()
    ecg = ecg.astype({name: "float32" for name in names})
    ecg["labels"] = joined(ecg[names] > 0.5)
    ecg.to_csv(f"{out}/ecg.csv", index=False)
    return mapped, ecg.rename(columns={old: f"{new}_probability" for old, new in MAPPING.items()})


def evaluate(data, mapped, ecg, out):
    import pandas as pd
    from sklearn.metrics import multilabel_confusion_matrix

    names = list(MAPPING.values())
    labels = pd.read_csv(f"{data}/labels/labels.csv")[["idx", *names]]
    segments = mapped.merge(labels, on="idx", how="left", suffixes=("", "_actual"))
    truth = segments[[f"{name}_actual" for name in names]].set_axis(names, axis=1)
    comparison = segments[["segment", "idx", "predicted"]].assign(actual=joined(truth))
    comparison.to_csv(f"{out}/comparison.csv", index=False)
    none = [columns.eq(False).all(axis=1).rename("") for columns in (truth, segments[names])]
    pair = [pd.concat([n, columns], axis=1) for n, columns in zip(none, (truth, segments[names]))]
    rows = []
    for name, ((tn, fp), (fn, tp)) in zip(["", *names], multilabel_confusion_matrix(*pair)):
        precision, recall = tp / (tp + fp), tp / (tp + fn)
        f1 = 2 * precision * recall / (precision + recall)
        n = tp + fp + fn + tn
        rows.append([name, (tp + fn) / n, recall, precision, f1, tn / (tn + fp), (tp + tn) / n, tn / (tn + fn)])
    header = ["class", "prevalence", "recall", "precision", "f1", "specificity", "accuracy", "npv"]
    pd.DataFrame(rows, columns=header).round(3).sort_values("class").to_csv(f"{out}/tutorial_table.csv", index=False)
    ecgs = ecg.merge(labels, on="idx", how="left")
    points(names, truth, segments).assign(unit="segment").to_csv(f"{out}/metrics.csv", index=False)
    points(names, ecgs, ecgs).assign(unit="ecg").to_csv(f"{out}/metrics_ecg.csv", index=False)


def points(names, truth, scores):
    import pandas as pd
    from sklearn import metrics

    rows = []
    for name in names:
        y, p = truth[name].astype(bool), scores[f"{name}_probability"]
        metrics.roc_curve(y, p)
        metrics.precision_recall_curve(y, p)
        of = [metrics.roc_auc_score, metrics.average_precision_score, metrics.brier_score_loss, metrics.log_loss]
        decided = [metrics.f1_score, metrics.matthews_corrcoef, metrics.accuracy_score]
        rows.append([name, *(f(y, p) for f in of), *(f(y, p > 0.5) for f in decided)])
    return pd.DataFrame(rows, columns=["label", "auroc", "auprc", "brier", "log_loss", "f1", "mcc", "accuracy"])


def work(stage, data, out, thrifty):
    """The peer's work, in a process of its own; prints its seconds."""
    import pandas  # noqa: F401  Importing is not part of the work.

    if stage == "predict + evaluate":
        import sklearn.metrics  # noqa: F401

    began, used = time.perf_counter(), time.process_time()
    if stage == "predict + evaluate":
        for folder in ("predict", "evaluate"):
            os.makedirs(f"{out}/{folder}")
        evaluate(data, *predict(data, f"{out}/predict"), f"{out}/evaluate")
    else:
        os.makedirs(f"{out}/{stage}")
        {"labels": labels, "splits": splits, "manifests": manifests}[stage](data, f"{out}/{stage}", thrifty)
    print(time.perf_counter() - began, time.process_time() - used)


def child(arguments, **more):
    """Runs a program; returns wall seconds, processor seconds, MiB at the peak, what it printed."""
    began = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, **more)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"failed: {' '.join(arguments)}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def peer(stage, data, out, thrifty=""):
    wall, processor, memory, text = child([sys.executable, os.path.abspath(__file__), "--work", stage, data, out, thrifty])
    return wall, processor, memory, float(text.split()[0])


def ours(program, stage, data, out):
    seconds, used, memory = 0, 0, 0
    for kind, *with_ in STAGES[stage]:
        arguments = [program, "stage", kind, "--quiet", "-o", f"{out}/{kind}"]
        for item in with_:
            arguments += ["--with", item.format(data=data, out=out)]
        wall, processor, peak, _ = child(arguments)
        seconds, used, memory = seconds + wall, used + processor, max(memory, peak)
    return seconds, used, memory


def written(out):
    files = [os.path.join(folder, name) for folder, _, names in os.walk(out) for name in names]
    return sum(map(os.path.getsize, files)) / 1e6


def floor(stage, data, out):
    """Seconds that one thread takes to read the stage's input and to write and sync as many bytes as its output."""
    block = bytearray(1 << 20)
    size = int(written(out) * 1e6)
    began = time.perf_counter()
    for path in INPUTS[stage]:
        with open(path.format(data=data, out=out), "rb", buffering=0) as file:
            while file.readinto(block):
                pass
    with tempfile.NamedTemporaryFile(dir=data, buffering=0) as file:
        for _ in range(0, size, len(block)):
            file.write(block)
        os.fsync(file.fileno())
    return time.perf_counter() - began


def fresh(out):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    os.sync()  # What earlier runs wrote must not be this one's to wait for.
    return out


def rows_of(stage, data):
    name = {"labels": "signals/meta.csv", "predict + evaluate": "infer/outputs_test_index.csv"}
    with open(f"{data}/{name.get(stage, 'signals/segmented.csv')}") as file:
        return sum(1 for _ in file) - 1


def beside(program, share, runs, work_dir):
    data = generate(share, f"{work_dir}/data")
    start, used, *_ = min(child([program, "--version"]) for _ in range(2 * runs))
    print(f"starting and ending ecgfm: {start:.3f} s, {used:.3f} s of processor\n")
    print(
        "| stage | pandas, s | with `usecols`, s | ecgfm, s | ratio | processor, s | ratio | work alone, s | ratio | ecgfm, rows/s "
        "| pandas, MiB | ecgfm, MiB | written, MB | reading and writing alone, s |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    for stage in STAGES:
        theirs, thrifty, mine = [], [], []
        for _ in range(runs):
            if stage in THRIFTY:
                thrifty.append(peer(stage, data, fresh(f"{work_dir}/peer"), "thrifty"))
            theirs.append(peer(stage, data, fresh(f"{work_dir}/peer")))
            mine.append(ours(program, stage, data, fresh(f"{work_dir}/ours")))
        for name in SAME.get(stage, []):
            if not filecmp.cmp(f"{work_dir}/peer/{name}", f"{work_dir}/ours/{name}", shallow=False):
                sys.exit(f"{name} differs between pandas and ecgfm")
        (a, a_used, a_memory, a_work), (b, b_used, b_memory) = min(theirs), min(mine)
        b_work = b - start * len(STAGES[stage])
        print(
            f"| {stage} | {a:.2f} | {f'{min(thrifty)[0]:.2f}' if thrifty else ''} | {b:.2f} | {a / b:.1f} "
            f"| {a_used:.2f} and {b_used:.2f} | {a_used / b_used:.1f} | {a_work:.2f} and {b_work:.2f} | {a_work / b_work:.1f} "
            f"| {rows_of(stage, data) / b / 1e6:.2f} million | {a_memory:.0f} | {b_memory:.0f} | {written(f'{work_dir}/ours'):.0f} "
            f"| {floor(stage, data, f'{work_dir}/ours'):.2f} |",
            flush=True,
        )


def growth(program, runs, work_dir):
    shares = [1 / 16, 1 / 4, 1]
    print("| stage | 1/16, s | 1/4, s | 1, s | times, from 1/4 to 1 | processor, s |\n|---|---:|---:|---:|---:|---:|")
    data = [generate(share, f"{work_dir}/data{i}") for i, share in enumerate(shares)]
    for stage in STAGES:
        found = [min(ours(program, stage, d, fresh(f"{work_dir}/ours")) for _ in range(runs)) for d in data]
        seconds = " | ".join(f"{wall:.2f}" for wall, *_ in found)
        used = ", ".join(f"{used:.2f}" for _, used, _ in found)
        print(f"| {stage} | {seconds} | {found[2][0] / found[1][0]:.1f} | {used} |", flush=True)


def generate(share, out):
    subprocess.run([sys.executable, f"{HERE}/tables_data.py", out, str(share)], check=True)
    return out


def main():
    if sys.argv[1] == "--work":
        return work(*sys.argv[2:])
    program, *more = os.path.abspath(sys.argv[1]), *sys.argv[2:]
    with tempfile.TemporaryDirectory() as work_dir:
        if more and more[0] == "growth":
            return growth(program, int(more[1]) if len(more) > 1 else 2, work_dir)
        beside(program, float(more[0]) if more else 1, int(more[1]) if len(more) > 1 else 2, work_dir)


main()
