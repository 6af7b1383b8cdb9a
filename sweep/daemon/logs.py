"""Where attempts have written what they had to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.daemon.workers import commands_folder
from sweep.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["find_log"]


def find_log(folder: Path, found: dict[str, Any], attempt: int | None) -> Path:
    """Return where an attempt writes.

    Parameters
    ----------
    folder
        The engine's.
    found
        The answer to the view ``attempt``.
    attempt
        From 1; the last when left out.

    Raises
    ------
    JobError
        If it was not begun, or its log is gone.
    """
    job, index, attempts = found["jobId"], found["index"], found["attempts"]
    number = attempts if attempt is None else attempt
    if not attempts and found["done_in"]:
        raise JobError(f"child {index} had succeeded before, in job {found['done_in']}: its log is there")
    if not attempts:
        raise JobError(f"child {index} of job {job} has not been begun: there is no log")
    if not 1 <= number <= attempts:
        raise JobError(f"attempt {number} of child {index} of job {job} does not exist: it had {attempts}")
    for each in found["environments"]:
        place = commands_folder(folder, each)
        for within in (place, *_subfolders(place)):
            path = within / "logs" / job / f"{index}-{number}.log"
            if path.is_file():
                return path
    raise JobError(f"attempt {number} of child {index} of job {job} has no log")


def _subfolders(place: Path) -> Iterator[Path]:
    """Go through the folders of Ray's actors, each of which has a runner of its own."""
    return (each for each in place.glob("*-*") if each.is_dir())
