"""Going on with what was submitted, from a machine that has the store alone."""

from __future__ import annotations

import pytest

from sweep.store import open_store
from tests.submit.rig import children_of, run_container, same_as_run, start, submit, sweep, sweep_said, wait_for


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Leave the study's folder."""

    def leave():
        monkeypatch.chdir(tmp_path)

    return leave


def test_resume_after_half(here, store, queue, tmp_path, elsewhere):
    """Two of five shards are there, one of them reduced: the others are sent, of the same wave, and what was left to reduce."""
    submit("study.py", store, queue, "--shards", "5")
    first = children_of(store)
    for command, index, stage in first:
        if (stage, index) in {("map", 1), ("map", 3), ("reduce", 3)}:
            run_container(command, index)
    elsewhere()
    assert "finished  12 of 30 blocks (40.0 %), in 2 shards" in sweep("status", store)
    sweep("resume", store)
    again = children_of(store)
    assert [(stage, index) for _, index, stage in again] == [
        *(("map", i) for i in range(3)),
        *(("reduce", i) for i in range(3)),
        ("rest", None),
        ("merge", None),
    ]
    for command, index, _ in again:
        run_container(command, index)
    assert [each.key for each in open_store(store).list("waves/")] == ["waves/000001.json"]
    assert same_as_run(store, here / "study.py", tmp_path / "run")
    assert "holds the result already; nothing is submitted" in sweep_said("resume", store)
    assert len(list(open_store(store).list("submissions/"))) == 2


def test_a_run_here_goes_on_with_what_was_submitted(here, store, queue, tmp_path):
    submit("study.py", store, queue, "--shards", "4")
    for command, index, stage in children_of(store):
        if stage == "map" and index < 3:
            run_container(command, index)
    sweep("run", "study.py", "--store", store, "--quiet")
    assert "100.0 %" in sweep("status", store)
    assert same_as_run(store, "study.py", tmp_path / "run")


def test_what_was_run_here_is_gone_on_with_there(here, store, queue, tmp_path):
    """More trials than were run here: only those are submitted, and the merge takes both."""
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "9_000", "--shards", "3")
    submit("study.py", store, queue, "--shards", "2")
    for command, index, _ in children_of(store):
        run_container(command, index)
    assert same_as_run(store, "study.py", tmp_path / "run")


def test_only_reductions_and_the_merge_are_left(here, store, queue, tmp_path):
    sweep("run", "study.py", "--store", store, "--quiet", "--shards", "3")
    place = open_store(store)
    place.delete(["result.parquet", "reduce/000001/00000.parquet", "reduce/000001/00002.parquet"])
    submit("study.py", store, queue)
    children = children_of(store)
    assert [(stage, index) for _, index, stage in children] == [("rest", 0), ("rest", 1), ("merge", None)]
    for command, index, _ in children:
        run_container(command, index)
    assert [each.key for each in place.list("waves/")] == ["waves/000001.json"]
    assert same_as_run(store, "study.py", tmp_path / "run")


def test_another_sweep_is_replaced_when_that_is_wanted(here, store, queue):
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "100")
    submit("study.py", store, queue, "--seed", "5", "--shards", "2", "--replace")
    assert "seed 5" in sweep("status", store)
    assert not list(open_store(store).list("map/"))


def test_nothing_was_submitted(here, store, queue):
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "100")
    assert f"`sweep submit STUDY --store {store}`" in sweep("resume", store, code=2)
    assert "nothing was submitted from" in sweep("cancel", store, code=2)


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]"])
def test_a_record_that_is_damaged(here, store, data):
    """Nobody knows what it submitted, so nothing is submitted beside it; a file that is no record is not looked at."""
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "100")
    open_store(store).create("submissions/notes.txt", b"by hand")
    open_store(store).create("submissions/20260101T000000-0000.json", data)
    for command in ("status", "cancel", "resume"):
        assert "submissions/20260101T000000-0000.json is no record of a submission" in sweep(command, store, code=1)


def test_wait_prints_the_table(here, store, queue):
    """The jobs of this endpoint succeed at once, so a run here writes what they would have."""
    submit("study.py", store, queue, "--shards", "2")
    for command, index, _ in children_of(store):
        run_container(command, index)
    told = sweep("resume", store, "--wait")
    assert told == sweep("run", "study.py", "--store", store)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (137, "`sweep resume` sends the rest"),
        (1, "the same trial would fail again: mend the study and submit it"),
    ],
)
def test_wait_tells_which_child_failed(here, store, stubborn, code, advice):
    stubborn.children = [
        {
            "jobId": "job-0:1",
            "arrayProperties": {"index": 1},
            "container": {"exitCode": code},
            "statusReason": "Essential container in task exited",
        }
    ]
    process = start_waiting(store, stubborn)
    wait_for(lambda: len(stubborn.named("submitjob")) == 3 and stubborn.named("describejobs"), process)
    for each in stubborn.jobs.values():
        each["status"] = "FAILED"
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out.count("\n") == 3
    last = err.strip().splitlines()[-1]
    assert last.startswith(f"sweep: map job-0: child 1 failed: Essential container in task exited (exit code {code}); ")
    assert last.endswith(advice)


def start_waiting(store, stubborn):
    words = ["submit", "study.py", "--store", store, "--queue", "q", "--image", "i", "--shards", "2"]
    return start([*words, "--endpoint-url", stubborn.url, "--wait"])


def test_a_child_that_is_run_twice(here, store, queue):
    """A retry after all was written finds it, and does nothing."""
    submit("study.py", store, queue, "--shards", "2")
    command, index, _ = children_of(store)[0]
    run_container(command, index)
    assert run_container(command, index) == "sweep: shard 0 of wave 1 is in the store already\n"
