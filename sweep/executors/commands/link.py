"""The engine's end of its line to the runner."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import sweep
from sweep.executors.commands.address import connect, listen
from sweep.executors.commands.wire import MARK, MORTAL, VERSION, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.executors.commands.files import Files
    from sweep.executors.commands.wire import Message

__all__ = ["Link", "last_instance", "launch", "reach"]

PATIENCE = 10.0
"""Seconds that a runner has to say hello."""


class Link:
    """A line to a runner.

    Parameters
    ----------
    process
        The runner, if we have started it ourselves.
    """

    def __init__(
        self, instance: str, connection: socket.socket, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.instance = instance
        self._connection = connection
        self._lines: IO[bytes] = connection.makefile("rb")
        self._process = process
        self._thread: threading.Thread | None = None
        self.send({"do": "hello", "version": VERSION, "instance": instance})

    def hello(self) -> bool:
        """Return whether the runner is there, and speaks as we do."""
        self._connection.settimeout(PATIENCE)
        with suppress(OSError, ValueError):
            message = unpack(self._lines.readline())
            self._connection.settimeout(None)
            return (message["version"], message["instance"]) == (VERSION, self.instance)
        return False

    def listen(self, hear: Callable[[Message], None], gone: Callable[[Link], None]) -> None:
        """Have each message heard, on a thread of its own, and the end of the runner."""
        self._thread = threading.Thread(target=self._listen, args=(hear, gone), name="sweep-runner", daemon=True)
        self._thread.start()

    def _listen(self, hear: Callable[[Message], None], gone: Callable[[Link], None]) -> None:
        with suppress(OSError):
            while line := self._read():
                hear(unpack(line))
        self.close()
        gone(self)

    def _read(self) -> bytes:
        """Read a line. When the other end has closed with something unread, that is said first, once; see `sweep.executors.commands.line`."""
        try:
            return self._lines.readline()
        except ConnectionResetError:
            return self._lines.readline()

    def send(self, message: Message) -> None:
        """Send a message. If the runner is gone, `gone` will be called, which sees to everything."""
        with suppress(OSError):
            self._connection.sendall(pack(message))

    def join(self, timeout: float) -> bool:
        """Wait for the end of the runner; return whether it came."""
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def close(self) -> None:
        """Let go of what we hold."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._connection.close()
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)


def last_instance(files: Files) -> str | None:
    """Return the instance of the last runner that was started in a folder, or None."""
    return files.read_note().get("instance")


def reach(files: Files, instance: str) -> Link | None:
    """Return a line to a runner, or None if it is dead, or of another version."""
    try:
        link = Link(instance, connect(Path(files.socket)))
    except OSError:
        return None
    if link.hello():
        return link
    link.close()
    return None


def launch(files: Files, *, mortal: bool = False) -> Link:
    """Start a runner; a mortal one ends with us.

    It need not be ready when this returns: the socket on which it will listen, its standard input, is there already.
    """
    instance = uuid.uuid4().hex
    files.write_note(version=VERSION, instance=instance)
    Path(files.socket).unlink(missing_ok=True)
    server = listen(Path(files.socket))
    with server, open(files.own_log, "ab") as log:
        connection = connect(Path(files.socket))
        process = subprocess.Popen(
            [sys.executable, "-m", "sweep.executors.commands.runner", files.folder, *([MORTAL] if mortal else [])],
            stdin=server.fileno(),
            stdout=log,
            stderr=log,
            cwd=Path(sweep.__file__).parents[1],
            env={**os.environ, MARK: f"{os.environ.get(MARK, '')}/{instance}"},
            start_new_session=True,
        )
    return Link(instance, connection, process)
