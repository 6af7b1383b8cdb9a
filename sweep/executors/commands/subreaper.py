"""Orphans among our descendants become our children, so that none of them is out of reach."""

from __future__ import annotations

import ctypes
import os

__all__ = ["become_subreaper"]

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Have the kernel give us every descendant whose parent ends; see prctl(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
