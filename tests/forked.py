"""Commands as processes that need not start: one process has imported what commands import, and forks itself for each.

A command so run has its own memory, environment, folder, output and exit code, and ends as the interpreter ends. What it has not of its own is the
start: that nothing is missing then, and that nothing heavy is imported, is for tests that start a process (``tests.cli.test_started``).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import math
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parents[1]
SECONDS = 240.0
MOST_BYTES = 1 << 17
SCRIPT = "from tests.forked import serve; serve({descriptor})"
IMPORTED = (
    "boto3.session",
    "botocore.endpoint",
    "botocore.handlers",
    "numba",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    "rich.live",
    "rich.progress",
    "rich.table",
    "scipy.special",
    "sweep.child.command",
    "sweep.cli.main",
    "sweep.load",
    "sweep.run",
    "sweep_kernels.cpu",
)


def run(
    *words: object,
    module: str | None = None,
    cwd: object = None,
    env: dict[str, str] | None = None,
    timeout: float = SECONDS,
):
    """Run the command, or a module as ``python -m`` does, to its end; return what ``subprocess.run`` would, with its output as text."""
    line = [str(each) for each in words]
    asked = {
        "module": module,
        "words": line,
        "cwd": os.fspath(cwd or Path.cwd()),
        "environment": env or dict(os.environ),
    }
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status = _status_of(asked, [out.fileno(), err.fileno()], timeout)
        told = [_text(each) for each in (out, err)]
    return subprocess.CompletedProcess(line, os.waitstatus_to_exitcode(status), *told)


def _status_of(asked: dict, outputs: list[int], timeout: float) -> int:
    """Have a process forked that writes to two files; wait for its end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            socket.send_fds(_template(), [json.dumps(asked).encode()], [*outputs, theirs.fileno()])
        ours.settimeout(timeout)
        pid = int(ours.recv(64))
        try:
            return int(ours.recv(64))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(asked["words"], timeout) from None


def _text(file) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


@functools.cache
def _template() -> socket.socket:
    """Start the process that forks; it ends, with all that it has forked, when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}"}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(descriptor=theirs.fileno())],
            env=environment,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def end():
        ours.close()
        process.wait(60)

    atexit.register(end)
    return ours


def serve(descriptor: int) -> None:
    """Fork for each line that is asked for, until nobody can ask any more."""
    own_path = [each for each in sys.path if each not in os.environ["PYTHONPATH"].split(os.pathsep)]
    for each in IMPORTED:
        importlib.import_module(each)
    _compile_something()
    asked = _asked_of(socket.socket(fileno=descriptor))
    if asked is not None:
        os._exit(_ended(functools.partial(_carry_out, asked, own_path)))


def _compile_something() -> None:
    """Have numba fill its registries: two thirds of the time that a process's first kernel takes."""
    from sweep_kernels import kernel
    from sweep_kernels.cpu import compile_kernel

    @kernel(outputs=["y"])
    def warm(rng, x):
        y = 0.0
        for _ in range(3):
            y += x * rng.exponential() + rng.normal()
        return math.exp(-y)

    compile_kernel(warm, ("float",))


def _carry_out(asked: dict, own_path: list[str]) -> None:
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["cwd"])
    added = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    sys.path[:] = [own_path[0], *added, *own_path[1:]]
    sys.argv[1:] = asked["words"]
    if asked["module"] is None:
        from sweep.cli.main import main

        main()
    else:
        sys.path[0] = asked["cwd"]
        runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


def _ended(work: Callable[[], None]) -> int:
    """Do what the interpreter does as it ends, but for taking apart all that is imported; return the exit code."""
    code = 0
    try:
        work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except Exception:  # noqa: BLE001 - as the interpreter has it
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _asked_of(asking: socket.socket) -> dict | None:
    """Return what is to be run, in a process forked for it; None in the first process, when nobody asks any more."""
    running: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(asking, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd in running:
                    ready.unregister(key.fd)
                    _tell_end(key.fd, *running.pop(key.fd))
                    continue
                line, given, _, _ = socket.recv_fds(asking, MOST_BYTES, 3)
                if not line:
                    return _end(pid for pid, _ in running.values())
                reply = socket.socket(fileno=given.pop())
                gc.freeze()  # what nobody looks at is never copied
                pid = os.fork()
                if pid == 0:
                    return _become(
                        json.loads(line), given, [asking, reply, *(each for _, each in running.values())], running
                    )
                for each in given:
                    os.close(each)
                _send(reply, pid)
                handle = os.pidfd_open(pid)
                running[handle] = pid, reply
                ready.register(handle, selectors.EVENT_READ)


def _become(asked: dict, outputs: list[int], sockets: list[socket.socket], handles: Iterable[int]) -> dict:
    """Take a forked process's own outputs, and let go of what is the first one's."""
    for descriptor, each in enumerate(outputs, 1):
        os.dup2(each, descriptor)
    for each in (*outputs, *handles):
        os.close(each)
    for each in sockets:
        each.close()
    return asked


def _tell_end(handle: int, pid: int, reply: socket.socket) -> None:
    _send(reply, os.waitpid(pid, 0)[1])
    reply.close()
    os.close(handle)


def _send(reply: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # who has asked waits no longer
        reply.send(str(number).encode())


def _end(pids: Iterable[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
