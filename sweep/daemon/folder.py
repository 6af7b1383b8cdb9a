"""Where an engine keeps everything: one folder."""

from __future__ import annotations

import os
from pathlib import Path

from sweep.errors import UsageError

__all__ = ["VERSION", "engine_folder", "log_path", "socket_path"]

VERSION = 2
"""Of what is said over the socket."""


def engine_folder(given: str | None = None) -> Path:
    """Return the folder of the engine that is meant: the one named, ``$SWEEP_ENGINE``, or the user's own.

    The user's own is ``sweep/engine`` in ``$XDG_STATE_HOME``, which is ``~/.local/state`` when not set (XDG Base Directory Specification).

    Raises
    ------
    UsageError
        If it is in the home of a user that there is not.
    """
    named = given or os.environ.get("SWEEP_ENGINE")
    if named:
        try:
            return Path(named).expanduser().absolute()
        except RuntimeError:
            raise UsageError(f"the engine's folder {named!r}: there is no such user") from None
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "sweep" / "engine"


def socket_path(folder: Path) -> Path:
    """Return where the engine listens."""
    return folder / "engine.sock"


def log_path(folder: Path) -> Path:
    """Return where the engine writes what goes wrong with itself."""
    return folder / "engine.log"
