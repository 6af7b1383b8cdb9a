"""Where a program is."""

from __future__ import annotations

import os
import shutil

from sweep.errors import KernelError

__all__ = ["found_program"]


def found_program(name: str, here: str, path: str | None) -> str:
    """Return the whole path of a program: one with a slash counts from the study's folder, others are looked for in PATH.

    Raises
    ------
    KernelError
        If there is none.
    """
    place = os.path.join(here, name) if "/" in name else shutil.which(name, path=path)
    if place is None:
        raise KernelError(f"program {name!r} is not in PATH: install it, or name it by its path")
    if not os.path.isfile(place):
        raise KernelError(f"program {name!r}: there is no file {place!r}")
    if not os.access(place, os.X_OK):
        raise KernelError(
            f"program {name!r}: {place!r} may not be executed: chmod +x it, or name its interpreter first"
        )
    return place
