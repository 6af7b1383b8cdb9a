"""The process that keeps a program: starts it, listens to it, and sees that nothing of it is left.

It is a script of its own, started with the number of a socket and a folder. It has one thread and few imports, so it is there in
milliseconds and starts programs without copying anything large. A server's pipes are handed to whoever asked for it, who talks to it by himself;
what is left to the keeper is that it ends. It is the subreaper of what it starts (prctl(2)): a process that leaves the program's
group, or outlives its parent, becomes the keeper's child, so what a trial has left behind is simply all children there are. It is no child of
whoever started it, and ends, with all that it keeps, when the other end of its socket is closed: so nothing outlives a run that is killed.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import select
import signal
import sys
import time
from contextlib import suppress

CHUNK = 1 << 16
TAIL = 8192
"""Bytes of what a program prints that are kept where nobody reads results from it."""
PR_SET_CHILD_SUBREAPER = 36
IGNORED: set[int] = set()
"""Signals that are ignored here, and are not to be by programs."""
GRACE = 5.0
"""Seconds that a server has to end once its input is closed."""


_received = bytearray()


def receive(fd: int) -> dict | None:
    """Read a message: its length in 8 bytes, and what marshal makes of it; None when nobody is there any more."""
    while len(_received) < 8 or len(_received) < 8 + int.from_bytes(_received[:8], "little"):
        try:
            piece = os.read(fd, CHUNK)
        except ConnectionResetError:
            return None
        if not piece:
            return None
        _received.extend(piece)
    end = 8 + int.from_bytes(_received[:8], "little")
    data = bytes(_received[8:end])
    del _received[:end]
    return marshal.loads(data)  # noqa: S302 - from the process that started us


def packed(message: dict) -> bytes:
    """Return a message as it is sent."""
    data = marshal.dumps(message)
    return len(data).to_bytes(8, "little") + data


def send(fd: int, message: dict) -> None:
    """Write a message."""
    left = memoryview(packed(message))
    while left:
        left = left[os.write(fd, left) :]


class Printed:
    """What comes out of one of a program's pipes: all of it up to a limit, or its end."""

    def __init__(self, fd: int, *, whole: bool) -> None:
        self.fd, self.whole = fd, whole
        self.data = bytearray()
        self.count = 0
        self.shown = False

    def take(self) -> bool:
        """Read what is there, which there must be; False when nothing will come any more."""
        piece = os.read(self.fd, CHUNK)
        self.data += piece
        self.count += len(piece)
        if self.shown:
            show(piece)
        if not self.whole and len(self.data) > TAIL + CHUNK:
            del self.data[:-TAIL]
        return bool(piece)

    def drain(self, most: int) -> None:
        """Read what is in the pipe now, as far as it is wanted."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        while self.count <= most and poll.poll(0):
            if not self.take():
                return

    def bytes(self) -> bytes:
        """Return it."""
        return bytes(self.data if self.whole else self.data[-TAIL:])


class Program:
    """A program that runs.

    Parameters
    ----------
    order
        ``argv``, ``program``, ``environment``, ``folder``; ``whole``: whether all is kept of what it prints; ``most``: bytes that it may print;
        ``inherit``: whether it is seen to print; ``serves``: whether it is given input.
    """

    def __init__(self, order: dict) -> None:
        os.chdir(order["folder"])
        self.most = order["most"]
        fds: list[int] = []
        actions: list[tuple] = []
        self.input, self.out, self.err = -1, None, None
        try:
            if order["serves"]:
                reading, self.input = os.pipe()
                os.set_blocking(self.input, False)
                fds.append(reading)
                actions.append((os.POSIX_SPAWN_DUP2, reading, 0))
            else:
                actions.append((os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0))
            self.out = self._pipe(1, fds, actions, whole=order["whole"])
            self.out.shown = order["inherit"]
            if not order["inherit"]:
                self.err = self._pipe(2, fds, actions, whole=False)
            self.pid = os.posix_spawn(
                order["program"],
                order["argv"],
                order["environment"],
                file_actions=actions,
                setpgroup=0,
                setsigmask=(),
                setsigdef=IGNORED,
            )
        except BaseException:
            self._close()
            raise
        finally:
            for fd in fds:
                os.close(fd)
        self.handle = os.pidfd_open(self.pid)

    def _pipe(self, number: int, fds: list[int], actions: list[tuple], *, whole: bool) -> Printed:
        reading, writing = os.pipe()
        fds.append(writing)
        actions.append((os.POSIX_SPAWN_DUP2, writing, number))
        return Printed(reading, whole=whole)

    @property
    def printed(self) -> list[Printed]:
        """Its pipes."""
        return [each for each in (self.out, self.err) if each is not None]

    def watch(self, control: int, seconds: float | None) -> str:
        """Listen until something has happened, and say what.

        It ``"ended"``, it printed too much (``"output"``), the time is over (``"timeout"``), or whoever asked for it wants it no more (``"stop"``).
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        poll = select.poll()
        by_fd = {each.fd: each for each in self.printed}
        for fd in (control, self.handle, *by_fd):
            poll.register(fd, select.POLLIN)
        found: set[int] = set()
        while not (why := self._happened(found, control, deadline)):
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            found = {fd for fd, _ in poll.poll(None if left is None else int(left * 1000.0) + 1)}
            for fd in found & by_fd.keys():
                if not by_fd[fd].take():
                    poll.unregister(fd)
        return why

    def _happened(self, found: set[int], control: int, deadline: float | None) -> str:
        if control in found:
            return "stop"
        if sum(each.count for each in self.printed) > self.most:
            return "output"
        if self.handle in found:
            return "ended"
        return "timeout" if deadline is not None and time.monotonic() >= deadline else ""

    def hand_over(self, control: int) -> None:
        """Give its input, what tells its end, and what it prints to whoever asked for it; the input is his alone, so that he can close it."""
        import socket

        fds = [self.input, self.handle, *(each.fd for each in self.printed)]
        with socket.socket(fileno=os.dup(control)) as other:
            socket.send_fds(other, [packed({"why": "started"})], fds)
        os.close(self.input)
        self.input = -1

    def dismiss(self) -> None:
        """Give a server time to end, whose input has been closed, and end it."""
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        poll.poll(GRACE * 1000.0)
        self.end()

    def end(self, *, listens: bool = True) -> dict:
        """Kill its group and all that it has left, and say how it ended; its number is nobody else's until it has been waited for."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        left = bury()
        for each in self.printed if listens else ():
            each.drain(self.most)
        self._close()
        return {
            "code": os.waitstatus_to_exitcode(status),
            "left": left,
            "peak": usage.ru_maxrss * 1024,
            "cpu": usage.ru_utime + usage.ru_stime,
            "out": self.out.bytes() if self.out else b"",
            "err": self.err.bytes() if self.err else b"",
        }

    def _close(self) -> None:
        for fd in (self.input, getattr(self, "handle", -1), *(each.fd for each in self.printed)):
            if fd >= 0:
                os.close(fd)
        self.input = -1


def show(data: bytes) -> None:
    """Print what a program prints where we do; if nobody reads that, it is lost."""
    left = memoryview(data)
    with suppress(OSError):
        while left:
            left = left[os.write(1, left) :]


def bury() -> int:
    """Kill all children there are, and theirs, until there is none; return how many were still alive."""
    left = 0
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return left
        if pid == 0:
            if not _kill_children():
                return left  # another user's: out of our reach
            pid, status = os.waitpid(-1, 0)
        left += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _kill_children() -> int:
    killed = 0
    for pid in _children():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def _children() -> list[int]:
    own = os.getpid()
    try:
        with open(f"/proc/{own}/task/{own}/children", "rb") as file:
            return [int(each) for each in file.read().split()]
    except OSError:
        return [int(each) for each in os.listdir("/proc") if each.isdecimal() and _parent(each) == own]


def _parent(pid: str) -> int:
    with suppress(OSError), open(f"/proc/{pid}/stat", "rb") as file:
        stat = file.read()
        return int(stat[stat.rindex(b")") + 2 :].split()[1])
    return 0


def run(order: dict, control: int) -> dict:
    """Run a program to its end."""
    begun = time.monotonic()
    try:
        program = Program(order)
    except OSError as error:
        return {"why": "refused", "error": f"{error.strerror}: {order['program']}"}
    why = program.watch(control, order["seconds"])
    ended = program.end()
    if why == "ended" and sum(each.count for each in program.printed) > program.most:
        why = "output"
    return {"why": why, **ended, "took": time.monotonic() - begun}


def serve(order: dict, control: int) -> Program | None:
    """Start a server, and hand it over."""
    try:
        program = Program(order)
    except OSError as error:
        send(control, {"why": "refused", "error": f"{error.strerror}: {order['program']}"})
        return None
    program.hand_over(control)
    return program


def main() -> None:
    """Keep programs for whoever is at the other end of the socket."""
    control, folder = int(sys.argv[1]), sys.argv[2]
    if os.fork():
        os._exit(0)  # so we are nobody's child: not to be waited for, and not to be killed with a process that ends
    os.setsid()
    os.set_inheritable(control, False)  # noqa: FBT003
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # we end when our socket does
    IGNORED.update(each for each in signal.valid_signals() if signal.getsignal(each) is signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server: Program | None = None
    try:
        while (order := receive(control)) is not None:
            if "end" in order and server is not None:
                ended, server = server.end(listens=False), None
                send(control, ended)
            elif "argv" in order and order["serves"]:
                server = serve(order, control)
            elif "argv" in order:
                send(control, run(order, control))
    except BrokenPipeError:
        pass
    finally:
        if server is not None:
            server.dismiss()
        bury()
        os.chdir("/")
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
