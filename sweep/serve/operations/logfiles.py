"""The log of an attempt as events with times.

A command writes lines, which have no time of their own. Line `n` of a log, from 0, has the time at which the attempt began plus `n` ms: so times
ascend, no two are alike, and that of a line never changes, whatever is written after it. A line that is not finished yet is no event while the
attempt goes on; nor is an empty one, which AWS does not take either.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.daemon.logs import find_log
from sweep.errors import JobError
from sweep.jobs.status import Status
from sweep.serve.operations.streams import read_stream, stream_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from sweep.jobs.job import Attempt, Job
    from sweep.jobs.loop import Engine
    from sweep.jobs.state import State

__all__ = ["Log", "Stream", "find_stream", "read_log", "streams"]

LARGEST = 16 << 20
"""Bytes of a log that are looked at: where each line ends takes eight times as many, should all be empty."""

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Stream:
    """An attempt that has begun; times in ms since 1970, `ended` is None while it goes on."""

    name: str
    job: str
    index: int
    attempt: int
    began: int
    ended: int | None


@dataclass(frozen=True, slots=True)
class Log:
    """What an attempt has written; of very much, the end.

    Attributes
    ----------
    data
        The text, from the beginning of line `first`.
    first
        The number of the first line that is there: 0, unless the log is large.
    ends
        Where in `data` each line ends: int, shape (n,).
    events
        The numbers of the lines that are events, ascending: int, shape (m,).
    """

    stream: Stream
    data: bytes
    first: int
    ends: np.ndarray
    events: np.ndarray

    @property
    def length(self) -> int:
        """How many lines there are, with those that were left out."""
        return self.first + len(self.ends)

    def time(self, line: int) -> int:
        """Return the time of a line, ms since 1970."""
        return self.stream.began + line

    def text(self, line: int) -> str:
        """Return a line without its end."""
        place = line - self.first
        start = int(self.ends[place - 1]) + 1 if place else 0
        return self.data[start : int(self.ends[place])].decode("utf-8", "replace")

    def between(self, start: int | None, end: int | None) -> np.ndarray:
        """Return the events of times from `start` on and before `end`: int, ascending."""
        first = 0 if start is None else start - self.stream.began
        last = self.length if end is None else end - self.stream.began
        return self.events[np.searchsorted(self.events, first) : np.searchsorted(self.events, last)]


def find_stream(state: State, name: str) -> Stream | None:
    """Return the attempt that a log stream is of; None if there is none."""
    told = read_stream(name)
    if told is None or told[0] not in state.jobs:
        return None
    job_id, index, attempt = told
    job = state.jobs[job_id]
    if index >= job.size or stream_name(job.spec.definition, *told) != name:
        return None
    found = _of_child(job, index, job.children[index], job.past.get(index, ()))
    return next((each for each in found if each.attempt == attempt), None)


def streams(
    engine: Engine, prefix: str = "", after: str | None = None, *, descending: bool = False
) -> Iterator[Stream]:
    """Go through the attempts that have begun and whose streams' names begin so, by their names.

    The engine is looked at job by job, and goes on in between.

    Parameters
    ----------
    after
        Jobs of which all streams stand before this one are left out.
    """
    with engine.reading() as state:
        jobs = list(state.jobs.values())
    for stem, job in sorted(((_stem(each), each) for each in jobs), key=lambda each: each[0], reverse=descending):
        is_past = after is not None and not after.startswith(stem) and (stem > after if descending else stem < after)
        if not is_past and (stem.startswith(prefix) or prefix.startswith(stem)):
            found = (each for each in _of_job(engine, job) if each.name.startswith(prefix))
            yield from sorted(found, key=lambda each: each.name, reverse=descending)


def _stem(job: Job) -> str:
    """Return how the names of a job's streams begin; of no two jobs does one begin as the other."""
    return stream_name(job.spec.definition, job.id, 0, 1).removesuffix("0.1")


def _of_job(engine: Engine, job: Job) -> Iterator[Stream]:
    with engine.reading():
        rows = np.flatnonzero(job.children["attempt"])
        children = job.children[rows]
        past = {index: tuple(each) for index, each in job.past.items()}
    for index, child in zip(rows.tolist(), children, strict=True):
        yield from _of_child(job, index, child, past.get(index, ()))


def _of_child(job: Job, index: int, child: Any, past: Sequence[Attempt]) -> Iterator[Stream]:
    times = [(each.started, each.stopped or None) for each in past]
    if child["attempt"] > len(past) and child["status"] >= Status.RUNNING:
        times.append((int(child["started"]), int(child["stopped"]) or None))
    for attempt, (began, ended) in enumerate(times, 1):
        if began:
            name = stream_name(job.spec.definition, job.id, index, attempt)
            yield Stream(name, job.id, index, attempt, began, ended)


def read_log(folder: Path, stream: Stream) -> Log:
    """Read what an attempt has written, the last `LARGEST` bytes of it at most; nothing, if its log is gone."""
    data, first = _data(folder, stream)
    if stream.ended is not None and not data.endswith(b"\n"):
        data += b"\n"
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1) - 1
    return Log(stream, data, first, ends, np.flatnonzero(lengths) + first)


def _data(folder: Path, stream: Stream) -> tuple[bytes, int]:
    """Look for a log in all environments: its queue may have others by now."""
    place = folder / "environments"
    environments = sorted(each.name for each in place.iterdir()) if place.is_dir() else []
    found = {
        "jobId": stream.job,
        "index": stream.index,
        "attempts": stream.attempt,
        "environments": environments,
        "done_in": None,
    }
    try:
        with find_log(folder, found, stream.attempt).open("rb") as file:
            return _end_of(file)
    except (JobError, FileNotFoundError):
        return b"", 0


def _end_of(file: BinaryIO) -> tuple[bytes, int]:
    """Return the last `LARGEST` bytes, from where a line begins, and how many lines there are before."""
    skipped = max(0, file.seek(0, os.SEEK_END) - LARGEST)
    file.seek(0)
    left, lines = skipped, 0
    while left and (piece := file.read(min(left, PIECE))):
        left -= len(piece)
        lines += piece.count(b"\n")
    if skipped:
        lines += file.readline(LARGEST).endswith(b"\n")
    return file.read(LARGEST), lines
