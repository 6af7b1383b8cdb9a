"""The journal: what was written is what is read, at any moment of any death."""

from __future__ import annotations

import json
import sqlite3
import zlib

import pytest

from sweep.errors import CorruptError, JobError, SweepError
from sweep.jobs import journal as module
from sweep.jobs.codec import decode, encode
from sweep.jobs.engine import handle
from sweep.jobs.environment import Environment
from sweep.jobs.events import KINDS, Begun, Ended, PutEnvironment, Tag, Taggable
from sweep.jobs.journal import DAY, Journal, read_story
from sweep.jobs.journalfile import VERSION
from sweep.jobs.state import State
from tests.jobs.rig import Rig, check_snapshot


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
    written(tmp_path, events, state, cut=cut)
    again = Journal(tmp_path)
    loaded = again.load()
    assert encode(loaded) == encode(state)
    check_snapshot(loaded)
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


def test_tags_that_came_after_a_snapshot_are_in_the_next_one(tmp_path):
    rig = Rig()
    rig.submit(tags={"a": "1"})
    rig.run_all()
    journal = Journal(tmp_path)
    journal.append(rig.events)
    journal.snapshot(rig.state)
    before = len(rig.events)
    rig.tell(Tag(Taggable.JOB, "j1", {"b": "2"}))
    journal.append(rig.events[before:])
    journal.snapshot(rig.state)
    journal.close()
    again = Journal(tmp_path)
    assert again.load().jobs["j1"].spec.tags == {"a": "1", "b": "2"}
    again.close()


def test_events_from_before_there_were_consumable_resources_are_read():
    told = {
        "PutEnvironment": {"environment": {"name": "here", "vcpus": 4.0, "memory": 1000}, "new": True},
        "PutQueue": {"queue": {"name": "main", "priority": 1, "environments": ["here"]}, "new": True},
        "Register": {"definition": {"name": "task", "container": {"command": ["true"], "recorded": {"user": "me"}}}},
        "Submit": {"jobId": "j1", "request": {"name": "job", "queue": "main", "definition": "task", "size": 2}},
    }
    state = State()
    for kind, body in told.items():
        handle(state, decode(KINDS[kind], body), 1)
    assert state.jobs["j1"].container(0).consumables == {}
    assert state.environments["here"].recorded == {}
    check_snapshot(state)


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


def change(folder, statement, *values):
    with sqlite3.connect(folder / "journal.sqlite") as database:
        database.execute(statement, values)
    database.close()


def written(folder, events, state, *, cut):
    """Write a journal with a snapshot after `cut` events."""
    journal, half = Journal(folder), State()
    journal.append(events[:cut])
    for event, at in events[:cut]:
        handle(half, event, at)
    journal.snapshot(half)
    journal.append(events[cut:])
    journal.close()


def loaded(folder):
    journal = Journal(folder)
    try:
        return journal.load()
    finally:
        journal.close()


def test_relaxations_are_there_before_the_first_snapshot(tmp_path):
    Journal(tmp_path, ("large-arrays",)).close()
    assert loaded(tmp_path).relaxed == ("large-arrays",)
    with pytest.raises(JobError, match="'lax' is not known"):
        Journal(tmp_path, ("lax",))


def test_of_a_damaged_snapshot_the_events_are_read_instead(tmp_path, story):
    events, state = story
    written(tmp_path, events, state, cut=6)
    change(tmp_path, "UPDATE snapshots SET body = ?", b"torn")
    assert encode(loaded(tmp_path)) == encode(state)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE events SET kind = 'Wish' WHERE number = 5", r"event 5 of .* is of an unknown kind, 'Wish'"),
        ("UPDATE events SET body = '{\"lea' WHERE number = 6", r"event 6 of .* cannot be read"),
        ('UPDATE events SET body = \'{"lease": "x"}\' WHERE number = 6', r"event 6 of .* cannot be read"),
        (
            "UPDATE events SET kind = 'Submit', body = (SELECT body FROM events WHERE number = 4) WHERE number = 1",
            "event 1 .* is refused",
        ),
        ("DELETE FROM events WHERE number = 5", r"event 5 of .* is missing"),
        ("DELETE FROM events WHERE number = 1", r"event 1 of .* is missing"),
    ],
)
def test_damage_is_named(tmp_path, story, statement, told):
    journal = Journal(tmp_path)
    journal.append(story[0])
    journal.close()
    change(tmp_path, statement)
    with pytest.raises(CorruptError, match=told):
        loaded(tmp_path)


