"""The runner: a process that starts commands, sees to them, and lives on when the engine dies.

::

    python -m sweep.executors.commands.runner FOLDER [mortal]

Its standard input is the socket on which it listens, so that an engine need not wait for it to get ready. It ends when there is no engine
and nothing to run or to tell; with things to tell, after the seven days for which an engine keeps a job.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.commands.children import Children
from sweep.executors.commands.files import Files
from sweep.executors.commands.lease import Lease
from sweep.executors.commands.line import Line
from sweep.executors.commands.loop import Loop
from sweep.executors.commands.probe import Probe
from sweep.executors.commands.processes import boot
from sweep.executors.commands.spans import joined
from sweep.executors.commands.starter import Starter
from sweep.executors.commands.subreaper import become_subreaper
from sweep.executors.commands.teller import Teller
from sweep.executors.commands.voices import Voices
from sweep.executors.commands.wire import MARK, MORTAL, VERSION, Ended

if TYPE_CHECKING:
    from sweep.executors.commands.spans import Span
    from sweep.executors.commands.wire import Key, Message

__all__ = ["Runner", "main"]

AT_ONCE = 32
"""Children that are begun between two looks at who has ended."""

PATIENCE = 7 * 86_400.0
"""Seconds that what is to be told is kept for an engine to come: as long as an engine keeps a job; see `sweep.jobs.limits.RETENTION`."""

CLOSING_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL when all is to end."""


