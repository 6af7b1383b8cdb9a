"""Exit codes, as docker gives them: 128 + the signal's number for death by a signal."""

from __future__ import annotations

import os
import signal

__all__ = ["KILLED", "TERMINATED", "exit_code", "returned_code"]

TERMINATED = 128 + signal.SIGTERM
"""Of what ended because it was told to."""

KILLED = 128 + signal.SIGKILL
"""Of what did not end when it was told to, or took too much memory."""


def exit_code(status: int) -> int:
    """Return the exit code for a wait status.

    >>> exit_code(3 << 8), exit_code(9)
    (3, 137)
    """
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def returned_code(returned: object) -> int:
    """Return the exit code for what a function has returned: an int, but no bool, is one.

    >>> returned_code(257), returned_code(True), returned_code("x")
    (1, 0, 0)
    """
    return returned & 0xFF if isinstance(returned, int) and not isinstance(returned, bool) else 0
