"""The journal: every event, in order, in an SQLite file; and a snapshot of the state now and then.

An event is written before anything is done about it. SQLite's write-ahead log survives the death of the process at any instruction.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, JobError
from sweep.jobs.codec import decode, encode
from sweep.jobs.engine import handle
from sweep.jobs.events import KINDS
from sweep.jobs.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.jobs.events import Event

__all__ = ["Journal", "read_events"]

VERSION = 1
SNAPSHOT_EVERY = 20_000
"""Events; reading so many anew takes about two seconds."""

_TABLES = """
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS snapshots (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""


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
        If it is not a journal, or of a later version.
    """

    def __init__(self, folder: Path, relaxed: tuple[str, ...] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._relaxed = relaxed
        self._lock = _locked(folder / "lock")
        self._file = folder / "journal.sqlite"
        self._database = _opened(self._file)
        self._since_snapshot = 0

    def append(self, events: list[tuple[Event, int]]) -> None:
        """Write events with their times (ms since 1970), all or none."""
        rows = [(at, type(event).__name__, json.dumps(encode(event), separators=(",", ":"))) for event, at in events]
        with self._database:
            self._database.executemany("INSERT INTO events (at, kind, body) VALUES (?, ?, ?)", rows)
        self._since_snapshot += len(rows)

    def keep(self, state: State) -> None:
        """Write a snapshot if the last one is long ago."""
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self.snapshot(state)

    def snapshot(self, state: State) -> None:
        """Write down the state as it is after the last event; older snapshots go."""
        body = zlib.compress(json.dumps(encode(state)).encode(), 1)
        with self._database:
            (number,) = self._database.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()
            self._database.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", (number, body))
            self._database.execute("DELETE FROM snapshots WHERE number < ?", (number,))
        self._since_snapshot = 0

    def load(self) -> State:
        """Return the state that the journal tells of."""
        row = self._database.execute("SELECT number, body FROM snapshots ORDER BY number DESC LIMIT 1").fetchone()
        number, state = 0, State(relaxed=self._relaxed)
        if row is not None:
            number, state = row[0], decode(State, json.loads(zlib.decompress(row[1])))
            state.index()
        for at, event in self.events(number):
            handle(state, event, at)
            self._since_snapshot += 1
        return state

    def events(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Go through the events, each with its time, from number `after` + 1 on."""
        rows: Any = self._database.execute(
            "SELECT at, kind, body FROM events WHERE number > ? ORDER BY number", (after,)
        )
        for at, kind, body in rows:
            yield at, decode(KINDS[kind], json.loads(body))

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        self._lock.close()


def read_events(folder: Path) -> Iterator[tuple[int, Event]]:
    """Read the events of a journal that an engine may be writing to, each with its time."""
    database = sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)
    with closing(database):
        for at, kind, body in database.execute("SELECT at, kind, body FROM events ORDER BY number"):
            yield at, decode(KINDS[kind], json.loads(body))


def _locked(path: Path) -> Any:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JobError(f"another engine is at work in {path.parent}") from None
    return file


def _opened(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise CorruptError(f"{path} is a journal of version {version}; this engine knows {VERSION}")
        database.executescript(_TABLES)
        database.execute(f"PRAGMA user_version={VERSION}")
    except sqlite3.DatabaseError as error:
        raise CorruptError(f"{path} is not a journal: {error}") from None
    return database
