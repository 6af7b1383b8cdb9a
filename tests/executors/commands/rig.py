"""What the tests of commands share: a worker alone, a worker under a real engine, and ways to wait for real processes."""

from __future__ import annotations

import os
import select
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import sweep
from sweep.executors.commands.worker import Commands
from sweep.jobs.definition import Container, Definition
from sweep.jobs.environment import Environment
from sweep.jobs.events import Ended, PutEnvironment, PutQueue, Register
from sweep.jobs.job import Shape
from sweep.jobs.loop import Engine
from sweep.jobs.queue import Queue
from sweep.jobs.request import Request
from sweep.jobs.work import Work

ROOT = Path(sweep.__file__).parents[1]
DEADLINE = 60.0


def shell(script, **options):
    return Container(command=("/bin/sh", "-c", script), **options)


def python(script, **options):
    return Container(command=(sys.executable, "-c", script), **options)


class Told:
    """Hears what a worker tells."""

    def __init__(self):
        self.changed = threading.Condition()
        self.events = []
        self.done = 0

    def __call__(self, event, error=None):
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def steps(self, job_id, count):
        with self.changed:
            self.done += count
            self.changed.notify_all()

    def wait(self, condition):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), DEADLINE), self.events

    def ended(self, lease=1):
        """How each child of a lease has ended."""
        return {
            index: each
            for each in self.events
            if isinstance(each, Ended) and each.lease == lease
            for index in range(each.first, each.last)
        }

    def begun(self, lease=1):
        return {index for each in self.events if not isinstance(each, Ended) for index in range(each.first, each.last)}

    def wait_ended(self, count, lease=1):
        self.wait(lambda told: len(told.ended(lease)) >= count)
        return self.ended(lease)


def work_of(container, size=1, *, lease=1, slots=2, attempt=1, spans=None, **options):
    shape = Shape.ARRAY if size > 1 else Shape.PLAIN
    spans = spans or ((0, size, attempt),)
    variables = {"AWS_BATCH_JQ_NAME": "main", "AWS_BATCH_CE_NAME": "here"}
    return Work(lease, "job", "name", shape, size, spans, slots, container, variables, **options)


class Alone:
    """A worker without an engine."""

    def __init__(self, folder):
        self.folder = folder
        self.told = Told()
        self.commands = Commands(folder, self.told)

    def run(self, container, size=1, **options):
        work = work_of(container, size, **options)
        self.commands.start(work)
        return self.told.wait_ended(size, work.lease)

    def desert(self):
        """Leave the runner as an engine does that dies."""
        self.commands._closing = True
        self.commands._link._connection.shutdown(socket.SHUT_RDWR)

    def log(self, index=0, attempt=1):
        return (self.folder / f"logs/job/{index}-{attempt}.log").read_text()


class Engined:
    """A worker under an engine."""

    def __init__(self, folder, journal=None, *, vcpus=4):
        self.folder = folder
        self.engine = Engine(self._worker, journal, relaxed=() if journal else ("short-timeouts",))
        self.graces = {}
        self.engine.start()
        self.engine.ask(PutEnvironment(Environment("here", vcpus, 100_000), new=True))
        self.engine.ask(PutQueue(Queue("main", 1, ("here",)), new=True))

    def _worker(self, _, tell):
        self.commands = Impatient(self.folder, tell)
        return self.commands

    def submit(self, container, **options):
        request = {each: options.pop(each) for each in ("size", "depends_on") if each in options}
        self.engine.ask(Register(Definition("task", container=container, **options)))
        return self.engine.submit(Request("job", "main", "task", **request))

    def run(self, container, **options):
        return self.wait(self.submit(container, **options))

    def wait(self, job_id):
        assert self.engine.wait([job_id], DEADLINE)
        with self.engine.reading() as state:
            return state.jobs[job_id]


class Impatient(Commands):
    """Gives no more than half a second of grace."""

    def stop(self, lease, spans, grace):
        super().stop(lease, spans, min(grace, 0.5))


class Fifo:
    """A named pipe by which a process tells the test something, or waits for it."""

    def __init__(self, path):
        self.path = Path(path)
        os.mkfifo(path)
        self._file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._rest = b""
        self.wait = f"code=$(head -c 2 {path})"
        """Shell that waits for one digit: unlike the shell's own `read`, this takes both bytes at once, or none."""

    def read(self):
        """Return the next line that a process writes."""
        end = time.monotonic() + DEADLINE
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._file], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"nobody wrote to {self.path}"
            self._rest += os.read(self._file, 4096)
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    def write(self, text):
        os.write(self._file, f"{text}\n".encode())

    def close(self):
        os.close(self._file)


def wait_dead(pid):
    """Wait until a process is dead."""
    with suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        dead, _, _ = select.select([process], [], [], DEADLINE)
        os.close(process)
        assert dead, f"process {pid} lives"


def is_alive(pid):
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    dead, _, _ = select.select([process], [], [], 0)
    os.close(process)
    return not dead
