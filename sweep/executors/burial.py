"""End what Ray's actors have left running on this machine.

Each actor that runs commands has a folder, named after its machine and its process, and in it a runner that ends when the actor does. That
takes a moment, and what it runs must be dead before anything is told to be lost.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.executors.commands.files import Files
from sweep.executors.commands.leftovers import bury, end_process
from sweep.executors.commands.processes import process, title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["actor_folder", "bury_all", "bury_dead"]


def actor_folder(folder: Path) -> Path:
    """Return where the commands of this process's actor have their logs and working directories."""
    return folder / f"{socket.gethostname()}-{os.getpid()}"


def bury_dead(folder: Path) -> None:
    """End what dead actors have left."""
    for pid, files in _others(folder):
        if not _lives(pid):
            _bury(files)


def bury_all(folder: Path) -> None:
    """End all actors that have run commands here, and what they run: their engine is gone."""
    for pid, files in _others(folder):
        end_process(pid, _is_actor)
        _bury(files)


def _others(folder: Path) -> Iterator[tuple[int, Files]]:
    """Go through the actors that have not been buried."""
    for each in folder.glob(f"{socket.gethostname()}-*"):
        pid = each.name.rpartition("-")[2]
        files = Files(str(each))
        if pid.isdecimal() and int(pid) != os.getpid() and files.read_note():
            yield int(pid), files


def _bury(files: Files) -> None:
    bury(files, files.read_note().get("instance", ""))
    with suppress(FileNotFoundError):
        os.unlink(files.note)  # noqa: PTH108 - as all in this folder


def _lives(pid: int) -> bool:
    found = process(pid)
    return found is not None and not found.zombie


def _is_actor(pid: int) -> bool:
    """Whether a process is one of Ray's, and no other that was given the number of one."""
    return title(pid).startswith(b"ray::")
