"""Start attempts."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.commands.attempt import REFUSED, Attempt
from sweep.executors.commands.containers import find, run_line
from sweep.executors.commands.places import fill
from sweep.executors.commands.voices import DESCRIPTOR
from sweep.executors.commands.wire import Ended

if TYPE_CHECKING:
    from sweep.executors.commands.files import Files
    from sweep.executors.commands.lease import Lease

__all__ = ["Starter"]

MIB = 1 << 20
SIGNALS = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""Python, or whoever started us, may have had some of them ignored."""


class Starter:
    """Starts attempts, each with a log, a working directory, and a process group.

    It gets no session: the runner has one without a terminal already, and on a busy machine Linux (with its autogroups) takes three times as
    long to start the first process of a session. So all attempts together weigh as much as one other session, such as the user's own.

    `posix_spawn` does not copy the runner, and the runner has one thread: so the working directory is simply the runner's own when the
    attempt is started.

    Parameters
    ----------
    instance
        The runner's.
    voice
        Descriptor on which attempts may say something; see `sweep.executors.commands.voices`.
    """

    def __init__(self, files: Files, instance: str, voice: int) -> None:
        self._files = files
        self._instance = instance
        self._voice = voice
        self._inherited = {name: text for name, text in os.environ.items() if not name.startswith("AWS_BATCH")}
        self._found: dict[tuple[str, str | None], str] = {}
        self.runtime: str | None = None

    def use(self, runtime: str) -> None:
        """Run images by this container runtime from now on."""
        self._files.note_container_runtime(runtime)
        self.runtime = runtime

    def start(self, lease: Lease, index: int, number: int) -> Attempt | Ended:
        """Start a child of a lease; return why not if it cannot be started."""
        log = -1
        try:
            log = self._files.open_log(lease.job, index, number)
            return self._spawn(lease, index, number, log)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one attempt is no reason to end the others
            return _refused(error, index, number, log)
        finally:
            if log >= 0:
                os.close(log)

    def _spawn(self, lease: Lease, index: int, number: int, log: int) -> Attempt:
        variables = fill(lease.variables, index, number)
        container = self._container(lease, index, number)
        environment = self._inherited if container else self._inherited | variables
        command = self._boxed(lease, container, variables) if container else _bare(lease, log)
        directory = self._files.make_directory()
        os.chdir(directory)
        try:
            pid = self._process(command, environment, log, speaks=lease.speaks)
        except BaseException:
            self._files.remove_directory(directory)
            raise
        limit = None if container else lease.memory * MIB
        owner = (variables["AWS_BATCH_JOB_ID"], variables["AWS_BATCH_JOB_ATTEMPT"])
        return Attempt(
            pid, index, number, owner, self._files.log(lease.job, index, number), directory, limit, container
        )

    def _process(self, command: list[str], environment: dict[str, str], log: int, *, speaks: bool) -> int:
        program = self._program(command[0], environment.get("PATH"))
        actions = [(os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        if speaks:
            actions.append((os.POSIX_SPAWN_DUP2, self._voice, DESCRIPTOR))
        return os.posix_spawn(
            program, command, environment, file_actions=actions, setpgroup=0, setsigmask=(), setsigdef=SIGNALS
        )

    def _program(self, name: str, path: str | None) -> str:
        """Find a program; where it was found before, if it is still there."""
        program = self._found.get((name, path))
        if program is None or not os.access(program, os.X_OK):
            program = find(name, path)
        if program is None:
            raise ValueError(f'exec: "{name}": executable file not found in $PATH')
        self._found[name, path] = program
        return program

    def _container(self, lease: Lease, index: int, number: int) -> str | None:
        """Name the container that an attempt gets, if it gets one."""
        return f"sweep-{lease.job}-{index}-{number}" if lease.contained and self.runtime else None

    def _boxed(self, lease: Lease, name: str, variables: dict[str, str]) -> list[str]:
        return run_line(
            self.runtime or "",
            name,
            lease.image or "",
            lease.command,
            variables,
            memory=lease.memory,
            vcpus=lease.vcpus,
            gpus=lease.gpus,
            instance=self._instance,
        )

    def spawn_helper(self, command: list[str]) -> int:
        """Start a process of our own, without a log."""
        os.chdir(self._files.folder)
        return os.posix_spawn(command[0], command, os.environ, setpgroup=0, setsigdef=SIGNALS)


def _bare(lease: Lease, log: int) -> list[str]:
    """Return the command to run on the host."""
    if lease.contained:
        os.write(
            log,
            f"sweep: image {lease.image} is not used, its command runs on the host: no container runtime answers\n".encode(
                errors="backslashreplace"
            ),
        )
    if not lease.command:
        raise ValueError(f"image {lease.image} is not run here, and the job definition names no command")
    return lease.command


def _refused(error: Exception, index: int, number: int, log: int) -> Ended:
    text = f"exec: {error.filename!r}: {error.strerror}" if isinstance(error, OSError) else str(error)
    written = f"{REFUSED}{text}".encode(errors="backslashreplace")
    with suppress(OSError):
        os.write(log, written + b"\n")
    return Ended(index, index + 1, number, "NOT_STARTED", None, written.decode())
