"""Where things are in the folder of a runner."""

from __future__ import annotations

import itertools
import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Files", "make_private"]

MOST_SPARE = 64


class Files:
    """A folder.

    ::

        runner.json     names the runner's instance; written by the engine's side before the runner is started, and by the runner,
                        with its session and the boot of the machine, before it starts anything
        runner.sock     where it listens
        runner.log      what it says, should it fail
        containers      the container runtime, once it was used
        logs/<job id>/<index>-<attempt>.log     kept
        work/<number>/  an attempt's working directory, while it runs
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.socket = f"{folder}/runner.sock"
        self.note = f"{folder}/runner.json"
        self.own_log = f"{folder}/runner.log"
        self.work = f"{folder}/work"
        self._spare: list[str] = []
        self._count = itertools.count()
        self._mode = 0

    def read_note(self) -> dict[str, Any]:
        """Return what is written about the last runner; nothing if there was none."""
        with suppress(FileNotFoundError, ValueError), open(self.note, encoding="utf-8") as file:
            return json.load(file)
        return {}

    def write_note(self, **note: Any) -> None:
        """Write about a runner, all or nothing."""
        fresh = f"{self.folder}/runner.new"
        with open(fresh, "w", encoding="utf-8") as file:
            json.dump(note, file)
        os.replace(fresh, self.note)

    def log(self, job: str, index: int, attempt: int) -> str:
        """Return where an attempt's log is."""
        return f"{self.folder}/logs/{job}/{index}-{attempt}.log"

    def has_begun(self, job: str, index: int, attempt: int) -> bool:
        """Whether an attempt was ever begun: its log is made before anything else."""
        return os.path.exists(self.log(job, index, attempt))

    def open_log(self, job: str, index: int, attempt: int) -> int:
        """Open an attempt's log for appending, as a file descriptor."""
        path = self.log(job, index, attempt)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(path, flags, 0o666)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return os.open(path, flags, 0o666)

    def make_directory(self) -> str:
        """Return an empty working directory: one that an attempt left as it was made, if there is such, else a new one."""
        while self._spare:
            path = self._spare.pop()
            if _is_directory(path):
                return path
        path = f"{self.work}/{next(self._count)}"
        try:
            os.mkdir(path)
        except FileNotFoundError:
            os.makedirs(path)
        self._mode = os.stat(path).st_mode
        return path

    def remove_directory(self, path: str) -> bool:
        """Remove a working directory; return whether it is gone: one that is not empty is left.

        Some file systems take 2 ms to remove a directory, so some are kept for the next attempts.
        """
        try:
            if not _is_directory(path) or os.listdir(path):
                return not os.path.lexists(path)
            if len(self._spare) < MOST_SPARE and os.stat(path).st_mode == self._mode:
                self._spare.append(path)
            else:
                os.rmdir(path)
        except OSError:
            return not os.path.lexists(path)
        return True

    def remove_spare(self) -> None:
        """Remove the directories that were kept."""
        while self._spare:
            with suppress(OSError):
                os.rmdir(self._spare.pop())
        with suppress(OSError):
            os.rmdir(self.work)

    def container_runtime(self) -> str | None:
        """Return the container runtime that a runner here has used, if it has."""
        try:
            with open(f"{self.folder}/containers", encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def note_container_runtime(self, runtime: str) -> None:
        """Write down that containers may have to be removed after a crash."""
        with open(f"{self.folder}/containers", "w", encoding="utf-8") as file:
            file.write(runtime)

    def set_aside(self, instance: str) -> list[str]:
        """Put working directories of an earlier runner where they can be removed at leisure; return all that is to be removed."""
        with suppress(OSError):
            os.rename(self.work, f"{self.folder}/trash-{instance}")
        return [f"{self.folder}/{each}" for each in os.listdir(self.folder) if each.startswith("trash-")]


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are not there, for this user alone."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)


def _is_directory(path: str) -> bool:
    """Whether there is a directory, and no link to one: an attempt may have put that in its place."""
    with suppress(OSError):
        return stat.S_ISDIR(os.lstat(path).st_mode)
    return False
