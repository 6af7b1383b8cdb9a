"""Folders for trials: each is given an empty one. One that a trial leaves as it was is given to the next, since to make and remove one takes long."""

from __future__ import annotations

import os
import shutil
import stat
import time

__all__ = ["PARAMETERS", "Folders", "write_parameters"]

PARAMETERS = "parameters.json"
"""The one file that a trial may find in its folder."""
PAST = 10 * 10**9
"""Nanoseconds: more than any file system rounds times by."""


class Folders:
    """Makes folders inside another one; not for many threads at once.

    Parameters
    ----------
    place
        The other one, which is there.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._made = 0
        self._idle: str | None = None
        self._mark: tuple[int, int] | None = None
        self._mode = 0

    def fresh(self) -> str:
        """Return a folder in which there is nothing, or parameters that are to be written over."""
        path, self._idle = self._idle, None
        if path is None:
            self._made += 1
            path, self._mark = f"{self.place}/{self._made}", None
            os.mkdir(path)
            self._mode = self._mode or os.lstat(path).st_mode
        return path

    def take_back(self, path: str, given: list[str] | None) -> None:
        """Remove a folder, or keep it for the next trial if nothing was done to it.

        Parameters
        ----------
        path
            The folder.
        given
            Names of the files that the trial was given in it: none, or `PARAMETERS`. None if the folder is to be removed in any case.
        """
        if given is not None and self._idle is None and self._is_untouched(path, given):
            self._idle = path
        else:
            shutil.rmtree(path, ignore_errors=True)

    def _is_untouched(self, path: str, given: list[str]) -> bool:
        """Tell whether a folder is as it was made; once that was so, its mark says it with one call of the system."""
        try:
            if self._mark is None and os.listdir(path) == given:
                self._mark = _marked(path)
            mark = _mark_of(path)
            return mark == self._mark and mark[1] == self._mode and all(_is_plain(f"{path}/{each}") for each in given)
        except OSError:
            return False


def _marked(path: str) -> tuple[int, int]:
    """Give a folder a time of its own, which it loses with the first name that comes or goes in it."""
    past = time.time_ns() - PAST
    os.utime(path, ns=(past, past))
    return _mark_of(path)


def _mark_of(path: str) -> tuple[int, int]:
    held = os.lstat(path)
    return held.st_mtime_ns, held.st_mode


def write_parameters(folder: str, text: str) -> None:
    """Write the parameters into a trial's folder, with few calls of the system: it is done for each."""
    data = text.encode()
    file = os.open(f"{folder}/{PARAMETERS}", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        os.write(file, data)
        os.ftruncate(file, len(data))
    finally:
        os.close(file)


def _is_plain(path: str) -> bool:
    """Tell whether a file may be written over: it is one, and has no other name."""
    held = os.lstat(path)
    return stat.S_ISREG(held.st_mode) and held.st_nlink == 1 and bool(held.st_mode & stat.S_IWUSR)
