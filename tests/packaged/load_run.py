"""Reads every file of a run by `ecgfm.load_run` and holds it against pandas, polars, numpy and json. Usage: load_run.py RUN"""

import json
import pathlib
import sys

import numpy
import pandas
import polars

import ecgfm


def same_table(name, frame, expected):
    """Stops unless a polars frame has the columns, kinds, gaps and values of a pandas frame."""
    assert frame.columns == list(expected.columns), name
    for column in frame.columns:
        ours, theirs = frame[column], expected[column]
        what = f"{name}, {column}: {ours.dtype}, {theirs.dtype}"
        if theirs.isna().all():
            # No value says what the kind is.
            assert ours.is_null().all() or ours.is_nan().all(), what
            continue
        if all(isinstance(value, (bool, numpy.bool_)) for value in theirs.dropna()):
            assert ours.dtype == polars.Boolean, what
        elif pandas.api.types.is_numeric_dtype(theirs):
            assert ours.dtype.is_numeric(), what
            # A CSV has the fewest digits that tell a float32 from its neighbours.
            kind = "float32" if ours.dtype == polars.Float32 else "float64"
            numpy.testing.assert_array_equal(ours.to_numpy().astype(kind), theirs.astype(kind), what)
            continue
        else:
            assert ours.dtype == polars.String, what
        # In a CSV, an empty text and a missing one are the same.
        values = [None if missing else value for value, missing in zip(theirs, theirs.isna())]
        assert [None if value == "" else value for value in ours] == values, what


run = ecgfm.load_run(sys.argv[1])
assert {"signals", "predict", "evaluate"} <= set(run.stages), run.stages
seen = set()
for name in run.files:
    file = pathlib.Path(sys.argv[1]) / name
    if file.suffix == ".csv":
        pandas.testing.assert_frame_equal(run[name], pandas.read_csv(file))
        same_table(name, run.frame(name, "polars"), run[name])
    elif file.suffix == ".parquet":
        # pandas would need another package for them; those of metrics are a CSV, too, with columns in another order.
        frame = run.frame(name, "polars")
        assert frame.equals(polars.read_parquet(file)), name
        if file.with_suffix(".csv").exists():
            table = pandas.read_csv(file.with_suffix(".csv"))
            same_table(name, frame.select(table.columns), table)
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
assert seen == {".csv", ".parquet", ".npy", ".json", ".tsv"}, seen
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
