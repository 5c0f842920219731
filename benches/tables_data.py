"""Synthetic tables of the shape and size of CODE-15%'s: what the stages that work on tables read, without any ECG.

Usage: tables_data.py OUT [SHARE [SEED]]. SHARE is the part of CODE-15%'s 345,779 exams, 233,770 patients and 477,310 segments
(1); SEED is 1. Writes in OUT
    signals/meta.csv signals/segmented.csv signals/rejected.csv
    splits/meta_split.csv splits/segmented_split.csv              98 % of the exams in `test`
    labels/labels.csv
    infer/outputs_test.npy infer/outputs_test_header.pkl infer/outputs_test_index.csv infer/infer.json
as those stages write them, key for key and column for column. Numbers are random; nothing in them is of a patient.
"""

import json
import os
import pickle
import re
import sys

import numpy as np

EXAMS, PATIENTS, SEGMENTS = 345_779, 233_770, 477_310
LABELS = ["1dAVb", "RBBB", "LBBB", "SB", "ST", "AF", "normal_ecg"]
PREVALENCE = [0.016, 0.028, 0.018, 0.016, 0.022, 0.020, 0.39]
TEST = 0.98
MAPPED = {"RBBB": "CRBBB|RBBB", "LBBB": "CLBBB|LBBB", "SB": "SB", "ST": "STach", "AF": "AF"}
LEADS = "\"['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']\""
META = (
    "idx,exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,normal_ecg,trace_file,path,save_file,"
    "source,dataset,hdf_ind,save_path,lead_order,sample_rate,sample_size,avail_leads,nan_any,nan_leads_any,nan_leads,"
    "constant_leads_any,constant_leads,"
) + ",".join([f"mean_{i}" for i in range(12)] + [f"std_{i}" for i in range(12)])


def label_names():
    """The model's 26 labels, in the order of its logits."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "configs", "labels", "physionet2021.yaml")) as file:
        return re.findall(r'- \{ name: "([^"]+)"', file.read())


def write(path, header, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(header + "\n")
        file.writelines(row + "\n" for row in rows)


def bools(values):
    return np.where(values, "True", "False")


class Archive:
    def __init__(self, share, seed):
        self.random = np.random.default_rng(seed)
        self.exams, self.patients = round(EXAMS * share), round(PATIENTS * share)
        n = self.exams
        self.exam_id = self.random.permutation(13 * n)[:n] + 1
        self.name = [f"code_15_{i}" for i in self.exam_id]
        self.pieces = np.ones(n, int)
        self.pieces[self.random.permutation(n)[: round(SEGMENTS * share) - n]] = 2
        # Every patient has an exam, the rest of the exams are of any.
        more = self.random.integers(0, self.patients, n - self.patients)
        self.patient = self.random.permutation(np.concatenate([np.arange(self.patients), more])) * 7 + 3
        self.is_male = self.random.random(n) < 0.4
        self.truth = self.random.random((n, len(LABELS))) < PREVALENCE
        self.test = np.zeros(n, bool)
        order = self.random.permutation(n)
        self.test[order[round((1 - TEST) * n):]] = True
        self.train = np.zeros(n, bool)
        self.train[order[: round((1 - TEST) / 2 * n)]] = True
        # One row a segment, in the order of the paths as text.
        rows = [(f"{name}_{i}", exam) for exam, name in enumerate(self.name) for i in range(self.pieces[exam])]
        self.segments = sorted(rows)

    def split(self, exam):
        return "test" if self.test[exam] else "train" if self.train[exam] else "valid"

    def meta(self):
        n, random = self.exams, self.random
        age, seen = random.integers(16, 100, n), random.random(n) < 0.67
        death, timey = bools(random.random(n) < 0.04), random.random(n) * 8
        # Texts of float32 numbers, drawn from a pool of them: as long as the real ones.
        pool = np.array([str(v) for v in (random.standard_normal(1 << 16) * 0.5).astype(np.float32)])
        moments = pool[random.integers(0, len(pool), (n, 24))]
        truth, male = bools(self.truth), bools(self.is_male)
        for i in range(n):
            t = truth[i]
            follow = f"{death[i]},{timey[i]:.6f}" if seen[i] else ","
            yield (
                f"{i},{self.exam_id[i]},{age[i]},{male[i]},{age[i] + 2.25:.5f},{','.join(t[:6])},{self.patient[i]},{follow},{t[6]},"
                f"exams_part{i % 18}.hdf5,{self.exam_id[i]},{self.name[i]}.mat,code_15,code_15,{i // 18},signals/org/{self.name[i]}.mat,"
                f"{LEADS},400,{2934 if self.pieces[i] == 1 else 4096},{LEADS},False,False,[],False,[],{','.join(moments[i])}"
            )

    def logits(self, rows):
        names = label_names()
        logits = self.random.standard_normal((len(rows), len(names))) * 2 - 4
        exams = np.array([exam for _, exam in rows])
        for label, name in MAPPED.items():
            logits[:, names.index(name)] += 5 * self.truth[exams, LABELS.index(label)]
        return names, logits.astype(np.float32)

    def write(self, out):
        write(f"{out}/signals/meta.csv", META, self.meta())
        write(f"{out}/signals/rejected.csv", "exam_id,trace_file,reason,detail", [])
        rows = (f"signals/segments/{name},{self.name[exam]}.mat,2500" for name, exam in self.segments)
        write(f"{out}/signals/segmented.csv", "path,save_file,sample_size", rows)
        rows = (f"{i},{self.name[i]}.mat,{self.split(i)}" for i in range(self.exams))
        write(f"{out}/splits/meta_split.csv", "idx,save_file,split", rows)
        rows = (
            f"{exam},{self.name[exam]}.mat,{self.split(exam)},signals/segments/{name},2500" for name, exam in self.segments
        )
        write(f"{out}/splits/segmented_split.csv", "idx,save_file,split,path,sample_size", rows)
        columns = np.concatenate([self.is_male[:, None], self.truth], axis=1)
        rows = (f"{i},{','.join(row)}" for i, row in enumerate(bools(columns)))
        write(f"{out}/labels/labels.csv", "idx,is_male," + ",".join(LABELS), rows)
        self.infer(f"{out}/infer")

    def infer(self, out):
        rows = [(name, exam) for name, exam in self.segments if self.test[exam]]
        names, logits = self.logits(rows)
        keys = (f"{row},{name},{exam},{self.name[exam]}.mat" for row, (name, exam) in enumerate(rows))
        write(f"{out}/outputs_test_index.csv", "row,segment,idx,save_file", keys)
        np.save(f"{out}/outputs_test.npy", logits)
        offset = os.path.getsize(f"{out}/outputs_test.npy") - logits.nbytes
        with open(f"{out}/outputs_test_header.pkl", "wb") as file:
            pickle.dump({"shape": logits.shape, "dtype": "float32", "offset": offset}, file)
        write_infer_json(out, names)


def write_infer_json(out, names):
    with open(f"{out}/infer.json", "w") as file:
        json.dump({"label_set": "physionet2021", "label_names": names, "note": "synthetic"}, file)


def main():
    out = sys.argv[1]
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    Archive(share, int(sys.argv[3]) if len(sys.argv) > 3 else 1).write(out)


if __name__ == "__main__":
    main()
