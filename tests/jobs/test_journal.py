"""The journal: what was written is what is read, at any moment of any death."""

from __future__ import annotations

import json
import sqlite3

import pytest

from sweep.errors import CorruptError, JobError
from sweep.jobs import journal as module
from sweep.jobs.codec import encode
from sweep.jobs.engine import handle
from sweep.jobs.journal import VERSION, Journal
from sweep.jobs.state import State
from tests.jobs.rig import Rig


@pytest.fixture
def story():
    """Events of a small life, with their times, and the state that they lead to."""
    rig = Rig()
    rig.submit(size=5)
    rig.begin("j1")
    rig.end("j1", 0, 1)
    rig.submit(after=["j1"])
    rig.cancel("j2")
    rig.end("j1")
    return rig.events, rig.state


def test_what_was_written_is_read_again(tmp_path, story):
    events, state = story
    journal = Journal(tmp_path)
    journal.append(events)
    journal.close()
    again = Journal(tmp_path)
    assert encode(again.load()) == encode(state)
    assert [(event, at) for at, event in again.events()] == events
    again.close()


@pytest.mark.parametrize("cut", range(0, 12, 3))
def test_a_snapshot_and_what_came_after_it_are_as_good_as_everything(tmp_path, story, cut):
    events, state = story
    journal, half = Journal(tmp_path), State()
    journal.append(events[:cut])
    for event, at in events[:cut]:
        handle(half, event, at)
    journal.snapshot(half)
    journal.append(events[cut:])
    journal.close()
    again = Journal(tmp_path)
    loaded = again.load()
    assert encode(loaded) == encode(state)
    assert (loaded.dependents, {k: v for k, v in loaded.waiting.items() if v}) == (
        state.dependents,
        {k: v for k, v in state.waiting.items() if v},
    )
    again.close()


def test_a_snapshot_is_taken_now_and_then(tmp_path, story, monkeypatch):
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 4)
    events, state = story
    journal = Journal(tmp_path)
    journal.append(events[:3])
    journal.keep(state)
    assert count(tmp_path, "snapshots") == 0
    journal.append(events[3:])
    journal.keep(state)
    journal.close()
    assert count(tmp_path, "snapshots") == 1


def count(folder, table):
    with sqlite3.connect(folder / "journal.sqlite") as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_relaxations_are_the_journals_own(tmp_path):
    journal = Journal(tmp_path, ("large-arrays",))
    journal.snapshot(journal.load())
    journal.close()
    again = Journal(tmp_path)
    assert again.load().relaxed == ("large-arrays",)
    again.close()


def test_one_engine_at_a_time(tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(JobError, match="another engine is at work in"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


def test_a_file_that_is_no_journal_is_named(tmp_path):
    (tmp_path / "journal.sqlite").write_bytes(b"not a database at all, but long enough to look like one" * 40)
    with pytest.raises(CorruptError, match=r"journal\.sqlite is not a journal"):
        Journal(tmp_path)


def test_a_later_version_is_not_guessed_at(tmp_path):
    Journal(tmp_path).close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(CorruptError, match=f"of version {VERSION + 1}"):
        Journal(tmp_path)


def test_events_are_json_that_people_can_read(tmp_path, story):
    journal = Journal(tmp_path)
    journal.append(story[0])
    journal.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        rows = database.execute("SELECT kind, body FROM events").fetchall()
    assert {kind for kind, _ in rows} >= {"Submit", "Begun", "Ended", "Cancel"}
    assert json.loads(rows[3][1])["request"]["size"] == 5
