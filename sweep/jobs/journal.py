"""The journal: every event, in order, in an SQLite file; and a snapshot of the state now and then.

An event is written before anything is done about it. SQLite's write-ahead log survives the death of the process at any instruction. What a
user was told is done survives a power cut too; of what workers told the last moments may be lost with the machine that they ran on.

All events in the file were decided upon by the same `sweep.jobs.engine.RULES`. They begin from nothing, or from the oldest snapshot. Beside
the last snapshot one a day is kept: when it is older than jobs are shown, the events begin from there.
"""

from __future__ import annotations

import json
import zlib
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, JobError, SweepError
from sweep.jobs.codec import decode, encode
from sweep.jobs.engine import RULES, handle
from sweep.jobs.events import KINDS, Begun, Ended, Tag, Tick, Unserved
from sweep.jobs.journalfile import guarded, locked, meta, open_for_reading, open_for_writing, writing
from sweep.jobs.limits import RETENTION, check_relaxations
from sweep.jobs.state import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from sweep.jobs.events import Event

__all__ = ["Journal", "read_story"]

FILE = "journal.sqlite"
SNAPSHOT_EVERY = 20_000
"""Events; reading so many anew takes about two seconds."""
DAY = 86_400_000
"""ms."""

_NO_REQUESTS = (Begun, Ended, Unserved, Tick)
"""Nobody was told that these are done, so they are not worth a wait for the disk."""


