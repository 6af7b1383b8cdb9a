"""A server that runs: what it is sent, and what it answers, over pipes of its own. Its keeper only starts it, and sees that nothing of it is left."""

from __future__ import annotations

import math
import os
import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.programs.keeper import Printed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["LOOK_SECONDS", "KeeperLostError", "Server"]

LOOK_SECONDS = 0.2
"""So often whoever waits for a program looks whether he is to stop."""


class KeeperLostError(Exception):
    """A keeper has ended, as it does only when it is killed."""


class Server:
    """A program that is sent one line after the other, and answers each.

    Parameters
    ----------
    fds
        Its input, what tells its end, what it prints, and, if it is not shown, what it prints as errors.
    most
        Bytes that it may print between two answers.
    control
        What tells that its keeper has ended.
    end
        Has the keeper end it, and returns how it ended.
    """

    def __init__(self, fds: Sequence[int], most: int, control: int, end: Callable[[], dict[str, Any]]) -> None:
        self._input, self._handle, out, *err = fds
        self._most, self._control, self._end = most, control, end
        self._out = Printed(out, whole=True)
        self._out.shown = not err
        self._err = [Printed(fd, whole=False) for fd in err]
        self._printed = {each.fd: each for each in (self._out, *self._err)}
        self._poll = select.poll()
        for fd in (control, self._handle, *self._printed):
            self._poll.register(fd, select.POLLIN)
        self._unsent = memoryview(b"")
        self._said: bytes | None = None

    def ask(self, line: bytes, seconds: float | None, alive: Callable[[], None]) -> Mapping[str, Any]:
        """Send it a line and wait for its answer; whatever else happens, it is ended.

        Parameters
        ----------
        line
            The line; none to wait for what it says first.
        seconds
            How long it may take; any time if None.
        alive
            Called now and then; what it raises is raised here, once the server is dead.

        Returns
        -------
        dict
            ``why``: it ``"answered"``, it ``"ended"``, it printed too much (``"output"``), the time is over (``"timeout"``), or it had said
            something that nobody had asked for (``"unasked"``); ``out`` and ``err``: its answer, and what it has printed; if it was ended, how.

        Raises
        ------
        KeeperLostError
            If its keeper is there no more.
        """
        try:
            why = self._watch(seconds, alive) if not line or self._tell(line) else "unasked"
        except BaseException:
            self.end()
            raise
        if why == "answered":
            return {"why": why, "out": self._said, "err": self._errors()}
        return {**self.end(), "why": why}

    def end(self) -> dict[str, Any]:
        """End it, and return how it ended, and what it has printed."""
        try:
            ended = self._end()
            for each in self._printed.values():
                each.drain(self._most)
            return {**ended, "out": self._out.bytes(), "err": self._errors()}
        finally:
            self.close()

    def close(self) -> None:
        """Close its pipes: the end of its input tells it to end."""
        for fd in (self._input, self._handle, *self._printed):
            with suppress(OSError):
                os.close(fd)

    def _errors(self) -> bytes:
        return self._err[0].bytes() if self._err else b""

    def _tell(self, line: bytes) -> bool:
        """Begin to write a line; False if it has said something that nobody asked for."""
        while self._hear(0.0) & self._printed.keys() and self._count() <= self._most:
            pass
        if self._answer() is not None or self._out.data.lstrip().startswith(b"{"):  # or half of one
            return False
        for each in self._printed.values():
            each.count = 0
        self._unsent = memoryview(bytes(self._unsent) + line if self._unsent else line)
        if self._write():
            self._poll.register(self._input, select.POLLOUT)
        return True

    def _write(self) -> bool:
        """Write what it takes now; False when that was all, or it takes no more."""
        try:
            self._unsent = self._unsent[os.write(self._input, self._unsent) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self._unsent = memoryview(b"")
        return bool(self._unsent)

    def _watch(self, seconds: float | None, alive: Callable[[], None]) -> str:
        """Listen until something has happened, and say what."""
        now = time.monotonic()
        deadline = math.inf if seconds is None else now + seconds
        look = now + LOOK_SECONDS
        while not (why := self._happened(self._hear(min(look, deadline) - now))):
            now = time.monotonic()
            if now >= deadline:
                return "timeout"
            if now >= look:
                alive()
                look = now + LOOK_SECONDS
        return why

    def _hear(self, seconds: float) -> set[int]:
        """Wait until something can be read or written, do that, and return what could."""
        ready = {fd for fd, _ in self._poll.poll(max(0, math.ceil(1e3 * seconds)))}
        if not ready:
            return ready
        if self._control in ready:
            raise KeeperLostError
        for fd in ready & self._printed.keys():
            if not self._printed[fd].take():
                self._poll.unregister(fd)
        if self._input in ready and not self._write():
            self._poll.unregister(self._input)
        return ready

    def _happened(self, ready: set[int]) -> str:
        if self._count() > self._most:
            return "output"
        self._said = self._answer()
        if self._said is not None:
            return "answered"
        return "ended" if self._handle in ready else ""

    def _count(self) -> int:
        count = self._out.count
        for each in self._err:
            count += each.count
        return count

    def _answer(self) -> bytes | None:
        """Take the first whole line that may be a JSON object out of what it has printed; lines before it are somebody's chatter."""
        data, start = self._out.data, 0
        if not data:
            return None
        found = None
        while found is None and (end := data.find(b"\n", start)) >= 0:
            line = bytes(data[start:end])
            found = line if line.lstrip().startswith(b"{") else None
            start = end + 1
        del data[:start]
        return found
