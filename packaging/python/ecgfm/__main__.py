"""Starts the program `ecgfm` in this process's place, with the libtorch of the PyTorch that is installed here."""

import importlib.metadata
import importlib.util
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent


def needed_torch():
    """The version of PyTorch that this package was built for."""
    for requirement in importlib.metadata.requires("ecgfm") or []:
        found = re.fullmatch(r"torch==(\S+)", requirement)
        if found:
            return found.group(1)
    return None


def find_torch(environment):
    """Adds to the environment what the program needs to find libtorch; returns what a reader must know of it, or None."""
    needed, spec = needed_torch(), importlib.util.find_spec("torch")
    if spec is None or not spec.origin:
        return (
            f"PyTorch is not installed for {sys.executable}: models can be neither exported nor run, all else works; "
            f"`{sys.executable} -m pip install torch=={needed}`"
        )
    libraries = pathlib.Path(spec.origin).resolve().parent / "lib"
    if libraries != HERE.parent / "torch/lib":
        # Installed elsewhere, as for a virtual environment that sees the system's packages.
        others = environment.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = f"{libraries}:{others}" if others else str(libraries)
    version = importlib.metadata.version("torch")
    if needed and version.split("+")[0] != needed:
        return (
            f"PyTorch {version} is installed for {sys.executable}, and ecgfm needs {needed}: exporting and running models may fail; "
            f"`{sys.executable} -m pip install torch=={needed}`"
        )
    return None


def main():
    """Becomes the program."""
    environment = dict(os.environ)
    note = find_torch(environment)
    if note:
        print(f"warning: {note}", file=sys.stderr, flush=True)
    program = str(HERE / "bin/ecgfm")
    try:
        os.execve(program, ["ecgfm", *sys.argv[1:]], environment)
    except OSError as error:
        sys.exit(f"error: {program} does not start: {error.strerror}; install ecgfm again, for this machine")


if __name__ == "__main__":
    main()
