"""Synthetic tables of any number of exams: what the stages that work on tables read, without any ECG, in memory that is small.

Usage: large_data.py OUT EXAMS      writes OUT/signals/meta.csv, segmented.csv and rejected.csv as the stage signals writes them
       large_data.py OUT            writes OUT/infer as the stage infer writes it, of the split `test` of OUT/manifests/index.csv

Patients and segments are as frequent as in CODE-15%: 1.48 exams a patient, 1.38 segments an exam. Numbers are random; nothing in
them is of a patient. Logits of a label are higher where it holds.
"""

import os
import sys

import numpy as np
from tables_data import EXAMS, LABELS, LEADS, MAPPED, META, PATIENTS, PREVALENCE, SEGMENTS, bools, label_names, write_infer_json

BLOCK = 1 << 16
# All file names are of one length, so that their order as text is that of the exams' numbers.
FIRST = 10_000_000


class Archive:
    def __init__(self, exams):
        self.random = random = np.random.default_rng(1)
        self.exams = exams
        self.exam_id = FIRST + random.permutation(4 * exams)[:exams]
        patients = max(1, round(PATIENTS / EXAMS * exams))
        # Every patient has an exam, the rest of the exams are of any.
        more = random.integers(0, patients, exams - patients)
        self.patient = random.permutation(np.concatenate([np.arange(patients), more]))
        self.pieces = 1 + (random.random(exams) < SEGMENTS / EXAMS - 1).astype(np.int8)
        self.truth = random.random((exams, len(LABELS)), dtype=np.float32) < np.array(PREVALENCE, np.float32)

    def meta(self):
        random = self.random
        # Texts of float32 numbers, drawn from a pool of them: as long as the real ones.
        pool = np.array([str(v) for v in (random.standard_normal(1 << 16) * 0.5).astype(np.float32)])
        for first in range(0, self.exams, BLOCK):
            rows = range(first, min(first + BLOCK, self.exams))
            n = len(rows)
            age, male, seen = random.integers(16, 100, n), bools(random.random(n) < 0.4), random.random(n) < 0.67
            death, timey = bools(random.random(n) < 0.04), random.random(n) * 8
            moments = pool[random.integers(0, len(pool), (n, 24))]
            truth = bools(self.truth[first : first + n])
            for i, row in enumerate(rows):
                t, exam = truth[i], self.exam_id[row]
                follow = f"{death[i]},{timey[i]:.6f}" if seen[i] else ","
                yield (
                    f"{row},{exam},{age[i]},{male[i]},{age[i] + 2.25:.5f},{','.join(t[:6])},{self.patient[row]},{follow},{t[6]},"
                    f"exams_part{row % 18}.hdf5,{exam},code_15_{exam}.mat,code_15,code_15,{row // 18},signals/org/code_15_{exam}.mat,"
                    f"{LEADS},400,{2934 if self.pieces[row] == 1 else 4096},{LEADS},False,False,[],False,[],{','.join(moments[i])}\n"
                )

    def segmented(self):
        for row in np.argsort(self.exam_id):
            name = f"code_15_{self.exam_id[row]}"
            for piece in range(self.pieces[row]):
                yield f"signals/segments/{name}_{piece},{name}.mat,2500\n"


def write(path, header, rows):
    with open(path, "w", buffering=1 << 20) as file:
        file.write(header + "\n")
        file.writelines(rows)


def write_signals(out, exams):
    os.makedirs(f"{out}/signals")
    archive = Archive(exams)
    write(f"{out}/signals/meta.csv", META, archive.meta())
    write(f"{out}/signals/segmented.csv", "path,save_file,sample_size", archive.segmented())
    write(f"{out}/signals/rejected.csv", "exam_id,trace_file,reason,detail", [])
    np.save(f"{out}/truth.npy", archive.truth)


def test_rows(path):
    with open(path) as file:
        next(file)
        for line in file:
            segment, idx, save_file, split = line.rstrip("\n").split(",")
            if split == "test":
                yield segment, int(idx), save_file


def blocks(rows):
    block = []
    for row in rows:
        block.append(row)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block


def write_infer(out):
    truth, names = np.load(f"{out}/truth.npy", mmap_mode="r"), label_names()
    os.makedirs(f"{out}/infer")
    index, count = f"{out}/manifests/index.csv", 0
    rows = sum(1 for _ in test_rows(index))
    array = np.lib.format.open_memmap(f"{out}/infer/outputs_test.npy", "w+", np.float32, (rows, len(names)))
    random = np.random.default_rng(2)
    with open(f"{out}/infer/outputs_test_index.csv", "w", buffering=1 << 20) as file:
        file.write("row,segment,idx,save_file\n")
        for block in blocks(test_rows(index)):
            logits = random.standard_normal((len(block), len(names)), dtype=np.float32) * 2 - 4
            holds = truth[[idx for _, idx, _ in block]]
            for label, name in MAPPED.items():
                logits[:, names.index(name)] += 5 * holds[:, LABELS.index(label)]
            array[count : count + len(block)] = logits
            file.writelines(f"{count + i},{segment},{idx},{name}\n" for i, (segment, idx, name) in enumerate(block))
            count += len(block)
    array.flush()
    write_infer_json(f"{out}/infer", names)


def main():
    write_signals(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 2 else write_infer(sys.argv[1])


if __name__ == "__main__":
    main()
