"""Find out, once, whether containers can be run here."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.commands.containers import probe_line

if TYPE_CHECKING:
    from sweep.executors.commands.children import Children
    from sweep.executors.commands.loop import Loop
    from sweep.executors.commands.starter import Starter

__all__ = ["Probe"]

PATIENCE = 10.0
"""Seconds that a runtime has to answer."""


class Probe:
    """Asks, when it is asked for the first time; what needs the answer waits, and nothing else does.

    Attributes
    ----------
    answered
        Whether it is known.
    """

    def __init__(self, loop: Loop, children: Children, starter: Starter) -> None:
        self._loop = loop
        self._children = children
        self._starter = starter
        self._asked = False
        self.answered = False

    def ask(self) -> None:
        """Find out."""
        if self._asked:
            return
        self._asked = True
        command = probe_line(os.environ.get("PATH"))
        if command is None:
            self.answered = True
            return
        pid = self._children.help(command, lambda code: self._hear(command[0], code))
        self._loop.after(PATIENCE, lambda: self._give_up(pid))

    def _hear(self, runtime: str, code: int) -> None:
        self.answered = True
        if code == 0:
            self._starter.use(runtime)

    def _give_up(self, pid: int) -> None:
        if not self.answered and pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
