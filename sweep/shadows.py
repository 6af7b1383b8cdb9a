"""A user's own file that would be imported in the place of a library: studies come first on Python's path, as scripts do."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from sweep.errors import SpecError

__all__ = ["refuse_shadows"]

LIBRARIES = (
    *("boto3", "botocore", "llvmlite", "matplotlib", "numba", "numpy", "pandas", "polars", "pyarrow", "ray", "rich"),
    *("scipy", "starlette", "typer", "uvicorn", "xarray"),
)
"""What this package imports, some of it long after a study was read."""

UNUSED = {"antigravity", "idlelib", "lib2to3", "site", "test", "this", "turtle", "turtledemo"}
"""Of Python's own modules those that nothing here imports: people have files named like these."""


def refuse_shadows(folder: Path) -> None:
    """Refuse a folder of studies with a module in it that has a library's name.

    Raises
    ------
    SpecError
        Names the file.
    """
    if folder in {Path(sysconfig.get_path(each)) for each in ("purelib", "platlib")}:
        return
    for file in _modules(folder):
        name = file.stem
        if name in LIBRARIES or (name in sys.stdlib_module_names and name not in UNUSED):
            what = "the library" if name in LIBRARIES else "Python's own module"
            there = file if file.suffix else file / "__init__.py"
            raise SpecError(f"{there} would be imported in the place of {what} {name!r}: give it another name")


def _modules(folder: Path) -> list[Path]:
    """Return the modules and packages of a folder; none where it may not be listed."""
    try:
        return sorted(each for each in folder.iterdir() if each.suffix == ".py" or (each / "__init__.py").exists())
    except PermissionError:
        return []
