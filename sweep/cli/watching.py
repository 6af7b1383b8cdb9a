"""A live view of jobs: counts by state, rate, time to go, the first failures with their reasons."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from sweep.cli.progress import in_words, si

if TYPE_CHECKING:
    from sweep.daemon.client import Client

__all__ = ["watch"]

REDRAW_SECONDS = 0.25
PATIENT_SECONDS = 10.0
LINE_SECONDS = 60.0
WIDE = 110
"""Columns of a terminal that has room for the long bar."""
_ORDER = ("SUCCEEDED", "FAILED", "RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED")


def watch(client: Client, jobs: list[str], *, quiet: bool) -> bool:
    """Wait until jobs have ended; return whether all have succeeded.

    On a terminal the view is drawn anew four times a second; else a line a job is written every minute, and at the end.
    """
    told = client.view("progress", job_ids=jobs)
    live = not quiet and sys.stderr.isatty()
    view = _View(time.monotonic(), told)
    written = time.monotonic()
    while not client.wait(jobs, REDRAW_SECONDS if live else PATIENT_SECONDS):
        if live:
            view.draw(client.view("progress", job_ids=jobs))
        elif not quiet and time.monotonic() - written >= LINE_SECONDS:
            written = time.monotonic()
            _write(client.view("progress", job_ids=jobs))
    told = client.view("progress", job_ids=jobs)
    if live:
        view.draw(told)
    elif not quiet:
        _write(told)
    return all(not each["counts"]["FAILED"] for each in told)


def _write(told: list[dict[str, Any]]) -> None:
    sys.stderr.writelines(f"{line}\n" for each in told for line in _lines(each, ""))
    sys.stderr.flush()


class _View:
    """What is drawn, over and over, in the same place of a terminal."""

    def __init__(self, begun: float, told: list[dict[str, Any]]) -> None:
        self._begun = begun
        self._before = [_ended(each) for each in told]
        self._height = 0

    def draw(self, told: list[dict[str, Any]]) -> None:
        """Draw over what was drawn before."""
        elapsed = max(time.monotonic() - self._begun, 1e-9)
        lines = [
            line
            for each, before in zip(told, self._before, strict=True)
            for line in _lines(each, _pace(each, _ended(each) - before, elapsed), 24 if _width() >= WIDE else 8)
        ]
        up = f"\x1b[{self._height}F" if self._height else ""
        sys.stderr.write(up + "".join(f"\x1b[2K{line[: _width() - 1]}\n" for line in lines))
        for _ in range(self._height - len(lines)):
            sys.stderr.write("\x1b[2K\n")
        self._height = max(self._height, len(lines))
        sys.stderr.flush()


def _width() -> int:
    import os

    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


def _ended(job: dict[str, Any]) -> int:
    return job["counts"]["SUCCEEDED"] + job["counts"]["FAILED"]


def _pace(job: dict[str, Any], ended: int, elapsed: float) -> str:
    """Say how fast children end, and how long the rest will take at that."""
    left = sum(job["counts"].values()) - _ended(job)
    if not ended or not left:
        return ""
    rate = ended / elapsed
    return f"  {si(rate)}/s  {in_words(left / rate)} left"


def _lines(job: dict[str, Any], pace: str, length: int = 24) -> list[str]:
    """Return a line of counts, and one for each of the first failures."""
    size, ended = sum(job["counts"].values()), _ended(job)
    counts = "  ".join(f"{job['counts'][each]:,} {each}" for each in _ORDER if job["counts"][each])
    filled = round(length * ended / size)
    bar = "━" * filled + "╌" * (length - filled)
    lines = [f"{job['jobName']}  {bar}  {counts}{pace}"]
    if job["waits"]:
        lines.append(f"  {job['waits']}")
    for each in job["failures"]:
        reason = each.get("container", {}).get("reason") or each.get("statusReason", "")
        code = each.get("container", {}).get("exitCode")
        lines.append(f"  {each['jobId']}  " + (f"exit code {code}, " if code is not None else "") + _plain(reason))
    return lines


def _plain(text: str) -> str:
    """Leave out what would steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in text)
