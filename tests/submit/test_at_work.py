"""What is at work: shown, ended, and not submitted once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweep.store import open_store
from sweep.submit.record import write_record
from tests.submit.rig import last_record, start, submit, sweep, sweep_said, wait_for


def test_status_counts_children(here, store, stubborn):
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "3")
    told = sweep("status", store)
    name = last_record(store).name
    assert f"submitted {name} to q: map 1 running, 2 pending; reduce 1 running, 2 pending; merge 1 pending" in told
    stubborn.jobs.clear()
    assert "map forgotten by AWS Batch" in sweep("status", store)


def test_status_without_an_answer(here, store, stubborn):
    """What the store holds is told all the same."""
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "3")
    told = sweep("status", store, "--endpoint-url", "http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert "finished  0 of 30 blocks" in told
    assert "3 jobs, of which nothing is known: AWS Batch does not answer at http://127.0.0.1:9" in told


def test_status_leaves_out_what_has_long_ended(here, store, stubborn):
    """The last three are shown, and those that are at work; an endpoint that does not answer is asked once."""
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "3")
    place, record = open_store(store), last_record(store)
    for i in range(5):
        write_record(place, replace(record, name=f"{record.name[:-4]}{i}000", jobs=()))
    write_record(place, replace(record, name="20200101T000000-0000"))
    shown = [each for each in sweep("status", store).splitlines() if each.startswith("submitted")]
    assert shown[0].startswith("submitted ")
    assert shown[0].endswith(" times before, which is over")
    assert "submitted 20200101T000000-0000 to q: map 1 running" in shown[1]
    told = sweep("status", store, "--endpoint-url", "http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert told.count("does not answer") <= 1
    assert told.count("of which nothing is known either") >= 2


def test_cancel_ends_what_is_at_work(here, store, stubborn):
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "3")
    for again in ("submit", "resume"):
        text = (
            submit("study.py", store, "q", "--endpoint-url", stubborn.url, code=2)
            if again == "submit"
            else sweep("resume", store, code=2)
        )
        assert "is at work on" in text
        assert "3 of its 3 jobs have not ended" in text
    assert len(stubborn.named("submitjob")) == 3
    assert "terminated 3 of 3 jobs" in sweep("cancel", store)
    assert [each["jobId"] for each in stubborn.named("terminatejob")] == ["job-2", "job-1", "job-0"]
    assert "nothing was at work" in sweep("cancel", store)
    assert len(stubborn.named("terminatejob")) == 3
    sweep("resume", store)
    assert len(stubborn.named("submitjob")) == 6


def test_an_endpoint_that_has_moved(here, store, stubborn, monkeypatch):
    """What the environment said gives way to what it says now; what was said with the command stays."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_BATCH", stubborn.url)
    submit("study.py", store, "q", "--shards", "3")
    record = last_record(store)
    assert record.target.endpoint == stubborn.url
    place = open_store(store)
    moved = replace(record, target=replace(record.target, endpoint="http://127.0.0.1:9"))
    write_record(place, moved)
    assert "terminated 3 of 3 jobs" in sweep("cancel", store)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BATCH", stubborn.url)
    sweep("resume", store)
    assert last_record(store).target.is_ambient
    write_record(place, replace(moved, target=replace(moved.target, is_ambient=False)))
    said = sweep("cancel", store, code=2, AWS_MAX_ATTEMPTS="1")
    assert said == f"sweep: not cancelled, for the reasons above: {record.name}\n"
    assert last_record(store).name != record.name
    assert all(each["status"] == "FAILED" for each in stubborn.jobs.values()), "the live one is cancelled all the same"
    assert "terminated" not in sweep("cancel", store, "--endpoint-url", stubborn.url)


def test_cancel_says_what_the_endpoint_does_not_know(here, store, stubborn):
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "3")
    stubborn.jobs.clear()
    assert sweep("cancel", store).endswith("  AWS Batch does not know its jobs\n")


def test_an_error_names_the_option_that_mends_it(here, store, stubborn):
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "3")
    said = sweep("resume", store, "--endpoint-url", "http://127.0.0.1:9", code=2)
    assert said == (
        "sweep: AWS Batch does not answer at http://127.0.0.1:9: if it is elsewhere now, say so with --endpoint-url URL\n"
    )


