"""Which line of the user's own files an exception came from."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path

from sweep_kernels import __file__ as kernel_package

__all__ = ["last_frame"]

_LIBRARIES = tuple(
    f"{folder}{os.sep}"
    for folder in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(Path(__file__).parent),
        str(Path(kernel_package).parent),
    )
)


def last_frame(error: BaseException, also: str = "") -> traceback.FrameSummary | None:
    """Return the innermost frame of an exception that is in a file of the user's; None if there is none.

    Parameters
    ----------
    error
        What was raised.
    also
        A file that counts as the user's wherever it is, as a ready-made kernel's.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return next((each for each in reversed(frames) if each.filename == also or _is_users(each.filename)), None)


def _is_users(file: str) -> bool:
    """Tell a user's own file from Python's, a library's, ours, and code that was never a file."""
    return not file.startswith(("<", *_LIBRARIES))
