"""The daemon: an engine with its journal, and a socket on which it is asked.

A line that comes in is one of ``{"hello": version}``, ``{"event": kind, "body": ...}``, ``{"view": name, "arguments": ...}``,
``{"wait": [job ids], "seconds": n}`` and ``{"end": true}``; the line that goes out ``{"answer": ...}``, or ``{"refused": text}`` for what is
the user's own mistake.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.daemon.answers import view
from sweep.daemon.folder import VERSION, socket_path
from sweep.daemon.workers import worker_maker
from sweep.errors import JobError, SweepError
from sweep.executors.commands.address import listen
from sweep.jobs.codec import decode
from sweep.jobs.environment import Environment
from sweep.jobs.events import KINDS, PutEnvironment, PutQueue
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.jobs.queue import Queue
from sweep.machine import memory_mib, processors

if TYPE_CHECKING:
    import socket

__all__ = ["Server", "main"]

LONGEST_WAIT = 10.0
"""Seconds that one ``wait`` may take; who wants to wait for longer asks again."""

IDLE_SECONDS = 3600.0
"""A daemon that was asked nothing for so long and has no live job ends; the next command starts it anew."""


class Server:
    """Answers on the engine's socket, one thread a connection."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._socket = _taken(socket_path(folder))
        self._ended = threading.Event()
        self._asked = time.monotonic()

    def serve(self) -> None:
        """Answer until asked to end, or idle for long."""
        thread = threading.Thread(target=self._accept, name="sweep-accept", daemon=True)
        thread.start()
        while not self._ended.wait(min(IDLE_SECONDS, 60.0)):
            if time.monotonic() - self._asked > IDLE_SECONDS and self._is_idle():
                break
        self._socket.close()

    def end(self) -> None:
        """Have `serve` return."""
        self._ended.set()

    def _is_idle(self) -> bool:
        with self._engine.reading() as state:
            return not any(each.live for each in state.jobs.values())

    def _accept(self) -> None:
        with suppress(OSError):  # the socket is closed when the daemon ends
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._converse, args=(connection,), name="sweep-client", daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rwb") as lines:
            for line in lines:
                self._asked = time.monotonic()
                lines.write(json.dumps(self._answer(line)).encode() + b"\n")
                lines.flush()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"answer": self._asked_for(json.loads(line))}
        except SweepError as error:
            return {"refused": str(error)}
        except Exception as error:  # noqa: BLE001 - the daemon must outlive a question that it cannot answer
            sys.stderr.write(f"sweep: {type(error).__name__}: {error}, asked {line[:500]!r}\n")
            sys.stderr.flush()
            return {"refused": f"the engine could not answer: {type(error).__name__}: {error}"}

    def _asked_for(self, question: dict[str, Any]) -> Any:
        if "hello" in question:
            return _greet(question["hello"])
        if "event" in question:
            return self._engine.ask(decode(KINDS[question["event"]], question["body"]))
        if "view" in question:
            with self._engine.reading() as state:
                return view(state, question["view"], question["arguments"])
        if "wait" in question:
            return self._engine.wait(question["wait"], min(question["seconds"], LONGEST_WAIT))
        if "end" in question:
            threading.Timer(0.1, self.end).start()  # once the answer is out
            return os.getpid()
        raise SweepError(f"a question without an event, a view or a wait: {list(question)}")


def _greet(version: int) -> int:
    """Return our process id to whoever speaks as we do."""
    if version != VERSION:
        raise JobError(f"the engine (process {os.getpid()}) is of another version of sweep: stop it and try again")
    return os.getpid()


def _taken(path: Path) -> socket.socket:
    """Listen at a path; whoever listened there before is dead, for he held the journal's lock."""
    path.unlink(missing_ok=True)
    return listen(path)


def furnish(engine: Engine) -> None:
    """Give an empty engine what one machine is good for: an environment, and a queue over it."""
    with engine.reading() as state:
        if state.environments or state.queues:
            return
    engine.ask(PutEnvironment(Environment("local", vcpus=float(processors()), memory=memory_mib()), new=True))
    engine.ask(PutQueue(Queue("default", priority=1, environments=("local",)), new=True))


def main(folder: str, *relaxed: str) -> None:
    """Run a daemon over a folder until it is asked to end."""
    place = Path(folder)
    try:
        journal = Journal(place, relaxed)
        with Engine(worker_maker(place), journal, relaxed=relaxed) as engine:
            furnish(engine)
            server = Server(engine, place)
            signal.signal(signal.SIGTERM, lambda *_: server.end())
            server.serve()
    except SweepError as error:
        sys.stderr.write(f"sweep: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(*sys.argv[1:])