MAP, REDUCE = "map 1 running, 1 pending", "reduce 1 running, 1 pending"


@pytest.mark.parametrize(
    ("asked", "jobs", "shown"),
    [
        (1, 0, "none of its jobs was submitted"),
        (1, 1, MAP),
        (3, 2, f"{MAP}; {REDUCE}"),
    ],
)
def test_a_submitter_that_is_killed(here, store, stubborn, asked, jobs, shown):
    """The jobs that it had submitted are known, with one whose answer it never read: they are shown, not submitted once more, and ended."""
    stubborn.hold, stubborn.takes_held = ("submitjob", asked), jobs == asked
    words = ["submit", "study.py", "--store", store, "--queue", "q", "--image", "i", "--shards", "2"]
    process = start([*words, "--endpoint-url", stubborn.url])
    try:
        wait_for(lambda: len(stubborn.named("submitjob")) == asked, process)
    finally:
        process.kill()
        process.communicate()
        stubborn.release.set()
    assert sweep("status", store).splitlines()[-1].endswith(f" to q: {shown}")
    if jobs:
        assert f"{jobs} of its {jobs} jobs have not ended" in sweep("resume", store, code=2)
    assert (f"terminated {jobs} of {jobs} jobs" if jobs else "nothing was at work") in sweep("cancel", store)
    sweep("resume", store)
    assert [each.size for each in last_record(store).jobs] == [2, 2, 1]


def test_jobs_that_end_slowly(here, store, stubborn):
    """Containers have their time to stop: who resumes at once is told to wait, not to cancel once more. A damaged record keeps nobody from ending them."""
    stubborn.is_slow = True
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2")
    sweep("cancel", store)
    assert sweep("status", store).endswith("merge 1 pending, being ended\n")
    text = sweep("resume", store, code=2)
    assert "is being ended on" in text
    assert "try again when" in text
    stubborn.is_slow = False
    open_store(store).create("submissions/99990101T000000-0000.json", b"{")
    assert "99990101T000000-0000.json is no record" in sweep("cancel", store, code=1)
    assert all(each["status"] == "FAILED" for each in stubborn.jobs.values())


def test_more_trials_beside_a_submission(here, store, stubborn):
    """Its children's trials would be run twice: it is waited for, or ended, first."""
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2")
    text = submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--trials", "30_000", code=2)
    assert "3 of its 3 jobs have not ended" in text


def test_a_submission_to_another_endpoint(here, store, stubborn, s3):
    """Whoever submits to another endpoint asks the first one too; one that is gone is named, and keeps nobody."""
    from tests.submit.stubborn import serving

    with serving() as other:
        submit("study.py", store, "q", "--endpoint-url", other.url, "--shards", "2")
        name = last_record(store).name
        text = submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2", code=2)
        assert f"submission {name} is at work on" in text
    words = ["submit", "study.py", store, "--queue", "q", "--image", "i"]
    said = sweep_said(words[0], words[1], "--store", *words[2:], "--endpoint-url", stubborn.url, "--shards", "2")
    assert f"whether submission {name} is at work elsewhere is not known: AWS Batch does not answer" in said


def test_two_who_submit_at_once(here, store, stubborn):
    """Neither saw the other when it looked; who comes second with its first job gives way, and takes nothing of the other's with it."""
    stubborn.hold = ("submitjob", 1)
    words = ["submit", "study.py", "--store", store, "--queue", "q", "--image", "i", "--shards", "2"]
    late = start([*words, "--endpoint-url", stubborn.url])
    try:
        wait_for(lambda: stubborn.named("submitjob"), late)
        submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2")
        stubborn.release.set()
        _, said = late.communicate(timeout=120)
    finally:
        late.kill()
    assert late.returncode == 2
    assert f"submission {last_record(store).name} is at work on" in said
    assert said.endswith("the job submitted before it is terminated\n")
    assert [each["jobId"] for each in stubborn.named("terminatejob")] == ["job-3"]
    assert len(list(open_store(store).list("waves/"))) == len(list(open_store(store).list("submissions/"))) == 1
    assert "map 1 running, 1 pending; reduce 1 running, 1 pending; merge 1 pending" in sweep("status", store)