class Runner:
    """Does what an engine says, one engine at a time; the last to call by our instance is the one.

    Parameters
    ----------
    folder
        Where logs and working directories are.
    instance
        What marks this runner's processes.
    server
        A socket that listens.
    mortal
        Whether to end, with all that runs, when the engine's side hangs up.
    """

    def __init__(self, folder: str, instance: str, server: socket.socket, *, mortal: bool = False) -> None:
        self._mortal = mortal
        self._closing_grace = CLOSING_GRACE
        self._instance = instance
        self._files = Files(folder)
        self._server = server
        self._loop = Loop()
        self._voices = Voices(self._speak)
        starter = Starter(self._files, instance, self._voices.writer)
        self._teller = Teller(self._loop, self._files)
        self._children = Children(self._loop, starter, instance, self._teller.ended, self._voices.listen)
        self._teller.children = self._children
        self._probe = Probe(self._loop, self._children, starter)
        self._leases: dict[Key, Lease] = {}
        self._line: Line | None = None
        self._callers: set[Line] = set()
        self._alone_since = time.monotonic()
        self._asked_to_end = False
        self._dismissed = False
        self._closing = False

    def run(self) -> None:
        """Work until there is nothing left to do."""
        self._server.settimeout(0.0)
        self._loop.watch(self._server, self._accept)
        self._loop.watch(self._voices.reader, self._voices.listen)
        for each in self._files.set_aside(self._instance):
            self._children.remove(each)
        more = self._turn(wait=False)  # the engine that has started us has called already
        while not self._is_over():
            more = self._turn(wait=not more)
        self._tidy_up()

    def _turn(self, *, wait: bool) -> bool:
        """Do what is due; return whether there is more to do at once."""
        self._loop.turn(wait=wait)
        self._children.reap()
        if self._asked_to_end and not self._closing:
            self._close()
        more = self._begin()
        self._teller.tell_if_due(more=more)
        return more

    def _tidy_up(self) -> None:
        self._files.remove_spare()
        with suppress(OSError):
            os.unlink(self._files.socket)
        for each in [self._line, *self._callers]:
            if each is not None:
                each.close()
        for each in (self._server, self._voices, self._loop):
            each.close()

    def ask_to_end(self, *_: object) -> None:
        """Have everything ended at the next turn, and then ourselves; a signal may come in the middle of one."""
        self._asked_to_end = True

    def _close(self) -> None:
        """End what runs. If no engine has asked for that, it is lost: its exit codes would be taken for the commands' own."""
        self._closing = True
        for lease in self._leases.values():
            lease.give_up(lease.waiting)
        for attempt in self._children.attempts:
            attempt.lost = not self._dismissed and not attempt.stopping
            self._children.stop(attempt, self._closing_grace)

    # the engine

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            connection, _ = self._server.accept()
            self._callers.add(Line(connection, self._loop, self._hear, self._hung_up))

    def _greet(self, line: Line, message: Message) -> None:
        """Take a caller for the engine if it is meant for us."""
        if message["instance"] != self._instance:
            raise ValueError("another runner is meant")
        self._callers.discard(line)
        before, self._line = self._line, line
        self._teller.line = line
        if before is not None:
            before.close()
        line.send({"tell": "hello", "version": VERSION, "instance": self._instance, "pid": os.getpid()})

    def _hung_up(self, line: Line) -> None:
        self._callers.discard(line)
        if line is self._line:
            self._line = self._teller.line = None
            self._alone_since = time.monotonic()
            if self._mortal:
                self._closing_grace = 0.0  # another attempt may be about to begin elsewhere
                self._asked_to_end = True
            self._wake_later()

    def _wake_later(self) -> None:
        """See to it that time alone can end us."""
        if self._line is None:
            self._loop.after(PATIENCE, self._wake_later)

    def _hear(self, line: Line, message: Message) -> None:
        if message["do"] == "hello":
            self._greet(line, message)
        elif line is self._line:
            self._obey(message)
        else:
            raise ValueError("nobody has said hello")

    def _obey(self, message: Message) -> None:
        key: Key = (message.get("job", ""), message.get("lease", 0))
        match message["do"]:
            case "start" if key in self._leases:
                self._teller.tell_again(self._leases[key])
            case "start" if not self._closing:
                self._leases[key] = self._lease(message)
            case "stop" if key in self._leases:
                self._stop(self._leases[key], _spans(message), message["grace"])
            case "over" if key in self._leases:
                del self._leases[key]
            case "close":
                self._dismissed = True
                self.ask_to_end()
            case _:
                pass

    def _lease(self, message: Message) -> Lease:
        """Take a lease. When it is taken up after a crash, what has a log was begun, and died with who began it."""
        lease = Lease(message)
        if lease.contained:
            self._probe.ask()
        if message["resume"]:
            begun = [
                (index, number)
                for index, number in lease.each_waiting()
                if self._files.has_begun(lease.job, index, number)
            ]
            self._give_up(lease, joined(begun), "LOST")
        self._give_up(lease, _spans(message), "RETURNED")
        return lease

    def _stop(self, lease: Lease, spans: list[Span], grace: float) -> None:
        self._give_up(lease, spans, "RETURNED")
        for each in lease.running_in(spans):
            self._children.stop(each, grace)

    def _give_up(self, lease: Lease, spans: list[Span], fate: str) -> None:
        for first, last, number in lease.give_up(spans):
            self._teller.ended(lease, None, Ended(first, last, number, fate))

    # attempts

    def _begin(self) -> bool:
        """Begin children; return whether there are more to begin at once."""
        left = AT_ONCE
        for lease in self._leases.values():
            while left and lease.hungry and (self._probe.answered or not lease.contained):
                left -= 1
                attempt = self._children.begin(lease, *lease.next())
                if attempt is not None:
                    self._teller.begun(lease, attempt)
        return not left

    def _speak(self, pid: int, steps: int, reason: str) -> None:
        lease = self._children.speak(pid, reason)
        if lease is not None and steps and self._line is not None:
            self._line.send({"tell": "steps", "job": lease.job, "lease": lease.key[1], "count": steps})

    def _is_over(self) -> bool:
        if self._closing:
            self._children.kill_strays()
            return not self._children.any_left()
        if self._line is not None or self._callers:
            return False
        if self._children.attempts or any(each.waiting for each in self._leases.values()):
            return False
        return not self._leases or time.monotonic() - max(self._alone_since, self._teller.last) >= PATIENCE


def _spans(message: Message) -> list[Span]:
    return [(first, last, number) for first, last, number in message["stopped"]]


def main() -> None:
    """Run in the folder that the command line names.

    A mortal one is no child of who started it: Ray kills the children of an actor that ends, and we must live to end ours.
    """
    mortal = MORTAL in sys.argv[2:]
    if mortal and os.fork():
        os._exit(0)
    become_subreaper()
    os.umask(0o022)  # the usual one, whatever the first user's is
    server = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    instance = os.environ[MARK].rpartition("/")[2]
    with suppress(OSError):  # a full disk: what bears our mark is found without it
        Files(sys.argv[1]).write_note(version=VERSION, instance=instance, session=os.getsid(0), boot=boot())
    runner = Runner(sys.argv[1], instance, server, mortal=mortal)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, runner.ask_to_end)
    runner.run()


if __name__ == "__main__":
    main()
