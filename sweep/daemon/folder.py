"""Where an engine keeps everything: one folder."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["VERSION", "engine_folder", "log_path", "socket_path"]

VERSION = 1
"""Of what is said over the socket."""


def engine_folder(given: str | None = None) -> Path:
    """Return the folder of the engine that is meant: the one named, ``$SWEEP_ENGINE``, or the user's own.

    The user's own is ``sweep/engine`` in ``$XDG_STATE_HOME``, which is ``~/.local/state`` when not set (XDG Base Directory Specification).
    """
    named = given or os.environ.get("SWEEP_ENGINE")
    if named:
        return Path(named).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "sweep" / "engine"


def socket_path(folder: Path) -> Path:
    """Return where the engine listens."""
    return folder / "engine.sock"


def log_path(folder: Path) -> Path:
    """Return where the engine writes what goes wrong with itself."""
    return folder / "engine.log"
