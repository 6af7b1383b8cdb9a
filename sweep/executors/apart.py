"""A worker in a process of its own: what stops or ends that process does neither to the engine.

::

    engine's process                              process apart             Ray's processes
    Apart  <-- pickled tuples over a socket pair --> lodger: RayWorker <-->  actors

Ray ends the process that talks to it when its cluster dies, and a cluster that accepts and says nothing is waited for without end.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from sweep.executors.burial import bury_all
from sweep.jobs.events import Ended, Fate, Unserved

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sweep.jobs.environment import Environment
    from sweep.jobs.lease import Span
    from sweep.jobs.work import Tell, Work

__all__ = ["Apart"]

PATIENCE = 90.0
"""Seconds that a worker may take to begin: Ray starts in five to twenty."""

CLOSING = 20.0
"""Seconds that it may take to end everything."""


class Apart:
    """A `sweep.jobs.work.Worker` that has a `sweep.executors.ray.RayWorker` work in another process.

    If that ends, or does not begin, its leases are told to be lost, or returned if they cannot have begun, and the environment to be
    unserved. The next lease begins another process. If the engine's process dies, that one ends its actors and itself.

    Parameters
    ----------
    environment
        Of which it is the worker.
    tell
        How the engine is told.
    folder
        Where commands have their logs and working directories.
    """

    def __init__(self, environment: Environment, tell: Tell, folder: Path) -> None:
        self._environment = environment
        self._tell = tell
        self._folder = folder
        self._lock = threading.RLock()
        self._works: dict[int, Work] = {}
        self._fresh: set[int] = set()
        self._process: _Process | None = None
        self._ready = False
        self._burying = False
        self._closing = False

    def start(self, work: Work) -> None:
        """Begin a lease. A lease that is known already is left alone."""
        with self._lock:
            if work.lease not in self._works:
                self._works[work.lease] = work
                if not self._ready:
                    self._fresh.add(work.lease)
                self._give("start", work)

    def recover(self, work: Work) -> None:
        """Have it told that a lease is lost, once all that it ran is dead."""
        with self._lock:
            self._works[work.lease] = work
            self._give("recover", work)

    def stop(self, lease: int, spans: tuple[Span, ...], grace: float) -> None:
        """Stop children of a lease."""
        with self._lock:
            if self._process is not None and lease in self._works:
                self._process.send("stop", lease, spans, grace)

    def over(self, lease: int) -> None:
        """Forget a lease."""
        with self._lock:
            self._fresh.discard(lease)
            if self._works.pop(lease, None) is not None and self._process is not None:
                self._process.send("over", lease)

    def close(self) -> None:
        """End everything and wait for it."""
        with self._lock:
            self._closing = True
            process = self._process
        if process is not None:
            process.send("close")
            process.join(CLOSING)
        bury_all(self._folder)

    def _give(self, name: str, work: Work) -> None:
        if self._burying:
            return  # it is told to have ended as soon as all is dead
        if self._process is None:
            try:
                self._process = _Process(self._environment, self._folder, self._hear, self._gone)
            except OSError as error:
                self._tell_end(f"its worker's process cannot be started: {error.strerror}")
                return
        self._process.send(name, work)

    def _hear(self, name: str, *told: Any) -> None:
        if name == "ready":
            with self._lock:
                self._ready = True
                self._fresh.clear()
        elif name == "steps":
            self._tell.steps(*told)
        elif not self._closing:
            self._tell(*told)

    def _gone(self, reason: str) -> None:
        """After the end of the process: see to it that nothing of it lives, and tell."""
        with self._lock:
            if self._closing:
                return
            self._process, self._ready, self._burying = None, False, True
        bury_all(self._folder)
        with self._lock:
            self._burying = False
            self._tell_end(reason)

    def _tell_end(self, reason: str) -> None:
        works, self._works = self._works, {}
        fresh, self._fresh = self._fresh, set()
        self._tell(Unserved(self._environment.name, reason))
        for work in works.values():
            fate = Fate.RETURNED if work.lease in fresh else Fate.LOST
            for first, last, attempt in work.spans:
                self._tell(Ended(work.lease, first, last, attempt, fate, None))


class _Process:
    """The process, and a line to it. Nobody who sends ever waits for it."""

    def __init__(
        self, environment: Environment, folder: Path, hear: Callable[..., None], gone: Callable[[str], None]
    ) -> None:
        self._hear = hear
        self._gone = gone
        self._reason = ""
        self._outgoing: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, and a descriptor
                [sys.executable, "-P", "-m", "sweep.executors.lodger", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())
        self.send(environment, folder)
        self._patience = threading.Timer(PATIENCE, self._give_up)
        self._patience.daemon = True
        self._patience.start()
        self._reader = threading.Thread(target=self._read, name="sweep-apart", daemon=True)
        self._reader.start()
        threading.Thread(target=self._write, name="sweep-apart-orders", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def send(self, *message: Any) -> None:
        """Send a message, in time."""
        self._outgoing.put(message)

    def join(self, timeout: float) -> None:
        """Wait for the end; bring it about if it does not come."""
        self._reader.join(timeout)
        self._process.kill()
        self._reader.join(timeout)

    def _give_up(self) -> None:
        self._reason = f"its worker has not begun within {PATIENCE:g} s"
        self._process.kill()

    def _write(self) -> None:
        with suppress(OSError):  # it has ended, which the reader sees to
            while (message := self._outgoing.get()) is not None:
                self._connection.send(message)

    def _read(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._take(*self._connection.recv())
        self._process.kill()
        code = self._process.wait()
        self._patience.cancel()
        self._outgoing.put(None)
        self._connection.close()
        self._gone(self._reason or f"its worker's process has ended, with exit code {code}")

    def _take(self, name: str, *told: Any) -> None:
        if name == "failed":
            (self._reason,) = told
            return
        if name == "ready":
            self._patience.cancel()
        self._hear(name, *told)
