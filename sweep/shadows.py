"""A user's own file that would be imported in the place of a library: studies come first on Python's path, as scripts do."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from sweep.errors import SpecError

__all__ = ["refuse_shadows"]

LIBRARIES = (
    *("boto3", "botocore", "llvmlite", "matplotlib", "numba", "numpy", "pandas", "polars", "pyarrow", "ray", "rich"),
    *("scipy", "starlette", "typer", "uvicorn", "xarray"),
)
"""What this package imports, some of it long after a study was read."""


def refuse_shadows(folder: Path) -> None:
    """Refuse a folder of studies with a module in it that has a library's name.

    Raises
    ------
    SpecError
        Names the file.
    """
    if folder in {Path(sysconfig.get_path(each)) for each in ("purelib", "platlib")}:
        return
    for name in LIBRARIES:
        for file in (folder / f"{name}.py", folder / name / "__init__.py"):
            if file.exists():
                raise SpecError(f"{file} would be imported in the place of the library {name!r}: give it another name")
