"""Wait for sockets, for the end of children, and for moments in time; in one thread."""

from __future__ import annotations

import heapq
import itertools
import selectors
import signal
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import FileDescriptorLike

__all__ = ["Loop"]


class Loop:
    """Calls what is due. Every signal that is handled wakes it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._woken, self._waker = socket.socketpair()
        self._woken.settimeout(0.0)
        self._waker.settimeout(0.0)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self.watch(self._woken, self._drain)

    def watch(self, file: FileDescriptorLike, act: Callable[[], None], *, write: bool = False) -> None:
        """Call `act` whenever a file can be read, or written too if `write` is set."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
        with suppress(KeyError):
            self._selector.unregister(file)
        self._selector.register(file, wanted, act)

    def forget(self, file: FileDescriptorLike) -> None:
        """Watch a file no longer."""
        with suppress(KeyError):
            self._selector.unregister(file)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Call `act` once, when `seconds` have passed."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._count), act))

    def turn(self, *, wait: bool) -> None:
        """Call what is due; wait until something is, if `wait` is set."""
        for key, _ in self._selector.select(self._patience() if wait else 0.0):
            key.data()
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()

    def close(self) -> None:
        """Watch nothing any more."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _patience(self) -> float | None:
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
