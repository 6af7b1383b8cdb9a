"""The runner's end of its line to the engine. Neither end ever waits for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.executors.commands.wire import pack, unpack

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from sweep.executors.commands.loop import Loop
    from sweep.executors.commands.wire import Message

__all__ = ["Line"]

AT_ONCE = 1 << 16


class Line:
    """A connection on which messages come and go.

    Parameters
    ----------
    hear
        Called with the line and each message. A ``ValueError``, ``KeyError`` or ``TypeError`` closes the line: nobody of ours talks so.
    gone
        Called once, when the other end is no longer there.
    """

    def __init__(
        self,
        connection: socket.socket,
        loop: Loop,
        hear: Callable[[Line, Message], None],
        gone: Callable[[Line], None],
    ) -> None:
        connection.settimeout(0.0)
        self._connection = connection
        self._loop = loop
        self._hear = hear
        self._gone = gone
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._open = True
        self._waiting = False
        loop.watch(connection, self._act)

    def send(self, *messages: Message) -> None:
        """Send messages, now or when the other end has read what came before."""
        for each in messages:
            self._outgoing += pack(each)
        self._write()

    def close(self) -> None:
        """Hang up."""
        if self._open:
            self._open = False
            self._loop.forget(self._connection)
            self._connection.close()
            self._gone(self)

    def _act(self) -> None:
        self._write()
        self._read()

    def _write(self) -> None:
        try:
            while self._open and self._outgoing:
                del self._outgoing[: self._connection.send(self._outgoing[:AT_ONCE])]
        except BlockingIOError:
            self._wait_for_room(waiting=True)
        except OSError:
            self._outgoing.clear()  # nobody will read it; what was said to us before is still to be read
            self._wait_for_room(waiting=False)
        else:
            self._wait_for_room(waiting=False)

    def _wait_for_room(self, *, waiting: bool) -> None:
        if self._open and waiting != self._waiting:
            self._waiting = waiting
            self._loop.watch(self._connection, self._act, write=waiting)

    def _read(self) -> None:
        try:
            data = self._received() if self._open else b""
        except BlockingIOError:
            return
        if not data:
            self.close()
            return
        self._incoming += data
        if b"\n" in data:
            *lines, rest = self._incoming.split(b"\n")
            self._incoming = bytearray(rest)
            for each in lines:
                self._understand(bytes(each))

    def _received(self) -> bytes:
        """Read. When the other end has closed with something unread, that is said first, once, and then what it had sent can be read."""
        try:
            return self._connection.recv(AT_ONCE)
        except ConnectionResetError:
            return self._connection.recv(AT_ONCE)

    def _understand(self, line: bytes) -> None:
        if self._open:
            try:
                self._hear(self, unpack(line))
            except (ValueError, KeyError, TypeError):
                self.close()
