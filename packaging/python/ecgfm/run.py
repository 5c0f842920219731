"""Reading of a run: tables as frames, arrays as memory maps, JSON as it is. Nothing is computed."""

import csv
import json
import pathlib

TEXTS = {".html", ".log", ".md", ".svg", ".txt", ".yaml"}



def load_run(path):
    """The run in a directory, such as `runs/code15/sample`; files are read when they are asked for."""
    return Run(path)


class Run:
    """The files of a run.

    `run["evaluate/metrics.csv"]` is a pandas frame, `run["infer/outputs_test.npy"]` a read-only memory map of numpy,
    `run["lock.json"]` a dict. Types are those of `pandas.read_csv`: whole numbers int64, other numbers float64, True and False
    bool, all else text; a column with gaps is float64 or text.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if not (self.path / "lock.json").is_file():
            raise FileNotFoundError(
                f"{self.path}: not a run, it has no lock.json; name a directory that `ecgfm run` wrote (`ecgfm list`)"
            )

    def __repr__(self):
        return f"Run({str(self.path)!r})"

    @property
    def stages(self):
        """Names of the stages that have a directory."""
        stages = json.loads((self.path / "lock.json").read_text())["stages"]
        return [name for name in stages if (self.path / name).is_dir()]

    @property
    def files(self):
        """Names of all files that can be read, each below its stage."""
        found = (file.relative_to(self.path) for file in sorted(self.path.rglob("*")) if file.is_file())
        return [str(name) for name in found if not any(part.startswith(".") for part in name.parts)]

    def __getitem__(self, name):
        """A file by its name, as its ending says: a table, an array, JSON or text."""
        suffix = pathlib.PurePath(name).suffix
        readers = {
            ".csv": self.frame,
            ".parquet": self.frame,
            ".tsv": self.manifest,
            ".npy": self.array,
            ".json": self.json,
            ".jsonl": self.json_lines,
        }
        if suffix in TEXTS:
            return self._file(name).read_text(encoding="utf-8")
        if suffix not in readers:
            # Among them `.pkl`: unpickling executes what is in the file.
            raise ValueError(f"{name}: no table, array, JSON or text; its path is {self._file(name)}")
        return readers[suffix](name)

    def frame(self, name, library="pandas"):
        """A `.csv` or `.parquet` table as a frame of `pandas` or `polars`."""
        file = self._file(name)
        if library == "pandas":
            import pandas

            return pandas.read_parquet(file) if file.suffix == ".parquet" else pandas.read_csv(file)
        if library == "polars":
            import polars

            return polars.read_parquet(file) if file.suffix == ".parquet" else _polars_csv(polars, file)
        raise ValueError(f"library is {library!r}; give 'pandas' or 'polars'")

    def manifest(self, name):
        """A manifest (`.tsv`) as a pandas frame of `file` and `samples`; `attrs["root"]` is the directory of its files."""
        import pandas

        file = self._file(name)
        with open(file, encoding="utf-8") as lines:
            root = lines.readline().strip()
        frame = pandas.read_csv(file, sep="\t", skiprows=1, names=["file", "samples"], quoting=csv.QUOTE_NONE)
        frame.attrs["root"] = root
        return frame

    def array(self, name):
        """An array (`.npy`) as a read-only memory map."""
        import numpy

        return numpy.load(self._file(name), mmap_mode="r", allow_pickle=False)

    def json(self, name):
        """A `.json` file."""
        return json.loads(self._file(name).read_text(encoding="utf-8"))

    def json_lines(self, name):
        """A `.jsonl` file, a list with an entry a line."""
        return [json.loads(line) for line in self._file(name).read_text(encoding="utf-8").splitlines()]

    def _file(self, name):
        file = self.path / name
        if not file.is_file():
            raise FileNotFoundError(f"{name}: not in {self.path}, which has {', '.join(self.files[:8])} …")
        return file


def _polars_csv(polars, file):
    """A CSV as a polars frame, with True and False as booleans, which polars leaves as text."""
    frame = polars.read_csv(file, infer_schema_length=None)
    texts = [name for name, kind in frame.schema.items() if kind == polars.String]
    flags = [name for name in texts if len(frame) and frame[name].is_in(["True", "False"]).all()]
    return frame.with_columns(polars.col(name) == "True" for name in flags)
