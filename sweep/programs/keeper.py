"""The process that keeps a program: starts it, listens to it, and sees that nothing of it is left.

It is a script of its own, started with the number of a socket and a folder. It has one thread and few imports, so it is there in
milliseconds and starts programs without copying anything large. It is the subreaper of what it starts (prctl(2)): a process that leaves the program's
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


def send(fd: int, message: dict) -> None:
    """Write a message."""
    data = marshal.dumps(message)
    left = memoryview(len(data).to_bytes(8, "little") + data)
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

    def answer(self) -> bytes | None:
        """Take the first whole line that may be a JSON object out of it; lines before it are somebody's chatter."""
        start, found = 0, None
        while found is None and (end := self.data.find(b"\n", start)) >= 0:
            line = bytes(self.data[start:end])
            found = line if line.lstrip().startswith(b"{") else None
            start = end + 1
        del self.data[:start]
        return found

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
        self.unsent = memoryview(b"")
        self.said: bytes | None = None
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

    def tell(self, line: bytes) -> bool:
        """Give a server a line, which `watch` will write; False if it has said something that nobody asked for."""
        if self.out:
            self.out.drain(self.most)
            if self.out.answer() is not None:
                return False
        for each in self.printed:
            each.count = 0
        self.unsent, self.said = memoryview(line), None
        return True

    def _write(self) -> bool:
        """Write what the server takes now of its line; False when that was all, or it takes no more."""
        try:
            self.unsent = self.unsent[os.write(self.input, self.unsent) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self.unsent = memoryview(b"")
        return bool(self.unsent)

    def watch(self, control: int, seconds: float | None) -> str:
        """Listen until something has happened, and say what.

        It ``"ended"``, a server has ``"answered"``, it printed too much (``"output"``), the time is over (``"timeout"``), or whoever asked for
        it wants it no more (``"stop"``).
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        poll = select.poll()
        by_fd = {each.fd: each for each in self.printed}
        for fd in (control, self.handle, *by_fd):
            poll.register(fd, select.POLLIN)
        if self.unsent and self._write():
            poll.register(self.input, select.POLLOUT)
        found: set[int] = set()
        while not (why := self._happened(found, control, deadline)):
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            found = {fd for fd, _ in poll.poll(None if left is None else int(left * 1000.0) + 1)}
            for fd in found & by_fd.keys():
                if not by_fd[fd].take():
                    poll.unregister(fd)
            if self.input in found and not self._write():
                poll.unregister(self.input)
        return why

    def _happened(self, found: set[int], control: int, deadline: float | None) -> str:
        if control in found:
            return "stop"
        if sum(each.count for each in self.printed) > self.most:
            return "output"
        if self.input >= 0 and self.out:
            self.said = self.out.answer()
            if self.said is not None:
                return "answered"
        if self.handle in found:
            return "ended"
        return "timeout" if deadline is not None and time.monotonic() >= deadline else ""

    def dismiss(self) -> None:
        """Close a server's input, which tells it to end, and give it time for that."""
        os.close(self.input)
        self.input = -1
        poll = select.poll()
        poll.register(self.handle, select.POLLIN)
        poll.poll(GRACE * 1000.0)
        self.end()

    def end(self) -> dict:
        """Kill its group and all that it has left, and say how it ended; its number is nobody else's until it has been waited for."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        left = bury()
        for each in self.printed:
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


class Server:
    """A program that is sent one line after the other, and answers each."""

    def __init__(self) -> None:
        self._program: Program | None = None

    def start(self, order: dict, control: int) -> dict:
        """Start it, and wait until it says something."""
        try:
            self._program = program = Program(order)
        except OSError as error:
            return {"why": "refused", "error": f"{error.strerror}: {order['program']}"}
        return self._answer(program, order["seconds"], control)

    def ask(self, order: dict, control: int) -> dict:
        """Send it a line and wait for its answer; whatever else happens, it is ended."""
        program = self._program
        if program is None:
            return {"why": "lost"}
        is_told = program.tell(order["line"])
        return self._answer(program, order["seconds"], control, "" if is_told else "unasked")

    def _answer(self, program: Program, seconds: float | None, control: int, why: str = "") -> dict:
        begun = time.monotonic()
        why = why or program.watch(control, seconds)
        took = time.monotonic() - begun
        if why == "answered":
            return {"why": why, "out": program.said, "err": program.err.bytes() if program.err else b"", "took": took}
        self._program = None
        return {**program.end(), "why": why, "took": took}

    def close(self) -> None:
        """Ask it to end, and see that it does."""
        if self._program is not None:
            self._program.dismiss()


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
    server = Server()
    try:
        while (order := receive(control)) is not None:
            if "line" in order:
                send(control, server.ask(order, control))
            elif "argv" in order:
                send(control, server.start(order, control) if order["serves"] else run(order, control))
    except BrokenPipeError:
        pass
    finally:
        server.close()
        bury()
        os.chdir("/")
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
