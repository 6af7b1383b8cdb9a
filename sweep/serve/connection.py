"""A connection that cannot be held for long by saying little, or by not listening.

uvicorn ends connections that are idle between requests, and no others.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["IDLE_SECONDS", "PROMISING", "TRUSTED", "PatientProtocol"]

PROMISING = "sweep.promising"
"""In the scope of a request whose head names our key pair: it is worth waiting for."""

TRUSTED = "sweep.trusted"
"""In the scope of a request that was answered: whether it is known whose it was. Until then a connection is a stranger's."""

PATIENCE = 20.0
"""Seconds: how long a request may take to arrive, from its first byte to its last; and an answer to be fetched."""

IDLE_SECONDS = 20
"""How long a connection is kept between requests."""

MOST_CONNECTIONS = 256
"""At a time. For one more, a stranger's is ended; where there is none, it is told to come again, which AWS's clients do."""

_DONE = {h11.DONE, h11.MUST_CLOSE, h11.CLOSED}


class PatientProtocol(H11Protocol):
    """HTTP/1.1 with deadlines, and with a limit to the connections, which strangers cannot use up."""

    patience = PATIENCE
    most_connections = MOST_CONNECTIONS
    _arrival: asyncio.TimerHandle | None = None
    _fetching: asyncio.TimerHandle | None = None
    _was_known: bool | None = None
    waits_since = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin, unless there are too many already."""
        super().connection_made(transport)
        self._arrival = self._deadline()
        self.waits_since = self.loop.time()
        if len(self.connections) > self.most_connections and not self._make_room():
            transport.write(_raw(b"503 Service Unavailable", b"ServiceUnavailableException", b""))
            transport.close()

    def _make_room(self) -> bool:
        """Hang up on the stranger who has let us wait for longest; return whether there was one."""
        others = (each for each in self.connections if each is not self)
        strangers = [each for each in others if isinstance(each, PatientProtocol) and each.gives_way]
        if not strangers:
            return False
        oldest = min(strangers, key=lambda each: each.waits_since)
        self.connections.discard(oldest)  # it hears of it later, and is not to be counted until then
        oldest.transport.abort()
        return True

    @property
    def gives_way(self) -> bool:
        """Whether it is a stranger's; but for one whose first request has named our key, is whole and is being looked at."""
        scope: Any = self.scope or {}  # None before the first request
        if self._was_known or scope.get(TRUSTED):
            return False
        is_first = self._was_known is None and self._fetching is None
        return not (is_first and scope.get(PROMISING) and not self._is_arriving())

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._arrival = _off(self._arrival)
        self._fetching = _off(self._fetching)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what comes in; the clock runs until a request is whole."""
        if self.transport.is_closing():
            return
        self._arrival = self._arrival or self._deadline()
        super().data_received(data)
        if not self._is_arriving() and not self.transport.is_closing():
            self._arrival = _off(self._arrival)

    def _is_arriving(self) -> bool:
        """Whether a part of a request is there, and not all of it."""
        state: Any = self.conn.their_state
        if state is h11.IDLE:
            return bool(self.conn.trailing_data[0])
        return state not in _DONE

    def on_response_complete(self) -> None:
        """Give whoever does not fetch the end of a last answer no longer than a request."""
        self._was_known = bool(self.scope.get(TRUSTED))
        self.waits_since = self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            self._fetching = self._fetching or self._deadline()

    def pause_writing(self) -> None:
        """Wait for an answer to be fetched, but not for ever."""
        super().pause_writing()
        self._fetching = self._fetching or self._deadline()

    def resume_writing(self) -> None:
        """Go on, as the answer is being fetched."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._fetching = _off(self._fetching)

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that was idle; at once if its last answer is not fetched either."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def shutdown(self) -> None:
        """End, as the endpoint does; who is idle is not waited for, though over TLS he has yet to say goodbye."""
        super().shutdown()
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Tell who does not speak HTTP."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.write(_raw(b"400 Bad Request", b"SerializationException", msg.encode()))
        self.transport.close()

    def _deadline(self) -> asyncio.TimerHandle:
        return self.loop.call_later(self.patience, self.transport.abort)


def _off(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _raw(status: bytes, code: bytes, message: bytes) -> bytes:
    """Write an answer without the help of a protocol that has come to its end; without a message it is one for clients of any service."""
    body = b'{"message":"%s"}' % message if message else b""
    lines = (
        b"HTTP/1.1 " + status,
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        b"x-amzn-ErrorType: " + code,
        b"x-amzn-RequestId: " + str(uuid.uuid4()).encode(),
        b"",
        body,
    )
    return b"\r\n".join(lines)
