"""The endpoint as a process: an engine, the socket that commands talk to, and HTTP in front of it."""

from __future__ import annotations

import math
import os
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.daemon import server as daemon
from sweep.daemon.client import LOCKED
from sweep.daemon.folder import log_path
from sweep.daemon.surroundings import free_environment
from sweep.daemon.workers import worker_maker
from sweep.errors import JobError, SweepError, UsageError
from sweep.executors.commands.files import make_private
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.serve.desk import Desk
from sweep.serve.dispatch import Dispatcher
from sweep.serve.endpoint import Endpoint
from sweep.serve.events import EventFile
from sweep.serve.guard import Guard
from sweep.serve.keys import KeyPair, key_pair
from sweep.serve.operations import OPERATIONS
from sweep.serve.settings import ENGINE_RELAXATIONS, Settings, check
from sweep.serve.signature import Verifier
from sweep.serve.web import Web, listening_socket
from sweep.serve.wire.model import SERVICES, service

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

__all__ = ["Log", "Served", "serve"]


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
    with listening_socket(settings.host, settings.port) as listening:
        _settle(settings.folder)
        journal = _journal(settings)
        keys = key_pair(settings.folder)  # as nobody else is at work in the folder
        events = EventFile(settings.folder, settings.region, settings.account)
        engine = _engine(settings, journal, events)
        try:
            _answer(settings, engine, keys, listening, ready)
        except SweepError:
            raise
        except Exception as error:
            raise SweepError(daemon.reason(error)) from error
        engine.close()
        events.close()


def _journal(settings: Settings) -> Journal:
    try:
        return Journal(settings.folder, _of_engine(settings))
    except JobError as error:
        if LOCKED not in str(error):
            raise
        raise UsageError(f"{error}: end it with `sweep engine stop`, or give another --engine") from None


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


def _of_engine(settings: Settings) -> tuple[str, ...]:
    """Return the relaxations that are the engine's own."""
    return tuple(each for each in settings.relaxed if each in ENGINE_RELAXATIONS)


def _engine(settings: Settings, journal: Journal, events: EventFile) -> Engine:
    """Start the engine."""
    engine = Engine(worker_maker(settings.folder), journal, listener=events)
    asked, there = _of_engine(settings), _relaxed(engine)
    if not set(asked) <= set(there):
        told = f"the engine in {settings.folder} relaxes {', '.join(there) or 'nothing'}"
        raise UsageError(f"{told}: only a new one takes --relax {','.join(asked)}")
    engine.start()
    daemon.furnish(engine)
    return engine


def _relaxed(engine: Engine) -> tuple[str, ...]:
    with engine.reading() as state:
        return tuple(state.relaxed)


def _answer(
    settings: Settings, engine: Engine, keys: KeyPair, listening: socket.socket, ready: Callable[[Served], None]
) -> None:
    """Answer on both sockets until one of them, or a signal, says that it is enough."""
    line = daemon.Server(engine, settings.folder, idle_seconds=math.inf)
    web = Web(_application(settings, engine, keys), listening, settings.certificate, settings.key, ended=line.end)
    with _ended_by_signals(line.end):
        web.start()
        try:
            ready(Served(_url(settings, listening), keys, settings))
            line.serve()
        finally:
            web.stop()


def _application(settings: Settings, engine: Engine, keys: KeyPair) -> Endpoint:
    for name in SERVICES:
        service(name)  # so that the first request need not wait for it
    relaxed = frozenset(settings.relaxed) | set(_relaxed(engine))
    desk = Desk(
        engine=engine, folder=settings.folder, region=settings.region, account=settings.account, relaxed=relaxed
    )
    verify = Verifier(keys, settings.region) if settings.needs_auth else None
    glance = None if verify is None else verify.glance
    dispatcher = Dispatcher(desk, OPERATIONS, verify=verify, glance=glance, report=Log(settings.folder).write)
    names = {socket.gethostname()} if settings.is_open else {settings.host}
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


class Log:
    """Where the engine writes what goes wrong with itself."""

    def __init__(self, folder: Path) -> None:
        self._path = log_path(folder)
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Add a paragraph; where there is no room for it, say it to whoever has started us."""
        told = f"sweep: {time.strftime('%Y-%m-%dT%H:%M:%S%z')} {text.rstrip()}\n"
        try:
            with self._lock, self._path.open("a") as file:
                file.write(told)
        except OSError:
            sys.stderr.write(told)