def test_a_damaged_snapshot_without_the_events_before_it_is_named(tmp_path, story):
    written(tmp_path, *story, cut=6)
    change(tmp_path, "UPDATE snapshots SET body = ?", b"torn")
    change(tmp_path, "DELETE FROM events WHERE number <= 6")
    with pytest.raises(CorruptError, match=r"snapshot 6 of .* cannot be read.* no longer there"):
        loaded(tmp_path)


def test_events_that_other_rules_decided_upon_are_not_played(tmp_path, story):
    events, state = story
    written(tmp_path, events, state, cut=6)
    change(tmp_path, "UPDATE meta SET value = '0' WHERE name = 'rules'")
    with pytest.raises(JobError, match=r"other rules \(0, not \d+\) that did not end well"):
        loaded(tmp_path)


def test_a_journal_of_other_rules_that_was_ended_well_begins_anew_from_its_snapshot(tmp_path, story):
    events, state = story
    written(tmp_path, events, state, cut=len(events))
    change(tmp_path, "UPDATE meta SET value = '0' WHERE name = 'rules'")
    journal = Journal(tmp_path)
    assert encode(journal.load()) == encode(state)
    journal.snapshot(state)
    journal.append(events[:1])
    journal.close()
    assert count(tmp_path, "events") == 1
    with pytest.raises(
        CorruptError, match="is refused"
    ):  # the environment is there already: it was played from the snapshot
        loaded(tmp_path)


def test_a_journal_of_the_first_version_is_taken_over(tmp_path, story):
    events, state = story
    written(tmp_path, events, state, cut=len(events))
    told = encode(state)
    told["jobs"]["j1"]["busy"] = told["jobs"]["j1"].pop("pace") * told["jobs"]["j1"]["ended"]
    change(tmp_path, "UPDATE snapshots SET body = ?", zlib.compress(json.dumps(told).encode()))
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.executescript(
            "DROP TABLE meta; ALTER TABLE snapshots DROP COLUMN at; PRAGMA application_id = 0; PRAGMA user_version = 1"
        )
    database.close()
    assert encode(loaded(tmp_path)) == encode(state)


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    change(tmp_path, "CREATE TABLE bookmarks (page TEXT)")
    with pytest.raises(CorruptError, match="another program's database"):
        Journal(tmp_path)
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        assert [name for (name,) in database.execute("SELECT name FROM sqlite_master")] == ["bookmarks"]


def test_after_a_failed_opening_the_lock_is_free(tmp_path):
    file = tmp_path / "journal.sqlite"
    file.write_bytes(b"not a database at all, but long enough to look like one" * 40)
    with pytest.raises(CorruptError):
        Journal(tmp_path)
    file.unlink()
    Journal(tmp_path).close()


def test_a_file_that_cannot_be_written_is_not_called_corrupt(tmp_path, story):
    journal = Journal(tmp_path)
    journal._database.execute("PRAGMA query_only=1")
    with pytest.raises(SweepError, match="cannot be read or written: attempt to write a readonly database") as raised:
        journal.append(story[0])
    assert not isinstance(raised.value, CorruptError)
    journal.close()


def test_requests_survive_a_power_cut(tmp_path, story):
    journal = Journal(tmp_path)
    for event, at in story[0]:
        journal.append([(event, at)])
        (level,) = journal._database.execute("PRAGMA synchronous").fetchone()
        assert level == (1 if isinstance(event, Begun | Ended) else 2)
    journal.close()


def test_a_journal_is_read_in_a_folder_of_any_name(tmp_path, story):
    events, state = story
    folder = tmp_path / "50% of #1?"
    journal = Journal(folder)
    journal.append(events)
    begin, told = read_story(folder)
    for at, event in told:
        handle(begin, event, at)
    assert encode(begin) == encode(state)
    journal.close()


def test_what_is_older_than_jobs_are_shown_goes(tmp_path):
    journal, state, days = Journal(tmp_path), State(), 12
    for day in range(days):
        for hour in (1, 2, 3):
            at = (1000 + day) * DAY + hour
            event = PutEnvironment(Environment(f"e{day}-{hour}", 1, 100), new=True)
            handle(state, event, at)
            journal.append([(event, at)])
            journal.snapshot(state)
    journal.close()
    assert count(tmp_path, "snapshots") == 9
    assert count(tmp_path, "events") == 3 * 8 - 1
    begin, told = read_story(tmp_path)
    assert len(begin.environments) == 3 * 4 + 1
    for at, event in told:
        handle(begin, event, at)
    assert encode(begin) == encode(state) == encode(loaded(tmp_path))
