"""What Python functions say of themselves while they run as processes: steps done, and why they failed.

All write to one pipe, which they find under descriptor `DESCRIPTOR`. A line of less than 4096 bytes is written whole; see pipe(7).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sweep.executors.commands.wire import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DESCRIPTOR", "Voices", "say"]

DESCRIPTOR = 3
LONGEST = 255
"""Characters of a reason."""


def say(pid: int, *, steps: int = 0, reason: str = "") -> None:
    """Say that steps were done, or why the function failed, to a runner that may be gone."""
    try:
        os.write(DESCRIPTOR, pack({"pid": pid, "steps": steps, "reason": reason[:LONGEST]}))
    except OSError:
        return


class Voices:
    """The reading end.

    Parameters
    ----------
    hear
        Called with the process, its steps and its reason.
    """

    def __init__(self, hear: Callable[[int, int, str], None]) -> None:
        reader, self.writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        self.reader = open(reader, "rb", buffering=0)
        self._hear = hear
        self._rest = b""

    def listen(self) -> None:
        """Hear what has been said by now; a line that makes no sense is let go."""
        while data := self.reader.read(1 << 16):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for each in lines:
                self._understand(each)

    def close(self) -> None:
        """Close both ends."""
        self.reader.close()
        os.close(self.writer)

    def _understand(self, line: bytes) -> None:
        try:
            said = unpack(line)
            pid, steps, reason = int(said["pid"]), int(said["steps"]), str(said["reason"])
        except (ValueError, KeyError, TypeError):
            return
        self._hear(pid, steps, reason)