class Journal:
    """A journal in a folder, for one engine at a time.

    Parameters
    ----------
    folder
        Made if it is not there.
    relaxed
        Limits that a new engine does not hold to; an old one keeps its own.

    Raises
    ------
    JobError
        If another engine has it.
    CorruptError
        If it is not a journal, is damaged, or of a later version.
    SweepError
        If it cannot be opened or written.
    """

    def __init__(self, folder: Path, relaxed: tuple[str, ...] = ()) -> None:
        check_relaxations(relaxed)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._file = folder / FILE
        self._lock = locked(folder / "lock")
        try:
            self._database = open_for_writing(self._file, RULES, relaxed)
        except BaseException:
            self._lock.close()
            raise
        self._number = _last_number(self._database)
        self._since_snapshot = 0
        self._told: dict[str, str] = {}

    def append(self, events: list[tuple[Event, int]]) -> None:
        """Write events with their times (ms since 1970), all or none; a user's request so that it survives a power cut."""
        rows = [
            (number, at, type(event).__name__, json.dumps(encode(event), separators=(",", ":")))
            for number, (event, at) in enumerate(events, self._number + 1)
        ]
        asked = not all(isinstance(event, _NO_REQUESTS) for event, _ in events)
        with writing(self._database, self._file, safely=asked):
            self._database.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)
        for event, _ in events:
            if isinstance(event, Tag):
                self._told.pop(event.name, None)
        self._number += len(rows)
        self._since_snapshot += len(rows)

    def keep(self, state: State) -> None:
        """Write a snapshot if the last one is long ago."""
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self.snapshot(state)

    def snapshot(self, state: State) -> None:
        """Write down the state as it is after the last event; events and snapshots that are no longer needed go."""
        body = zlib.compress(self._text(state).encode(), 1)
        with writing(self._database, self._file, safely=True):
            self._database.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (self._number, state.now, body))
            if meta(self._database, "rules") != RULES:
                self._begin_from(self._number)
                self._database.execute("UPDATE meta SET value = ? WHERE name = 'rules'", (str(RULES),))
            self._thin(state.now)
        self._since_snapshot = 0

    def _text(self, state: State) -> str:
        """Return the state as JSON. A job that has ended never changes but in its tags: its part is kept from one snapshot to the next."""
        parts = {job.id: self._told.get(job.id) or json.dumps(encode(job)) for job in state.jobs.values()}
        self._told = {name: part for name, part in parts.items() if not state.jobs[name].live}
        rest = json.dumps(encode(replace(state, jobs={})))
        jobs = ",".join(f"{json.dumps(name)}:{part}" for name, part in parts.items())
        return f'{rest[:-1]}{"," if len(rest) > 2 else ""}"jobs":{{{jobs}}}}}'

    def _thin(self, now: int) -> None:
        """Keep the first snapshot of each day and the last one of all, and no events from before what is still shown."""
        *older, _ = self._database.execute("SELECT number, at FROM snapshots ORDER BY number").fetchall()
        days: dict[int, int] = {}
        for number, at in older:
            days.setdefault(at // DAY, number)
        needless = [number for number, at in older if days[at // DAY] != number]
        self._database.executemany("DELETE FROM snapshots WHERE number = ?", [(each,) for each in needless])
        past = [number for number, at in older if at < now - RETENTION and number not in needless]
        if past:
            self._begin_from(past[-1])

    def _begin_from(self, number: int) -> None:
        """Forget what came before a snapshot."""
        self._database.execute("DELETE FROM events WHERE number <= ?", (number,))
        self._database.execute("DELETE FROM snapshots WHERE number < ?", (number,))

    def load(self) -> State:
        """Return the state that the journal tells of; from an earlier snapshot, or from the beginning, where a later one is damaged.

        Raises
        ------
        CorruptError
            If it is damaged beyond that.
        JobError
            If events are left that other rules decided upon.
        """
        with guarded(self._file):
            number, state = _start(self._database, self._file, newest=True)
            rules = meta(self._database, "rules")
            for place, (at, event) in enumerate(self.events(number), number + 1):
                if rules != RULES:
                    raise JobError(
                        f"{self._file} was left by an engine of other rules ({rules}, not {RULES}) that did not end well: start and"
                        " end it with the version of sweep that wrote it, then try again"
                    )
                _play(state, event, at, f"event {place} of {self._file}")
                self._since_snapshot += 1
        return state

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Go through the events, each with its time, from number `after` + 1 on."""
        return _events(self._database, self._file, after)

    def close(self) -> None:
        """Let go of the files."""
        try:
            self._database.close()
        finally:
            self._lock.close()


def read_story(folder: Path) -> tuple[State, Iterator[tuple[int, Event]]]:
    """Read a journal that an engine may be writing to: from where it begins, and the events since then, each with its time."""
    path = folder / FILE
    database = open_for_reading(path)
    with guarded(path):
        number, state = _start(database, path, newest=False)
    return state, _closing(database, _events(database, path, number))


def _closing(database: sqlite3.Connection, events: Iterator[tuple[int, Event]]) -> Iterator[tuple[int, Event]]:
    with closing(database):
        yield from events


def _last_number(database: sqlite3.Connection) -> int:
    numbers = "SELECT number FROM events UNION SELECT number FROM snapshots"
    return database.execute(f"SELECT coalesce(max(number), 0) FROM ({numbers})").fetchone()[0]  # noqa: S608 - no input


def _start(database: sqlite3.Connection, path: Path, *, newest: bool) -> tuple[int, State]:
    """Return the state to play events from, and the number of the last event before it."""
    (first,) = database.execute("SELECT min(number) FROM events").fetchone()
    snapshots = database.execute("SELECT number, body FROM snapshots ORDER BY number").fetchall()
    whole = first == 1 or not snapshots
    damage = ""
    for number, body in reversed(snapshots) if newest else (() if whole else snapshots):
        try:
            return number, _state(body)
        except (CorruptError, JobError, LookupError, TypeError, ValueError, zlib.error) as error:
            damage = f"snapshot {number} of {path} cannot be read: {type(error).__name__}: {error}"
    if not whole:
        raise CorruptError(f"{damage}, and the events before it are no longer there")
    return 0, State(relaxed=tuple(meta(database, "relaxed")))


def _state(body: bytes) -> State:
    told = json.loads(zlib.decompress(body))
    for job in told.get("jobs", {}).values():
        if "busy" in job:  # rules 0 kept the seconds of all attempts together
            job["pace"] = job.pop("busy") / max(1, job.get("ended", 1))
    state = decode(State, told)
    state.index()
    return state


def _events(database: sqlite3.Connection, path: Path, after: int) -> Iterator[tuple[int, Event]]:
    rows: Any = database.execute("SELECT number, at, kind, body FROM events WHERE number > ? ORDER BY number", (after,))
    for expected, (number, at, kind, body) in enumerate(rows, after + 1):
        if number != expected:
            raise CorruptError(f"event {expected} of {path} is missing")
        if kind not in KINDS:
            raise CorruptError(f"event {number} of {path} is of an unknown kind, {kind!r}")
        try:
            yield at, decode(KINDS[kind], json.loads(body))
        except (JobError, ValueError, TypeError) as error:
            raise CorruptError(f"event {number} of {path} cannot be read: {error}") from None


def _play(state: State, event: Event, at: int, where: str) -> None:
    """Handle an event that was handled before: whatever goes wrong now did not then."""
    try:
        handle(state, event, at)
    except SweepError as error:
        raise CorruptError(f"{where} is refused, though it was accepted: {error}") from None
