"""Keepers, seen from the process that has them run programs."""

from __future__ import annotations

import marshal
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.programs.folders import Folders
from sweep.programs.serving import LOOK_SECONDS, KeeperLostError, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

__all__ = ["Keeper", "KeeperLostError", "Keepers"]

CHUNK = 1 << 17
MOST_FDS = 4
END_SECONDS = 30.0
"""How long a keeper may take to kill what it keeps."""


class Keeper:
    """A process that runs programs, one at a time; see `sweep.programs.keeper`.

    Attributes
    ----------
    folder
        Where its programs' scratch folders are; it is removed when the keeper ends.
    folders
        Makes them.
    """

    def __init__(self, *, inherit: bool = False) -> None:
        self.folder = tempfile.mkdtemp(prefix="sweep-run-")
        ours, theirs = socket.socketpair()
        closed = ("stdin",) if inherit else ("stdin", "stdout", "stderr")
        streams: dict[str, Any] = dict.fromkeys(closed, subprocess.DEVNULL)
        script = str(Path(__file__).with_name("keeper.py"))
        try:
            with theirs:
                words = [sys.executable, "-I", "-S", script, str(theirs.fileno()), self.folder]
                subprocess.run(words, pass_fds=(theirs.fileno(),), cwd="/", check=True, **streams)
        except BaseException:
            ours.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._socket = ours
        self._poll = select.poll()
        self._poll.register(ours, select.POLLIN)
        self.folders = Folders(self.folder)
        self._server: Server | None = None

    @property
    def serves(self) -> bool:
        """Whether a server has been started that has not ended since."""
        return self._server is not None

    def ask(self, order: dict[str, Any], alive: Callable[[], None]) -> dict[str, Any]:
        """Have something done and wait for the answer.

        Parameters
        ----------
        order
            See `sweep.programs.keeper`.
        alive
            Called now and then; what it raises is raised here, once what was running is dead.

        Raises
        ------
        KeeperLostError
            If there is no answer any more.
        """
        self._send(order)
        try:
            while not self._poll.poll(LOOK_SECONDS * 1000.0):
                alive()
        except BaseException:
            self._send({})
            self._receive()
            raise
        return self._receive()

    def start(self, order: dict[str, Any], alive: Callable[[], None]) -> Mapping[str, Any]:
        """Start a server, and wait for what it says first; see `tell`."""
        self._send(order)
        try:
            piece, fds, _, _ = socket.recv_fds(self._socket, CHUNK, MOST_FDS, socket.MSG_CMSG_CLOEXEC)
        except OSError:
            raise KeeperLostError from None
        answer = self._receive(piece)
        if not fds:
            return answer
        self._server = Server(fds, order["most"], self._socket.fileno(), self._end)
        return self.tell(b"", order["seconds"], alive)

    def tell(self, line: bytes, seconds: float | None, alive: Callable[[], None]) -> Mapping[str, Any]:
        """Send its server a line and wait for the answer; see `sweep.programs.serving.Server.ask`."""
        server, self._server = self._server, None
        assert server is not None  # noqa: S101 - our mistake: `serves` says so
        answer = server.ask(line, seconds, alive)
        if answer["why"] == "answered":
            self._server = server
        return answer

    def end(self) -> None:
        """End its server, if it has one."""
        server, self._server = self._server, None
        if server is not None:
            server.end()

    def _end(self) -> dict[str, Any]:
        self._send({"end": True})
        return self._receive()

    def _send(self, message: dict[str, Any]) -> None:
        data = marshal.dumps(message)
        try:
            self._socket.sendall(len(data).to_bytes(8, "little") + data)
        except OSError:
            raise KeeperLostError from None

    def _receive(self, begun: bytes = b"") -> dict[str, Any]:
        found = bytearray(begun)
        while len(found) < 8:
            found += self._some()
        end = 8 + int.from_bytes(found[:8], "little")
        while len(found) < end:
            found += self._some()
        return marshal.loads(bytes(found[8:]))  # noqa: S302 - from our own process

    def _some(self) -> bytearray:
        try:
            piece = self._socket.recv(CHUNK)
        except OSError:
            piece = b""
        if not piece:
            raise KeeperLostError
        return bytearray(piece)

    def dismiss(self) -> None:
        """Have it end, and all that it keeps; `close` waits for that."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it and all that it keeps, and wait for that."""
        self.dismiss()
        with suppress(OSError):
            self._socket.settimeout(END_SECONDS)
            while self._socket.recv(1 << 16):
                pass
        self._socket.close()


class Keepers:
    """Keepers that nobody uses now; as many are made as are used at a time."""

    def __init__(self) -> None:
        self._idle: list[Keeper] = []
        self._leaving: list[Keeper] = []
        self._lock = threading.Lock()
        self._end = weakref.finalize(self, _close_all, self._idle, self._leaving)

    @contextmanager
    def one(self) -> Generator[Keeper]:
        """Lend a keeper; one that is lost is not lent again."""
        with self._lock:
            keeper = self._idle.pop() if self._idle else None
        keeper = keeper or Keeper()
        try:
            yield keeper
        except KeeperLostError:
            keeper.close()
            _bury(keeper.folder)
            shutil.rmtree(keeper.folder, ignore_errors=True)
            raise
        except BaseException:
            self._give_back(keeper)
            raise
        self._give_back(keeper)

    def _give_back(self, keeper: Keeper) -> None:
        with self._lock:
            self._idle.append(keeper)

    def dismiss(self) -> None:
        """Have those that nobody uses end; `close` waits for that."""
        with self._lock:
            self._leaving += self._idle
            self._idle.clear()
        for each in self._leaving:
            each.dismiss()

    def close(self) -> None:
        """End those that nobody uses."""
        self._end()


def _bury(folder: str) -> None:
    """Kill what a keeper has left that was killed itself: its programs say in their environment where they run."""
    mark = f"SWEEP_SCRATCH={folder}/".encode()
    for each in os.listdir("/proc"):
        if each.isdecimal():
            with suppress(OSError):  # it has ended, or is another user's
                with open(f"/proc/{each}/environ", "rb") as file:
                    is_left = any(variable.startswith(mark) for variable in file.read().split(b"\0"))
                if is_left:
                    os.kill(int(each), signal.SIGKILL)


def _close_all(idle: list[Keeper], leaving: list[Keeper]) -> None:
    leaving += idle
    idle.clear()
    for each in leaving:
        each.dismiss()  # all at a time: each server takes its time to end
    while leaving:
        leaving.pop().close()
