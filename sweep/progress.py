"""What a run tells while it goes on; the command line draws it, a script may ignore it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Listens to a run. Methods may be called from any thread."""

    def started(self, *, trials: int, finished: int, shards: int, executor: str, workers: int) -> None:
        """Learn that `trials` are to be run, in `shards`; `finished` were in the store already."""
        ...

    def advance(self, trials: int) -> None:
        """Learn that so many more trials have been run."""
        ...

    def children(self, stage: str, done: int, size: int) -> None:
        """Learn that `done` of the `size` children of a stage's job have ended."""
        ...

    def stage(self, name: str) -> None:
        """Learn that the run has come to ``"check"``, ``"pilot"``, ``"map"``, ``"reduce"`` or ``"merge"``."""
        ...

    def note(self, text: str) -> None:
        """Learn something that the user should know, in one line."""
        ...


class Silent:
    """Listens and says nothing."""

    def started(self, *, trials: int, finished: int, shards: int, executor: str, workers: int) -> None:
        """Ignore it."""

    def advance(self, trials: int) -> None:
        """Ignore it."""

    def children(self, stage: str, done: int, size: int) -> None:
        """Ignore it."""

    def stage(self, name: str) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
