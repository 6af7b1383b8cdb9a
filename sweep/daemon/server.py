"""The daemon: an engine with its journal, and a socket on which it is asked.

A line that comes in is one of ``{"hello": version}``, ``{"event": kind, "body": ...}``, ``{"view": name, "arguments": ...}``,
``{"wait": [job ids], "seconds": n}`` and ``{"end": true}``; the line that goes out ``{"answer": ...}``, or ``{"refused": text}`` for what is
the user's own mistake.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sweep.daemon.answers import view
from sweep.daemon.folder import VERSION, socket_path
from sweep.daemon.workers import worker_maker
from sweep.errors import JobError, SweepError, nearest
from sweep.executors.commands.address import listen
from sweep.jobs.codec import decode
from sweep.jobs.environment import Environment
from sweep.jobs.events import KINDS, Begun, Ended, PutEnvironment, PutQueue, Tick, Unserved
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.jobs.queue import Queue
from sweep.machine import memory_mib, processors

if TYPE_CHECKING:
    from sweep.jobs.events import Event
    from sweep.jobs.state import State

__all__ = ["Server", "furnish", "main", "reason"]

LONGEST_WAIT = 10.0
"""Seconds that one ``wait`` may take; who wants to wait for longer asks again."""

LONGEST_LINE = 4 << 20
"""Bytes of a question; AWS takes 30 KiB of parameters, and 40 links of a job."""

IDLE_SECONDS = 3600.0
"""A daemon that was asked nothing for so long and has no live job ends; the next command starts it anew."""

LOOK_SECONDS = 0.5
"""How often the daemon looks whether its engine and its socket are still there."""

BREATH_SECONDS = 0.1
"""How long to wait before a client is accepted again, when there was no room for one."""

SHORT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""What may be wrong for a moment when a client calls."""

USERS = {name: kind for name, kind in KINDS.items() if kind not in {Begun, Ended, Unserved, Tick}}
"""Events that users bring about; the others are the engine's own."""


class Server:
    """Answers on the engine's socket, one thread a connection.

    Parameters
    ----------
    idle_seconds
        After so long without a question or a live job it ends.
    """

    def __init__(self, engine: Engine, folder: Path, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._engine = engine
        self._path = socket_path(folder)
        self._ended = threading.Event()
        self._asked = time.monotonic()
        self._socket = self._listen()

    def serve(self) -> None:
        """Answer until asked to end, or idle for long.

        Raises
        ------
        Exception
            What has made the engine fail.
        """
        try:
            while not self._ended.wait(LOOK_SECONDS):
                with self._engine.reading() as state:
                    if self._is_idle(state):
                        return
                if not self._path.exists():
                    _hang_up(self._socket)
                    self._socket = self._listen()
        finally:
            self._ended.set()
            _hang_up(self._socket)

    def end(self) -> None:
        """Have `serve` return."""
        self._ended.set()

    def _is_idle(self, state: State) -> bool:
        return time.monotonic() - self._asked > self._idle_seconds and not any(
            each.live for each in state.jobs.values()
        )

    def _listen(self) -> socket.socket:
        """Listen at our path; whoever listened there before is dead, for he held the journal's lock."""
        self._path.unlink(missing_ok=True)
        made = listen(self._path)
        threading.Thread(target=self._accept, args=(made,), name="sweep-accept", daemon=True).start()
        return made

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError as error:
                if error.errno not in SHORT_OF:
                    return  # it was hung up
                self._ended.wait(BREATH_SECONDS)
                continue
            self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        try:
            threading.Thread(target=self._converse, args=(connection,), name="sweep-client", daemon=True).start()
        except RuntimeError:  # there can be no more threads
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb") as lines:
            while line := lines.readline(LONGEST_LINE + 1):
                self._asked = time.monotonic()
                lines.write(json.dumps(self._answer(line)).encode() + b"\n")
                lines.flush()
                if len(line) > LONGEST_LINE:
                    return

    def _answer(self, line: bytes) -> dict[str, Any]:
        if len(line) > LONGEST_LINE:
            return {"refused": f"a question of more than {LONGEST_LINE:,} bytes"}
        try:
            return {"answer": self._asked_for(json.loads(line))}
        except SweepError as error:
            return {"refused": str(error)}
        except Exception as error:  # noqa: BLE001 - the daemon must outlive a question that it cannot answer
            sys.stderr.write(f"sweep: {reason(error)}, asked {line[:500]!r}\n")
            sys.stderr.flush()
            return {"refused": f"the engine could not answer: {reason(error)}"}

    def _asked_for(self, question: dict[str, Any]) -> Any:
        if "hello" in question:
            return _greet(question["hello"])
        if "event" in question:
            return self._engine.ask(_event(question["event"], question["body"]))
        if "view" in question:
            with self._engine.reading() as state:
                return view(state, question["view"], question["arguments"])
        if "wait" in question:
            return self._engine.wait(question["wait"], min(question["seconds"], LONGEST_WAIT))
        if "end" in question:
            _hang_up(self._socket)
            threading.Timer(0.1, self.end).start()  # once the answer is out
            return os.getpid()
        raise SweepError(f"a question without an event, a view or a wait: {list(question)}")


def _event(kind: str, body: Any) -> Event:
    """Read an event that a user brings about."""
    if kind not in USERS:
        raise JobError(f"nobody may tell the engine {kind!r}: {nearest(str(kind), list(USERS))}")
    return decode(USERS[kind], body)


def reason(error: BaseException) -> str:
    """Say what is wrong; an engine that has failed says why by the cause."""
    told = f"{type(error).__name__}: {error}" if error.__cause__ is None else str(error)
    return told if error.__cause__ is None else f"{told}: {reason(error.__cause__)}"


def _hang_up(listening: socket.socket) -> None:
    """Let nobody call any more; to close it alone would leave it to who waits for calls."""
    with suppress(OSError):
        listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def _greet(version: int) -> int:
    """Return our process id to whoever speaks as we do."""
    if version != VERSION:
        raise JobError(f"the engine (process {os.getpid()}) is of another version of sweep: stop it and try again")
    return os.getpid()


def furnish(engine: Engine) -> None:
    """Give an empty engine what one machine is good for: an environment, and a queue over it."""
    with engine.reading() as state:
        if state.environments or state.queues:
            return
    engine.ask(PutEnvironment(Environment("local", vcpus=float(processors()), memory=memory_mib()), new=True))
    engine.ask(PutQueue(Queue("default", priority=1, environments=("local",)), new=True))


def main(folder: str, *relaxed: str) -> None:
    """Run a daemon over a folder until it is asked to end.

    When its engine fails it ends at once, as if it were killed: commands go on, and the next engine takes them up.
    """
    os.umask(0o077)
    place = Path(folder)
    try:
        engine = Engine(worker_maker(place), Journal(place, relaxed), relaxed=relaxed).start()
        furnish(engine)
        server = Server(engine, place)
        signal.signal(signal.SIGTERM, lambda *_: server.end())
        server.serve()
    except SweepError as error:
        _exit(str(error), error.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever it was, nobody else will say so
        _exit(reason(error), 1)
    engine.close()


def _exit(told: str, code: int) -> NoReturn:
    sys.stderr.write(f"sweep: {told}\n")
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
