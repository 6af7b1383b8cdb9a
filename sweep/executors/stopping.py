"""How a task is stopped between two steps."""

from __future__ import annotations

__all__ = ["Stopped"]


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """Raised inside a task by its `report` when the run is to stop; the task writes nothing more."""
