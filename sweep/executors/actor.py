"""What lives in a process of Ray's and runs children there."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from typing import TYPE_CHECKING

from sweep.executors.burial import actor_folder, bury_dead
from sweep.executors.calls import Calls
from sweep.executors.commands.worker import Commands
from sweep.executors.functions import find_function
from sweep.executors.relay import Relay, Relays

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.executors.calls import Outcome
    from sweep.jobs.events import Ended
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Functions, Work

__all__ = ["Actor"]


class Actor:
    """Lives in a process of Ray's; what a function loads once stays there."""

    def __init__(self, functions: Functions, folder: Path | None = None) -> None:
        self._functions = functions
        self._folder = folder
        self._relays: Relays | None = None
        self._calls: Calls | Relay | None = None
        self._steps = 0
        self._lock = threading.Lock()
        self._stops: list[tuple[int, tuple[Span, ...]]] = []

    def run(self, work: Work, span: Span) -> tuple[list[tuple[Ended, bytes | None]], None, int]:
        """Run children; return how they ended, but for what `look` has returned before."""
        calls = self._of(work, span)
        with self._lock:
            self._calls = calls
            early = [spans for lease, spans in self._stops if lease == work.lease]
            self._stops.clear()
        for spans in early:
            calls.stop(spans)
        calls.run()
        self._calls = None
        if isinstance(calls, Relay) and self._relays is not None:
            self._relays.forget(calls)
        return _pickled(calls.collect()), None, self._taken_steps()

    def _of(self, work: Work, span: Span) -> Calls | Relay:
        if work.container.function is not None:
            _look_in(work.container.environment.get("PYTHONPATH"))
            return Calls(find_function(work.container.function, self._functions), work, span, self._count)
        if self._folder is None:
            raise ValueError("commands are not run here")
        bury_dead(self._folder)  # another attempt of what we are to run may be among it
        if self._relays is None:
            own = actor_folder(self._folder)
            self._relays = Relays(lambda tell: Commands(own, tell, mortal=True))
        return self._relays.relay(work, span)

    def look(self) -> tuple[list[tuple[Ended, bytes | None]], tuple[int, int] | None, int]:
        """Return what has come of children so far, the one that runs, and the steps since the last look."""
        calls = self._calls
        if calls is None:
            return [], None, 0
        return _pickled(calls.collect()), calls.current(), self._taken_steps()

    def stop(self, lease: int, spans: tuple[Span, ...]) -> None:
        """Stop children of a lease, also of one that has not arrived yet."""
        with self._lock:
            calls = self._calls
            if calls is None or calls.lease != lease:
                self._stops.append((lease, spans))
                return
        calls.stop(spans)

    def _count(self, steps: int) -> None:
        with self._lock:
            self._steps += steps

    def _taken_steps(self) -> int:
        with self._lock:
            steps, self._steps = self._steps, 0
        return steps


def _look_in(path: str | None) -> None:
    """Have modules looked for where a definition says, too."""
    sys.path += [each for each in (path or "").split(os.pathsep) if each and each not in sys.path]


def _pickled(outcomes: list[Outcome]) -> list[tuple[Ended, bytes | None]]:
    return [(ended, None if raised is None else _pickle(raised)) for ended, raised in outcomes]


def _pickle(raised: BaseException) -> bytes | None:
    try:
        return pickle.dumps(raised)
    except Exception:  # noqa: BLE001 - an exception of somebody's own may be anything; its text is in the reason
        return None
