"""Print what an attempt writes, once or as it comes."""

from __future__ import annotations

import shutil
from typing import IO, TYPE_CHECKING, Any

from sweep.daemon.logs import find_log
from sweep.errors import JobError

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.daemon.client import Client

__all__ = ["print_log"]

PAUSE = 0.25
"""Seconds between two looks at a log that is followed."""


def print_log(client: Client, job: str, attempt: int | None, out: IO[bytes], *, follow: bool) -> None:
    """Print an attempt's log; one that is followed until the attempt has ended, also if that has not begun yet."""
    found, path = _found(client, job, attempt, follow=follow)
    number = attempt or found["attempts"]
    with path.open("rb") as file:
        going_on = True
        while going_on:
            going_on = follow and _runs(client.view("attempt", job_id=job), number)
            shutil.copyfileobj(file, out)
            out.flush()
            if going_on:
                client.wait([job], PAUSE)


def _runs(found: dict[str, Any], attempt: int) -> bool:
    return not found["ended"] and found["attempts"] <= attempt


def _found(client: Client, job: str, attempt: int | None, *, follow: bool) -> tuple[dict[str, Any], Path]:
    while True:
        found = client.view("attempt", job_id=job)
        try:
            return found, find_log(client.folder, found, attempt)
        except JobError:
            if not follow or found["ended"]:
                raise
        client.wait([job], PAUSE)
