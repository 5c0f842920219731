"""Reads every file of a run by `ecgfm.load_run` and holds it against pandas, numpy and json. Usage: load_run.py RUN"""

import json
import pathlib
import sys

import numpy
import pandas

import ecgfm

run = ecgfm.load_run(sys.argv[1])
assert {"signals", "predict", "evaluate"} <= set(run.stages), run.stages
seen = set()
for name in run.files:
    file = pathlib.Path(sys.argv[1]) / name
    if file.suffix == ".csv":
        pandas.testing.assert_frame_equal(run[name], pandas.read_csv(file))
    elif file.suffix == ".npy":
        array = run[name]
        assert isinstance(array, numpy.memmap) and not array.flags.writeable, name
        numpy.testing.assert_array_equal(array, numpy.load(file))
    elif file.suffix == ".json":
        assert run[name] == json.loads(file.read_text())
    elif file.suffix == ".tsv":
        lines = file.read_text().splitlines()
        manifest = run[name]
        assert len(manifest) == len(lines) - 1 and manifest.attrs["root"] == lines[0].strip(), name
        if len(manifest):
            assert lines[1].split("\t") == [manifest.file[0], str(manifest.samples[0])], name
    else:
        continue
    seen.add(file.suffix)
assert seen == {".csv", ".npy", ".json", ".tsv"}, seen
metrics = run["evaluate/metrics.csv"]
kinds = {name: str(metrics[name].dtype) for name in ("n", "positives", "prevalence")}
assert kinds == {"n": "int64", "positives": "int64", "prevalence": "float64"}, kinds
for wrong, why in [("infer/outputs_test_header.pkl", ValueError), ("evaluate/nothing.csv", FileNotFoundError)]:
    try:
        run[wrong]
    except why as error:
        assert wrong in str(error), error
    else:
        raise AssertionError(f"{wrong} was read")
try:
    ecgfm.load_run(sys.argv[1] + "/evaluate")
except FileNotFoundError as error:
    assert "not a run" in str(error), error
else:
    raise AssertionError("a directory without lock.json was taken for a run")
