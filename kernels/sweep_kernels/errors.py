"""The root of the error tree, and the one branch that kernels need.

The whole tree is drawn in ``sweep.errors``; it starts here because imports run downward only.
"""

from __future__ import annotations

__all__ = ["DeviceError", "KernelError", "SweepError", "UsageError"]


class SweepError(Exception):
    """Base of all errors that are meant for the user: one line, no traceback."""

    exit_code = 1


class UsageError(SweepError):
    """The input is wrong; nothing was written."""

    exit_code = 2


class KernelError(UsageError):
    """A kernel cannot be declared, found, compiled or called."""


class DeviceError(UsageError):
    """A GPU was asked for that is not there, has no driver, or no room."""
