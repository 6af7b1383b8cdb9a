"""The endpoint as a process: an engine, the socket that commands talk to, and HTTP in front of it."""

from __future__ import annotations

import errno
import logging
import math
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from sweep.daemon import server as daemon
from sweep.daemon.folder import log_path
from sweep.daemon.surroundings import free_environment
from sweep.daemon.workers import worker_maker
from sweep.errors import SweepError, UsageError
from sweep.executors.commands.files import make_private
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.serve.connection import IDLE_SECONDS, LARGEST_HEAD, PatientProtocol
from sweep.serve.desk import Desk
from sweep.serve.dispatch import Dispatcher
from sweep.serve.endpoint import Endpoint
from sweep.serve.guard import Guard
from sweep.serve.keys import KeyPair, key_pair
from sweep.serve.operations import OPERATIONS
from sweep.serve.settings import ENGINE_RELAXATIONS, Settings, check
from sweep.serve.signature import Verifier
from sweep.serve.wire.model import SERVICES, service

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

__all__ = ["Served", "serve"]

BACKLOG = 1024
GOODBYE_SECONDS = 5
"""How long answers may take that are under way when the endpoint ends."""


@dataclass(frozen=True)
class Served:
    """An endpoint that answers."""

    url: str
    keys: KeyPair
    settings: Settings


def serve(settings: Settings, ready: Callable[[Served], None]) -> None:
    """Run an engine and its endpoint until a signal, or ``sweep engine stop``, ends it; jobs are taken up again by the next start.

    Parameters
    ----------
    ready
        Called once when requests are answered.

    Raises
    ------
    UsageError
        If the settings make no sense, the port is taken, or another engine is at work in the folder.
    SweepError
        If the engine has failed.
    """
    check(settings)
    with _listening(settings) as listening:
        _settle(settings.folder)
        engine = _engine(settings)
        try:
            _answer(settings, engine, listening, ready)
        except SweepError:
            raise
        except Exception as error:
            raise SweepError(daemon.reason(error)) from error
        engine.close()


@contextmanager
def _listening(settings: Settings) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((settings.host, settings.port))
            made.listen(BACKLOG)
        except OSError as error:
            said = "it is in use" if error.errno == errno.EADDRINUSE else error.strerror
            raise UsageError(f"cannot listen at {settings.host}, port {settings.port}: {said}") from None
        yield made


def _settle(folder: Path) -> None:
    """Become what an engine is: of no job, in no folder of the user's, and private in all that it writes."""
    os.umask(0o077)
    surroundings = free_environment()
    os.environ.clear()
    os.environ.update(surroundings)
    try:
        make_private(folder)
    except OSError as error:
        raise UsageError(f"no engine can be kept in {folder}: {error.strerror}") from None
    os.chdir("/")


def _engine(settings: Settings) -> Engine:
    """Start the engine."""
    asked = tuple(each for each in settings.relaxed if each in ENGINE_RELAXATIONS)
    journal = Journal(settings.folder, asked)
    engine = Engine(worker_maker(settings.folder), journal)
    there = _relaxed(engine)
    if not set(asked) <= set(there):
        journal.close()
        raise UsageError(
            f"the engine in {settings.folder} relaxes {', '.join(there) or 'nothing'}: only a new one takes --relax {','.join(asked)}"
        )
    engine.start()
    daemon.furnish(engine)
    return engine


def _relaxed(engine: Engine) -> tuple[str, ...]:
    with engine.reading() as state:
        return tuple(state.relaxed)


def _answer(settings: Settings, engine: Engine, listening: socket.socket, ready: Callable[[Served], None]) -> None:
    """Answer on both sockets until one of them, or a signal, says that it is enough."""
    keys = key_pair(settings.folder)
    line = daemon.Server(engine, settings.folder, idle_seconds=math.inf)
    http = _Http(_application(settings, engine, keys), settings, listening, line.end)
    with _ended_by_signals(line.end):
        http.start()
        try:
            ready(Served(_url(settings, listening), keys, settings))
            line.serve()
        finally:
            http.stop()


def _application(settings: Settings, engine: Engine, keys: KeyPair) -> Endpoint:
    for name in SERVICES:
        service(name)  # so that the first request need not wait for it
    relaxed = frozenset(settings.relaxed) | set(_relaxed(engine))
    desk = Desk(engine, settings.folder, settings.region, settings.account, relaxed)
    verify = Verifier(keys, settings.region) if settings.needs_auth else None
    dispatcher = Dispatcher(desk, OPERATIONS, verify=verify, report=_Log(settings.folder).write)
    names = {socket.gethostname(), socket.getfqdn()} if settings.is_open else {settings.host}
    return Endpoint(dispatcher, Guard(frozenset(names), by_number=settings.is_open))


def _url(settings: Settings, listening: socket.socket) -> str:
    host = socket.gethostname() if settings.is_open else settings.host
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


@contextmanager
def _ended_by_signals(end: Callable[[], None]) -> Generator[None]:
    """Have the first signal end it in order, and a second one at once."""

    def begin_to_end(*_: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        end()

    before = {each: signal.signal(each, begin_to_end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _Http:
    """uvicorn, on a thread of its own."""

    def __init__(
        self, application: Any, settings: Settings, listening: socket.socket, ended: Callable[[], None]
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
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
        )
        self._server = _Server(config)
        self._listening = listening
        self._ended = ended
        self._thread = threading.Thread(target=self._run, name="sweep-http", daemon=True)

    def start(self) -> None:
        """Begin, and return when requests are answered."""
        self._thread.start()
        self._server.up.wait()

    def stop(self) -> None:
        """Finish what is under way."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listening])
        finally:
            self._server.up.set()
            self._ended()


class _Server(uvicorn.Server):
    """Tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.up.set()


class _Log:
    """Where the engine writes what goes wrong with itself."""

    def __init__(self, folder: Path) -> None:
        self._path = log_path(folder)
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Add a paragraph."""
        with self._lock, self._path.open("a") as file:
            file.write(f"sweep: {time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text.rstrip()}\n")
