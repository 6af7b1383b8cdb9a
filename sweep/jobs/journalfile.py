"""The SQLite file under the journal: made, opened, locked; and its errors in our words."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, JobError, SweepError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["VERSION", "guarded", "locked", "meta", "open_for_reading", "open_for_writing", "writing"]

VERSION = 2
APPLICATION = 0x5357_4A4E
"""What tells a journal from other programs' SQLite files: the letters SWJN."""

_TABLES = """
CREATE TABLE events (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE snapshots (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_FROM_1 = """
ALTER TABLE snapshots RENAME TO old;
CREATE TABLE snapshots (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL);
INSERT INTO snapshots SELECT number, 0, body FROM old;
DROP TABLE old;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def locked(path: Path) -> Any:
    """Take a lock that goes with this process, and return the file that holds it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JobError(f"another engine is at work in {path.parent}") from None
    return file


def open_for_writing(path: Path, rules: int, relaxed: tuple[str, ...]) -> sqlite3.Connection:
    """Open a journal, which is made if it is not there.

    Parameters
    ----------
    rules, relaxed
        What a new journal is written by; an old one of version 1 does not say, and is taken to be of rules 0.
    """
    with guarded(path):
        database = sqlite3.connect(path, check_same_thread=False)
        try:
            _prepare(database, path, rules, relaxed)
        except BaseException:
            database.close()
            raise
    return database


def _prepare(database: sqlite3.Connection, path: Path, rules: int, relaxed: tuple[str, ...]) -> None:
    version = _version(database, path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    if version == VERSION:
        return
    told = {"rules": rules if version == 0 else 0, "relaxed": relaxed}
    rows = "".join(f"INSERT INTO meta VALUES ('{name}', '{json.dumps(value)}');" for name, value in told.items())  # noqa: S608 - known names
    marks = f"PRAGMA application_id={APPLICATION}; PRAGMA user_version={VERSION};"
    database.executescript(f"BEGIN; {_FROM_1 if version else _TABLES} {rows} {marks} COMMIT;")


def _version(database: sqlite3.Connection, path: Path) -> int:
    """Return the version of a journal, 0 of an empty file; refuse another program's."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    is_first = application == 0 and version == 1 and tables == {"events", "snapshots"}
    if tables and application != APPLICATION and not is_first:
        raise CorruptError(f"{path} is not a journal: another program's database")
    if version > VERSION:
        raise CorruptError(f"{path} is a journal of version {version}; this engine knows {VERSION}")
    return version if tables else 0


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a journal that an engine may be writing to; what is read is all of one moment."""
    with guarded(path):
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        database.execute("BEGIN")
    return database


def meta(database: sqlite3.Connection, name: str) -> Any:
    """Return what a journal says of itself."""
    return json.loads(database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])


@contextmanager
def guarded(path: Path) -> Generator[None]:
    """Tell SQLite's errors: those of the disk or of permissions from those of a damaged file."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise SweepError(f"{path} cannot be read or written: {error}") from None
    except sqlite3.DatabaseError as error:
        raise CorruptError(f"{path} is not a journal, or a damaged one: {error}") from None


@contextmanager
def writing(database: sqlite3.Connection, path: Path, *, safely: bool) -> Generator[None]:
    """Write all or nothing; `safely` so that it survives a power cut, which costs a wait for the disk."""
    with guarded(path):
        database.execute(f"PRAGMA synchronous={'FULL' if safely else 'NORMAL'}")
        with database:
            yield
