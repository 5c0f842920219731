"""ECG foundation models over ECG archives.

The work is done by the program `ecgfm` (`python -m ecgfm`). This package reads what it left: see `load_run`.
"""

from .run import Run, load_run

__all__ = ["Run", "load_run"]
