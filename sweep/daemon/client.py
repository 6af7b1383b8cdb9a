"""Asking a daemon, which is started when it is not there."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sweep.daemon.folder import VERSION, engine_folder, log_path, socket_path
from sweep.daemon.surroundings import free_environment
from sweep.errors import JobError
from sweep.executors.commands.address import connect
from sweep.executors.commands.files import make_private
from sweep.jobs.codec import decode, encode

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.jobs.events import Event

__all__ = ["Client"]

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a daemon may take to come up: a long journal is read first, and one that goes down ends what it runs."""

HELLO_SECONDS = 10.0
"""How long an engine may take to say hello, which it does whatever else it does."""

ANSWER_SECONDS = 120.0
"""How long it may take to answer anything else."""

LOCKED = "another engine is at work"
"""What a daemon says that is not needed."""


class Client:
    """A line to a job engine.

    Parameters
    ----------
    folder
        The engine's; see `sweep.daemon.folder.engine_folder`.
    start
        Whether to start the daemon if it is not there.
    relaxed
        Limits that a daemon started now does not hold to.
    any_version
        Whether to talk to an engine of another version too: all understand that they are to end.

    Raises
    ------
    JobError
        If there is no engine, or it does not come up.
    """

    def __init__(
        self,
        folder: str | None = None,
        *,
        start: bool = True,
        relaxed: tuple[str, ...] = (),
        any_version: bool = False,
    ) -> None:
        self.folder = engine_folder(folder)
        self._start = start
        line = _connected(self.folder, any_version=any_version)
        if line is None:
            if not start:
                raise JobError(f"no engine is at work in {self.folder}")
            line = _started(self.folder, relaxed)
        self._line = line

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        return self._ask({"hello": VERSION})

    def tell(self, event: Event) -> Any:
        """Have an event handled and return the answer.

        Raises
        ------
        JobError
            If it is refused.
        """
        return self._ask({"event": type(event).__name__, "body": encode(event)})

    def view(self, asked: str, /, **arguments: Any) -> Any:
        """Ask for a view; see `sweep.daemon.answers`."""
        return self._ask_anyone({"view": asked, "arguments": arguments})

    def entry(self, kind: type[T], name: str) -> T:
        """Return the queue, environment or policy of a name as it stands."""
        return decode(kind, self.view("entry", kind=kind.__name__, name=name))

    def wait(self, job_ids: list[str], seconds: float) -> bool:
        """Wait for some time at most until jobs have ended; return whether they have."""
        return self._ask_anyone({"wait": job_ids, "seconds": seconds})

    def end(self) -> int:
        """Have the daemon end; return its process id. What it runs is ended, and counts as lost when it is started again."""
        return self._ask({"end": True})

    def wait_for_end(self) -> None:
        """Wait until the daemon has hung up."""
        self._line.drain()

    def _ask_anyone(self, question: dict[str, Any]) -> Any:
        """Ask what may be asked twice: if the engine was killed, it is started again, as by any other command."""
        answer = self._line.ask(question)
        if answer is None and self._start:
            self._line.close()
            self._line = _connected(self.folder) or _started(self.folder, ())
            answer = self._line.ask(question)
        return self._read(answer)

    def _ask(self, question: dict[str, Any]) -> Any:
        return self._read(self._line.ask(question))

    def _read(self, answer: dict[str, Any] | None) -> Any:
        if answer is None:
            raise JobError(f"the engine in {self.folder} has ended; see {log_path(self.folder)}")
        if "refused" in answer:
            raise JobError(answer["refused"])
        return answer["answer"]

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Line:
    """Questions out, answers in, one JSON object a line."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rwb")

    def ask(self, question: dict[str, Any], seconds: float = ANSWER_SECONDS) -> dict[str, Any] | None:
        """Return the answer; None if nobody is there any more.

        Raises
        ------
        JobError
            If somebody is, and does not answer in time.
        """
        self._connection.settimeout(seconds)
        try:
            self._lines.write(json.dumps(question).encode() + b"\n")
            self._lines.flush()
            line = self._lines.readline()
        except TimeoutError:
            raise JobError(f"the engine (process {self.pid()}) has not answered for {seconds:g} s") from None
        except OSError:
            return None
        return json.loads(line) if line.endswith(b"\n") else None

    def pid(self) -> int:
        """Return the process that listens at the other end."""
        told = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return struct.unpack("3i", told)[0]

    def drain(self) -> None:
        """Wait until the other end has hung up."""
        self._connection.settimeout(None)
        with suppress(OSError):
            while self._lines.readline():
                pass

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._lines.close()
        self._connection.close()


def _connected(folder: Path, *, any_version: bool = False) -> _Line | None:
    """Return a line to the engine of a folder; None if none answers: a socket may outlive its process for a moment."""
    try:
        line = _Line(connect(socket_path(folder)))
    except OSError:
        return None
    try:
        hello = line.ask({"hello": VERSION}, HELLO_SECONDS)
    except JobError:
        line.close()
        raise
    if hello is not None and ("refused" not in hello or any_version):
        return line
    line.close()
    if hello is not None:
        raise JobError(hello["refused"])
    return None


def _started(folder: Path, relaxed: tuple[str, ...]) -> _Line:
    """Start a daemon and wait until it listens.

    Of two that are started at once, one finds the journal locked and ends. So does one that comes while another goes down: then it is
    started again.
    """
    deadline = time.monotonic() + PATIENCE
    daemon: _Daemon | None = None
    while time.monotonic() < deadline:
        line = _connected(folder)
        if line is not None:
            if daemon is not None:
                daemon.end_unless_it_is(line.pid())
            return line
        daemon = daemon or _Daemon(folder, relaxed)
        if daemon.has_ended():
            daemon = None
        time.sleep(0.02)  # there is no event to wait on: whoever comes up may be another's child
    raise JobError(f"the engine in {folder} does not come up; see {log_path(folder)}")


class _Daemon:
    """A daemon that was started just now."""

    def __init__(self, folder: Path, relaxed: tuple[str, ...]) -> None:
        self._folder = folder
        try:
            make_private(folder)
            log = log_path(folder).open("ab")
        except OSError as error:
            raise JobError(f"no engine can be kept in {folder}: {error.strerror}") from None
        with log:
            self._began = log.tell()
            self._process = subprocess.Popen(  # noqa: S603 - this Python, and a folder
                [sys.executable, "-P", "-m", "sweep.daemon.server", str(folder), *relaxed],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=free_environment(),
                start_new_session=True,
            )

    def end_unless_it_is(self, pid: int) -> None:
        """End it if another process answers: or it would be the engine once that one ends."""
        if self._process.pid != pid:
            self._process.terminate()

    def has_ended(self) -> bool:
        """Whether it has, because another is at work.

        Raises
        ------
        JobError
            If it has for another reason.
        """
        code = self._process.poll()
        if code:
            said = _last_line(self._folder, self._began)
            if LOCKED not in said:
                raise JobError(said)
        return code is not None


def _last_line(folder: Path, began: int) -> str:
    """Return what a daemon said that did not come up."""
    lines = log_path(folder).read_bytes()[began:].decode(errors="replace").splitlines()
    return lines[-1].removeprefix("sweep: ") if lines else f"the engine in {folder} does not come up"
