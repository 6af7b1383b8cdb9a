"""HTTP on a socket: uvicorn, with the patience of `sweep.serve.connection`."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from sweep.errors import UsageError
from sweep.serve.connection import IDLE_SECONDS, PatientProtocol
from sweep.serve.guard import LARGEST_HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

__all__ = ["Web", "listening_socket"]

BACKLOG = 1024

AT_ONCE = 50
"""Connections that are accepted before any of them is heard: far fewer than there may be, so none is ended for others before it could speak."""

HANDSHAKE_SECONDS = 10.0
"""How long a client may take to begin with TLS; until then it is nobody's connection, and none of those that are counted."""

GOODBYE_SECONDS = 5
"""How long answers may take that are under way when it ends."""


@contextmanager
def listening_socket(host: str, port: int) -> Generator[socket.socket]:
    """Listen, at any free port where it is 0.

    Raises
    ------
    UsageError
        If that cannot be.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    ) as made:  # named, or asyncio leaves TCP_NODELAY off: 40 ms an answer
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, port))
            made.listen(BACKLOG)
        except OSError as error:
            said = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
            raise UsageError(f"cannot listen at {host}, port {port}: {said}") from None
        yield made


class Web:
    """uvicorn, on a thread of its own.

    Parameters
    ----------
    listening
        What it listens at.
    certificate, key
        Files for TLS, in PEM; both or none.
    ended
        Called when it has come to an end, whyever.
    """

    def __init__(
        self,
        application: Any,
        listening: socket.socket,
        certificate: Path | None = None,
        key: Path | None = None,
        *,
        ended: Callable[[], None],
    ) -> None:
        config = uvicorn.Config(
            application,
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.ERROR,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=AT_ONCE,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        self._server = _Server(config)
        self._listening = listening
        self._ended = ended
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sweep-http", daemon=True)

    def start(self) -> None:
        """Begin, and return when requests are answered."""
        self._thread.start()
        self._server.up.wait()

    def stop(self) -> None:
        """Finish what is under way; raise what has gone wrong, if it had ended before."""
        self._server.should_exit = True
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                runner.run(self._server.serve(sockets=[self._listening]))
        except BaseException as error:  # noqa: BLE001 - it is raised again for who stops it
            self._failure = error
        finally:
            self._server.up.set()
            self._ended()


class _Loop(asyncio.SelectorEventLoop):
    """Has servers that do not wait for the beginning of TLS as long as asyncio's."""

    async def create_server(self, *arguments: Any, **options: Any) -> Any:
        """Make a server."""
        if options.get("ssl") is not None:
            options["ssl_handshake_timeout"] = HANDSHAKE_SECONDS
        return await super().create_server(*arguments, **options)


class _Server(uvicorn.Server):
    """Tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(BACKLOG)  # asyncio has one number for how many may wait and how many are taken at once
        self.up.set()
