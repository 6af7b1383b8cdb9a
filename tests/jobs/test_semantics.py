"""AWS Batch's rules, a row or more each. The number is that of the rule in sweep/jobs/SEMANTICS.md."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import sweep.jobs
from sweep.errors import JobError
from sweep.jobs.clock import next_alarm
from sweep.jobs.codec import encode
from sweep.jobs.consumable import Change
from sweep.jobs.definition import Action, Container, ExitRule, NodeGroup, Nodes, Resources, Retry
from sweep.jobs.environment import Environment, Purchase
from sweep.jobs.events import (
    Begun,
    DeleteConsumable,
    DeleteEnvironment,
    DeletePolicy,
    DeleteQueue,
    Deregister,
    Ended,
    Fate,
    PutEnvironment,
    PutQueue,
    Submit,
    Tag,
    Taggable,
    Unserved,
)
from sweep.jobs.front import front
from sweep.jobs.job import Flag
from sweep.jobs.queue import Policy, Queue, TimeLimit
from sweep.jobs.reasons import NO_CAPACITY
from sweep.jobs.request import Dependency, Kind, NodeOverrides, Overrides, Request
from sweep.jobs.room import could_ever_fit
from sweep.jobs.status import Status
from sweep.jobs.submission import submit
from sweep.jobs.tagging import tags_of
from sweep.jobs.turn import Turn
from sweep.jobs.views import describe_job
from sweep.jobs.work import work_of
from tests.jobs.rig import START, Rig

TABLE = []


def row(number, rule):
    def register(function):
        TABLE.append(pytest.param(function, id=f"{number} {rule}"))
        return function

    return register


def n_to_n(job_id, **options):
    return Dependency(job_id, Kind.N_TO_N, **options)


def sequential(**options):
    return Dependency(None, Kind.SEQUENTIAL, **options)


def refused(text, act, *arguments, **options):
    with pytest.raises(JobError, match=text):
        act(*arguments, **options)


def statuses(rig):
    return [each.status for each in rig.moves]


def test_each_rule_of_the_page_has_a_row_and_each_row_a_rule():
    page = Path(sweep.jobs.__file__).with_name("SEMANTICS.md").read_text(encoding="utf-8")
    rules = re.findall(r"^- \*\*(.+?)\*\* ", page, flags=re.MULTILINE)
    assert len(rules) == len(set(rules))
    assert {each.id.split()[0] for each in TABLE} == set(rules)


# 2 Job states


@row("2.1", "SUBMITTED, PENDING, RUNNABLE, STARTING, RUNNING, SUCCEEDED; no other move is made")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[first])
    seen = statuses(rig)
    rig.end(first)
    seen += [each.status for each in rig.moves if each.job_id == job]
    rig.begin(job)
    seen += statuses(rig)
    rig.end(job)
    assert seen + statuses(rig) == [Status.PENDING, Status.RUNNABLE, Status.STARTING, Status.RUNNING, Status.SUCCEEDED]
    with pytest.raises(RuntimeError, match="cannot come from states"):
        Turn(rig.state, rig.now).move(rig.state.jobs[job], np.array([0]), Status.RUNNABLE)


@row("2.2", "without dependencies SUBMITTED goes straight to RUNNABLE, and to STARTING where there is room")
def _(rig):
    rig.submit()
    assert statuses(rig) == [Status.RUNNABLE, Status.STARTING]


@row("2.3", "with unmet dependencies it is PENDING")
def _(rig):
    assert rig.status(rig.submit(after=[rig.submit()])) is Status.PENDING


@row("2.4", "without room it stays RUNNABLE")
def _(rig):
    jobs = [rig.submit() for _ in range(5)]
    assert [rig.status(each) for each in jobs] == [Status.STARTING] * 4 + [Status.RUNNABLE]


@row("2.5", "exit code 0 is SUCCEEDED, anything else FAILED, both with the reason of a normal exit")
def _(rig):
    good, bad = rig.submit(), rig.submit()
    rig.end(good)
    rig.end(bad, code=7)
    assert (rig.status(good), rig.status(bad)) == (Status.SUCCEEDED, Status.FAILED)
    assert rig.reason(good) == rig.reason(bad) == "Essential container in task exited"


@row("2.6", "a failed attempt with attempts left goes back to RUNNABLE, and is remembered")
def _(rig):
    job = rig.submit(retry=Retry(2))
    rig.begin(job)
    rig.end(job, code=9, reason="oops")
    assert statuses(rig) == [Status.RUNNABLE, Status.STARTING]
    assert rig.attempts(job) == 2
    (attempt,) = rig.state.jobs[job].past[0]
    assert (attempt.exit_code, attempt.reason) == (9, "oops")


@row("2.6", "an earlier attempt keeps its start, though the worker that was lost with it could not tell")
def _(rig):
    job = rig.submit(retry=Retry(2))
    rig.begin(job)
    rig.end(job, fate=Fate.LOST, started=0)
    (attempt,) = rig.state.jobs[job].past[0]
    assert attempt.started == rig.now


@row("2.6", "a new attempt shows nothing of the one before")
def _(rig):
    job = rig.submit(retry=Retry(2))
    rig.begin(job)
    rig.end(job, code=9, reason="oops")
    child = rig.state.jobs[job].children[0]
    assert (child["reason"], child["started"], child["flags"]) == (0, 0, 0)


@row("2.7", "what never ran has no start")
def _(rig):
    job = rig.submit()
    rig.end(job, fate=Fate.NOT_STARTED)
    assert rig.reason(job) == "Task failed to start"
    assert rig.state.jobs[job].children["started"][0] == 0


@row("2.8", "a worker that is lost is a terminated host")
def _(rig):
    job = rig.submit()
    rig.begin(job)
    rig.end(job, fate=Fate.LOST)
    assert rig.reason(job).startswith("Host EC2 (instance i-")


@row("2.9", "createdAt, startedAt of the latest attempt, stoppedAt")
def _(rig):
    job = rig.submit(retry=Retry(2))
    created = rig.now
    for _ in range(2):
        rig.tick(5)
        rig.begin(job)
        started = rig.now
        rig.tick(5)
        rig.end(job, code=1, started=started)
    child = rig.state.jobs[job].children[0]
    assert rig.state.jobs[job].created == created
    assert (child["started"], child["stopped"]) == (created + 15_000, created + 20_000)


@row("2.10", "a container's reason is cut to 255 characters")
def _(rig):
    job = rig.submit()
    rig.end(job, code=1, reason="x" * 300)
    assert rig.state.jobs[job].reasons[rig.state.jobs[job].children["reason"][0]] == "x" * 255


@row("2.10", "of very many different reasons some are not kept, but never AWS's own")
def _(_rig):
    rig = Rig(snapshots=False)
    job = rig.submit(size=10_000).partition(":")[0]
    for number in range(5000):
        rig.state.jobs[job].intern(f"reason {number}")
    rig.end(job, 0, code=1, reason="one more")
    rows = rig.state.jobs[job].children
    assert rig.reason(job) == "Essential container in task exited"
    assert rig.state.jobs[job].reasons[rows["reason"][0]].startswith("(one of too many")


@row("2.10", "callers' reasons have room of their own")
def _(_rig):
    rig = Rig(snapshots=False)
    job = rig.submit(size=10_000)
    for number in range(5000):
        rig.state.jobs[job].intern(f"reason {number}")
    rig.cancel(f"{job}:9999", "no longer needed")
    rig.terminate(f"{job}:9998", "enough")
    assert [rig.reason(job, each) for each in (9999, 9998)] == ["no longer needed", "enough"]


@row("2.9", "a worker's clock is believed between the handing out and now")
def _(rig):
    job = rig.submit(size=2, retry=Retry(2))
    rig.tick(100)
    for index, at in enumerate((1, rig.now + 10**9)):
        rig.tell(Begun(1, index, index + 1, 1, at))
    assert rig.state.jobs[job].children["started"].tolist() == [rig.now - 100_000, rig.now]
    rig.tell(Ended(1, 0, 2, 1, exit_code=0, started=5, stopped=7))
    rows = rig.state.jobs[job].children
    assert (rows["started"].tolist(), rows["stopped"].tolist()) == ([rig.now - 100_000] * 2,) * 2


@row("2.9", "what was never told to have begun, and has ended well, began by now")
def _(rig):
    job = rig.submit()
    rig.tell(Ended(1, 0, 1, 1, exit_code=0, busy=float("inf")))
    assert rig.status(job) is Status.SUCCEEDED
    assert (rig.state.jobs[job].children["started"][0], rig.state.jobs[job].pace) == (rig.now, 0.0)


@row("2.11", "finished jobs are shown for seven days")
def _(rig):
    job = rig.submit()
    rig.run_all()
    rig.tick(7 * 86_400 - 60)
    assert job in rig.state.jobs
    rig.tick(120)
    assert job not in rig.state.jobs


@row("2.11", "and are forgotten when another job comes in, after that has seen them")
def _(rig):
    job = rig.submit()
    rig.end(job, code=1)
    rig.now += 8 * 86_400_000
    late = rig.submit(after=[job])
    assert (rig.status(late), set(rig.state.jobs)) == (Status.FAILED, {late})


# 3 Array jobs


@row("3.1", "2 and 10,000 children are accepted, 0, 1 and 10,001 refused")
def _(rig):
    for size in (0, 1, 10_001):
        refused("between 2 and 10,000", rig.submit, size=size)
    assert rig.state.jobs[rig.submit(size=2)].size == 2
    assert rig.state.jobs[rig.submit(size=10_000)].size == 10_000


@row("3.2", "an array cannot be multi-node")
def _(rig):
    define_nodes(rig)
    refused("cannot be an array", rig.submit, "nodes", size=3)


@row("3.3", "a child is named parent:index")
def _(rig):
    job = rig.submit(size=3)
    assert rig.status(f"{job}:2") is Status.STARTING
    assert rig.state.find(f"{job}:3") is None


@row("3.3", "what looks like a child and is none is not found")
def _(rig):
    job = rig.submit(size=3)
    for bad in ("", "03", "-1", "x", "\u00b2", "\u0662", "9" * 5000):
        assert rig.state.find(f"{job}:{bad}") is None
    assert rig.state.find(f"{rig.submit()}:0") is None


@row("3.4", "the parent is PENDING while children run, never RUNNING")
def _(rig):
    job = rig.submit(size=3)
    assert rig.status(job) is Status.PENDING
    rig.begin(job)
    assert rig.status(job) is Status.PENDING


@row("3.4", "the parent has no container and no attempts, the children have")
def _(rig):
    job = rig.submit(size=2)
    rig.end(job, 1)
    parent, child = describe_job(rig.state, job), describe_job(rig.state, f"{job}:1")
    assert ("container" in parent, parent["attempts"]) == (False, [])
    assert (child["container"]["command"], child["container"]["exitCode"], len(child["attempts"])) == (["true"], 0, 1)


@row("3.5", "one failed child fails the parent, in the end, and stops no sibling")
def _(rig):
    job = rig.submit(size=3)
    rig.end(job, 1, code=1)
    assert rig.status(job) is Status.PENDING
    assert rig.states(job) == "^-^"
    rig.end(job)
    assert rig.status(job) is Status.FAILED
    assert rig.states(job) == "+-+"


@row("3.6", "statusSummary counts the children in each state")
def _(rig):
    job = rig.submit(size=6)
    rig.begin(job, 0)
    rig.end(job, 1)
    rig.cancel(f"{job}:5")
    assert rig.states(job) == "R+^^^-"
    assert rig.state.jobs[job].counts == [0, 0, 0, 3, 1, 1, 1]


@row("3.7", "retry applies to each child")
def _(rig):
    job = rig.submit(size=2, retry=Retry(2))
    rig.end(job, 1, code=1)
    rig.end(job, 0)
    rig.end(job, 1)
    assert [rig.attempts(job, each) for each in (0, 1)] == [1, 2]
    assert rig.status(job) is Status.SUCCEEDED


@row("3.8", "terminating a child affects it alone, and fails the parent in the end")
def _(rig):
    job = rig.submit(size=8)
    rig.terminate(f"{job}:6", "not this one")
    assert rig.states(job) == "^^^^rr-r"
    assert rig.reason(job, 6) == "not this one"
    rig.run_all()
    assert rig.status(job) is Status.FAILED


@row("3.9", "children differ in their index and their id alone")
def _(rig):
    job = rig.submit(size=2)
    work = work_of(rig.state, 1)
    first, second = work.environment(0, 1), work.environment(1, 1)
    assert {name: text for name, text in second.items() if first[name] != text} == {
        "AWS_BATCH_JOB_ARRAY_INDEX": "1",
        "AWS_BATCH_JOB_ID": f"{job}:1",
    }


# 4 Dependencies


@row("4.1", "more than 20 dependencies are refused")
def _(rig):
    jobs = [rig.submit() for _ in range(21)]
    rig.submit(after=jobs[:20])
    refused("Job cannot have more than 20 dependencies", rig.submit, after=jobs)


@row("4.3", "all dependencies must succeed")
def _(rig):
    first, second = rig.submit(), rig.submit()
    job = rig.submit(after=[first, second])
    rig.end(first)
    assert rig.status(job) is Status.PENDING
    rig.end(second)
    assert rig.status(job) is Status.STARTING


@row("4.4", "a failed dependency fails the dependent at once, and down the chain")
def _(rig):
    first, second = rig.submit(), rig.submit()
    job = rig.submit(after=[first, second])
    last = rig.submit(after=[job], size=3)
    rig.end(first, code=1)
    assert rig.reason(job) == rig.reason(last, 2) == "Dependent Job failed"
    assert rig.states(last) == "---"
    assert rig.attempts(job) == 0


@row("4.5", "a job waits for all children of an array")
def _(rig):
    array = rig.submit(size=2)
    job = rig.submit(after=[array])
    rig.end(array, 0)
    assert rig.status(job) is Status.PENDING
    rig.end(array, 1)
    assert rig.status(job) is Status.STARTING


@row("4.5", "a plain dependent of an array hears of its failure when the array has ended")
def _(rig):
    array = rig.submit(size=2)
    job = rig.submit(after=[array])
    rig.end(array, 0, code=1)
    assert rig.status(job) is Status.PENDING
    rig.end(array, 1)
    assert rig.reason(job) == "Dependent Job failed"


@row("4.6", "each child of an array waits for a plain dependency")
def _(rig):
    job = rig.submit()
    array = rig.submit(size=3, after=[job])
    assert rig.states(array) == "ppp"
    rig.end(job)
    assert rig.states(array) == "^^^"


@row("4.2", "dependencies cross queues")
def _(rig):
    rig.queue("other")
    job = rig.submit()
    other = rig.submit(queue="other", after=[job])
    rig.end(job)
    assert rig.status(other) is Status.STARTING


@row("4.7", "SEQUENTIAL: child i waits for child i - 1")
def _(rig):
    job = rig.submit(size=4, after=[sequential()])
    seen = [rig.states(job)]
    for index in range(4):
        rig.end(job, index)
        seen.append(rig.states(job))
    assert seen == ["^ppp", "+^pp", "++^p", "+++^", "++++"]


@row("4.8", "SEQUENTIAL: a failure fails all later children")
def _(rig):
    job = rig.submit(size=5, after=[sequential()])
    rig.end(job, 0)
    rig.end(job, 1, code=1)
    assert rig.states(job) == "+----"
    assert rig.reason(job, 4) == "Dependent Job failed"


@row("4.8", "SEQUENTIAL: an attempt that is tried again fails nobody")
def _(rig):
    job = rig.submit(size=3, after=[sequential()], retry=Retry(2))
    rig.end(job, 0, code=1)
    assert rig.states(job) == "^pp"


@row("4.9", "SEQUENTIAL and a plain dependency together")
def _(rig):
    first = rig.submit()
    job = rig.submit(size=3, after=[sequential(), first])
    assert rig.states(job) == "ppp"
    rig.end(first)
    assert rig.states(job) == "^pp"


@row("4.10", "SEQUENTIAL without a job id is for arrays")
def _(rig):
    refused("for array jobs", rig.submit, after=[sequential()])


@row("4.11", "SEQUENTIAL with a job id is a plain dependency")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[Dependency(first, Kind.SEQUENTIAL)])
    rig.end(first)
    assert rig.status(job) is Status.STARTING


@row("4.12", "N_TO_N: child i waits for child i alone")
def _(rig):
    first = rig.submit(size=3)
    second = rig.submit(size=3, after=[n_to_n(first)])
    rig.end(first, 1)
    assert rig.states(second) == "p^p"


@row("4.13", "N_TO_N: a failed child fails the same child alone")
def _(rig):
    first = rig.submit(size=3)
    second = rig.submit(size=3, after=[n_to_n(first)])
    third = rig.submit(size=3, after=[n_to_n(second)])
    rig.end(first, 1, code=1)
    assert (rig.states(second), rig.states(third)) == ("p-p", "p-p")
    rig.run_all()
    assert (rig.states(second), rig.states(third)) == ("+-+", "+-+")
    assert rig.status(third) is Status.FAILED


@row("4.9", "N_TO_N and a plain dependency together")
def _(rig):
    one, array = rig.submit(), rig.submit(size=3)
    job = rig.submit(size=3, after=[one, n_to_n(array)])
    rig.end(array, 0)
    assert rig.states(job) == "ppp"
    rig.end(one)
    assert rig.states(job) == "^pp"


@row("4.9", "N_TO_N and SEQUENTIAL together")
def _(rig):
    first = rig.submit(size=3)
    job = rig.submit(size=3, after=[sequential(), n_to_n(first)])
    rig.end(first, 1)
    assert rig.states(job) == "ppp"
    rig.end(first, 0)
    assert rig.states(job) == "^pp"
    rig.end(job, 0)
    assert rig.states(job) == "+^p"


@row("4.14", "N_TO_N between arrays of different sizes is refused")
def _(rig):
    refused("3 is not 4", rig.submit, size=4, after=[n_to_n(rig.submit(size=3))])


@row("4.14", "N_TO_N on a job that is no array is refused")
def _(rig):
    refused("two array jobs", rig.submit, size=4, after=[n_to_n(rig.submit())])
    refused("two array jobs", rig.submit, after=[n_to_n(rig.submit(size=3))])


@row("4.15", "a dependency on an unknown job is refused")
def _(rig):
    refused("does not exist", rig.submit, after=["nobody"])


@row("4.16", "a dependency on one child")
def _(rig):
    array = rig.submit(size=3)
    job = rig.submit(after=[f"{array}:1"])
    rig.end(array, 0)
    assert rig.status(job) is Status.PENDING
    rig.end(array, 1)
    assert rig.status(job) is Status.RUNNABLE or rig.status(job) is Status.STARTING


@row("4.16", "a dependency on one node is refused, on the whole multi-node job not")
def _(rig):
    define_nodes(rig)
    nodes = rig.submit("nodes")
    refused("is a node", rig.submit, after=[f"{nodes}#0"])
    job = rig.submit(after=[nodes])
    rig.begin(nodes)
    rig.begin(nodes)
    rig.end(nodes, 0)
    assert rig.status(job) is Status.PENDING
    rig.end(nodes)
    assert rig.status(job) is Status.STARTING


@row("4.16", "a dependency on a child that its sibling's failure takes along")
def _(rig):
    array = rig.submit(size=2, after=[sequential()])
    job = rig.submit(after=[f"{array}:1"])
    rig.end(array, 0, code=1)
    assert rig.reason(job) == "Dependent Job failed"


@row("4.17", "a dependency that has ended already counts at once")
def _(rig):
    good, bad = rig.submit(), rig.submit()
    rig.end(good)
    rig.end(bad, code=1)
    assert rig.status(rig.submit(after=[good])) is Status.STARTING
    assert rig.status(rig.submit(after=[bad])) is Status.FAILED


@row("4.18", "that a job is forgotten frees nobody who waits for another, and fails nobody")
def _(rig):
    good, slow, bad = rig.submit(), rig.submit(), rig.submit()
    waits, array = rig.submit(after=[good, slow]), rig.submit(size=2, after=[slow])
    pairs = rig.submit(size=2, after=[n_to_n(array), good, sequential()])
    failed = rig.submit(after=[bad, slow])
    rig.end(good)
    rig.end(bad, code=1)
    rig.tick(8 * 86_400)
    assert set(rig.state.jobs) == {slow, waits, array, pairs}
    assert (rig.states(waits), rig.states(pairs)) == ("p", "pp")
    rig.end(slow)
    assert (rig.states(waits), rig.states(pairs), failed in rig.state.jobs) == ("^", "pp", False)
    rig.end(array, 0, code=1)
    assert rig.states(pairs) == "--"


@row("4.18", "what was forgotten can no longer be waited for")
def _(rig):
    job = rig.submit()
    rig.end(job, code=1)
    rig.tick(8 * 86_400)
    refused("does not exist", rig.submit, after=[job])


@row("+3", "addition: a dependent that runs whatever happened")
def _(rig):
    array = rig.submit(size=2)
    job = rig.submit(after=[Dependency(array, even_if_failed=True)])
    pairs = rig.submit(size=2, after=[n_to_n(array, even_if_failed=True)])
    rig.end(array, 0, code=1)
    assert (rig.states(job), rig.states(pairs)) == ("p", "^p")
    rig.end(array, 1)
    assert rig.states(job) == "^"


@row("+4", "addition: SEQUENTIAL that goes on after a failure")
def _(rig):
    job = rig.submit(size=3, after=[sequential(even_if_failed=True)])
    rig.end(job, 0, code=1)
    assert rig.states(job) == "-^p"


@row("4.19", "dependsOn is shown as it was given")
def _(rig):
    first, array = rig.submit(), rig.submit(size=2)
    job = rig.submit(size=2, after=[Dependency(first, Kind.SEQUENTIAL), sequential(), n_to_n(array), first])
    given = [
        {"jobId": first, "type": "SEQUENTIAL"},
        {"type": "SEQUENTIAL"},
        {"jobId": array, "type": "N_TO_N"},
        {"jobId": first},
    ]
    assert [describe_job(rig.state, each)["dependsOn"] for each in (job, f"{job}:1")] == [given, given]


# 5 Retry, timeout, cancel, terminate


@row("5.1", "0 and 11 attempts are refused")
def _(rig):
    for attempts in (0, 11):
        refused("between 1 and 10", rig.submit, retry=Retry(attempts))


@row("5.1", "the request's retry strategy replaces the definition's")
def _(rig):
    rig.define("stubborn", retry=Retry(3))
    job = rig.submit("stubborn", retry=Retry(1))
    rig.end(job, code=1)
    assert rig.status(job) is Status.FAILED


RULES = [
    ("no rule matches: try again", (ExitRule(Action.EXIT, on_exit_code="5"),), 1, "", True),
    ("exit code, whole", (ExitRule(Action.EXIT, on_exit_code="1"),), 1, "", False),
    ("exit code, beginning", (ExitRule(Action.EXIT, on_exit_code="1*"),), 137, "", False),
    ("exit code, not the beginning", (ExitRule(Action.EXIT, on_exit_code="1"),), 137, "", True),
    (
        "reason, beginning",
        (ExitRule(Action.EXIT, on_reason="CannotPull*"),),
        None,
        "CannotPullContainerError: x",
        False,
    ),
    ("status reason", (ExitRule(Action.EXIT, on_status_reason="Essential*"),), 1, "", False),
    ("first match wins", (ExitRule(Action.RETRY, on_exit_code="1"), ExitRule(Action.EXIT, on_reason="*")), 1, "", True),
    ("no exit code, no match", (ExitRule(Action.EXIT, on_exit_code="*"),), None, "", True),
    ("all conditions must match", (ExitRule(Action.EXIT, on_exit_code="1", on_reason="x"),), 1, "y", True),
]


def evaluates_on_exit(rules, code, reason, again):
    def rule(rig):
        job = rig.submit(retry=Retry(2, rules))
        rig.end(job, code=code, reason=reason)
        assert rig.status(job) is (Status.STARTING if again else Status.FAILED)

    return rule


for name, *case in RULES:
    row("5.3", name)(evaluates_on_exit(*case))


@row("5.1", "the submission's timeout replaces the definition's")
def _(rig):
    rig.define("timed", timeout=100.0)
    assert [rig.state.jobs[rig.submit("timed", timeout=each)].spec.timeout for each in (None, 60.0)] == [100.0, 60.0]


@row("5.1", "a definition's strategy and timeout are held to the same limits")
def _(rig):
    refused("attempts=11 is not between 1 and 10", rig.define, "odd", retry=Retry(11))
    refused("attemptDurationSeconds=59 is not between", rig.define, "odd", timeout=59.0)
    refused("schedulingPriority=10000 is not between", rig.define, "odd", scheduling_priority=10_000)


@row("5.2", "at most five rules, each with a condition, exit codes of digits")
def _(rig):
    rule = ExitRule(Action.EXIT, on_exit_code="1")
    refused("more than 5", rig.submit, retry=Retry(2, (rule,) * 6))
    refused("no condition", rig.submit, retry=Retry(2, (ExitRule(Action.EXIT),)))
    refused("not digits", rig.submit, retry=Retry(2, (ExitRule(Action.EXIT, on_exit_code="x"),)))


@row("5.7", "an attempt that lasts too long is stopped, fails, and is not tried again")
def _(rig):
    job = rig.submit(timeout=60, retry=Retry(5))
    rig.begin(job)
    assert next_alarm(rig.state) == rig.now + 60_000
    rig.tick(59)
    assert not rig.stops
    rig.tick(1)
    assert [each.grace for each in rig.stops] == [30.0]
    rig.tick(1)
    assert not rig.stops
    rig.end(job, code=137)
    assert rig.status(job) is Status.FAILED
    assert rig.reason(job) == "Job attempt duration exceeded timeout"


@row("5.6", "the timeout counts from the start of each attempt, of each child")
def _(rig):
    job = rig.submit(size=2, timeout=60, retry=Retry(2))
    rig.begin(job, 0)
    rig.tick(40)
    rig.begin(job, 1)
    rig.end(job, 0, code=1)
    rig.begin(job, 0)
    rig.tick(59)
    assert not rig.stops
    rig.tick(1)
    assert sorted(each.spans[0][0] for each in rig.stops) == [0, 1]


@row("5.5", "a timeout under 60 s is refused, and one without end")
def _(rig):
    for seconds in (59, 2.0**31, 1e300, float("inf"), float("nan")):
        refused("is not between 60 and 2147483647", rig.submit, timeout=seconds)


@row("5.8", "cancel fails a RUNNABLE job with the caller's reason")
def _(rig):
    rig.submit(size=4)
    job = rig.submit()
    rig.cancel(job, "changed my mind")
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "changed my mind")
    assert rig.state.jobs[job].cancelled


@row("5.10", "cancel leaves alone what a worker has, and such a job is not tried again")
def _(rig):
    job = rig.submit(retry=Retry(3))
    rig.begin(job)
    rig.cancel(job)
    assert rig.status(job) is Status.RUNNING
    assert not rig.stops
    rig.end(job, code=1)
    assert rig.status(job) is Status.FAILED


@row("5.9", "cancel fails a PENDING job when its dependencies have ended")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[first])
    rig.cancel(job, "not needed")
    assert rig.status(job) is Status.PENDING
    rig.end(first)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "not needed")


@row("5.9", "of two dependencies both must have ended before a cancelled PENDING job fails")
def _(rig):
    first, second = rig.submit(), rig.submit()
    job = rig.submit(after=[first, second])
    rig.cancel(job, "not needed")
    rig.end(first, code=1)
    assert rig.status(job) is Status.PENDING
    rig.end(second)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "not needed")


@row("5.11", "cancelling an array tries all children; it ends when they all have")
def _(rig):
    job = rig.submit(size=6)
    rig.begin(job, 0)
    rig.cancel(job)
    assert rig.states(job) == "R^^^--"
    rig.run_all()
    assert rig.states(job) == "++++--"
    assert rig.status(job) is Status.FAILED


@row("5.12", "terminate stops what runs, which fails with the caller's reason, whatever its exit code")
def _(rig):
    job = rig.submit(retry=Retry(3))
    rig.begin(job)
    rig.terminate(job, "enough")
    assert rig.stops[0].grace == 30.0
    assert rig.status(job) is Status.RUNNING
    rig.end(job, code=0)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "enough")


@row("5.15", "terminating twice stops once, and the first reason stays")
def _(rig):
    job = rig.submit()
    rig.begin(job)
    rig.terminate(job, "first")
    rig.terminate(job, "second")
    assert not rig.stops
    rig.end(job, code=143)
    assert rig.reason(job) == "first"


@row("4.4", "terminate fails a dependent as any failure does")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[first])
    rig.terminate(first)
    rig.end(first, code=143)
    assert rig.reason(job) == "Dependent Job failed"


@row("5.14", "stopping a job that is not known, or has ended, is no error")
def _(rig):
    job = rig.submit()
    rig.end(job)
    rig.cancel("nobody")
    rig.terminate(job)
    assert rig.status(job) is Status.SUCCEEDED


@row("5.4", "what was cancelled and is given back by its worker fails, with the caller's reason")
def _(rig):
    job = rig.submit(retry=Retry(3))
    rig.cancel(job, "not needed")
    rig.end(job, fate=Fate.RETURNED)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "not needed")


@row("5.9", "a cancelled PENDING child has the caller's reason, should its dependency fail")
def _(rig):
    job = rig.submit(size=3, after=[sequential()])
    rig.cancel(job, "not needed")
    rig.end(job, 0, code=1)
    assert [rig.reason(job, each) for each in (1, 2)] == ["not needed"] * 2


@row("5.13", "terminate cancels what has not been started: PENDING when its dependencies have ended, RUNNABLE at once")
def _(rig):
    first = rig.submit(size=4)
    pending, runnable = rig.submit(after=[first]), rig.submit()
    rig.terminate(pending, "enough")
    rig.terminate(runnable, "enough")
    assert (rig.status(pending), rig.status(runnable)) == (Status.PENDING, Status.FAILED)
    rig.run_all()
    assert (rig.status(pending), rig.reason(pending)) == (Status.FAILED, "enough")


@row("5.12", "terminate stops what is STARTING, even if it comes to run meanwhile")
def _(rig):
    job = rig.submit(retry=Retry(3))
    rig.terminate(job)
    assert len(rig.stops) == 1
    rig.begin(job)
    assert not rig.stops
    rig.end(job, code=143)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "enough")


@row("5.12", "of two children of one worker only the one that was terminated is stopped")
def _(rig):
    job = rig.submit(size=4)
    rig.terminate(f"{job}:2")
    assert [each.spans for each in rig.stops] == [((2, 3, 1),)]


@row("5.15", "terminate ends what cancel left running")
def _(rig):
    job = rig.submit()
    rig.begin(job)
    rig.cancel(job, "not needed")
    rig.terminate(job, "enough")
    assert len(rig.stops) == 1
    rig.end(job, code=143)
    assert rig.reason(job) == "enough"


@row("5.17", "a request is shown when it was accepted; one that came too late is not")
def _(rig):
    running, ended = rig.submit(), rig.submit()
    rig.end(ended)
    for each in (running, ended):
        rig.cancel(each)
        rig.terminate(each)
    assert [(rig.state.jobs[each].cancelled, rig.state.jobs[each].terminated) for each in (running, ended)] == [
        (True, True),
        (False, False),
    ]


@row(
    "5.17",
    "both requests are shown of a child, whether it ran or waited; what we stopped ourselves is not shown as terminated",
)
def _(rig):
    first = rig.submit(size=6)
    waits = f"{rig.submit(size=2, after=[first])}:1"
    for each in (f"{first}:0", f"{first}:5", waits):
        rig.cancel(each)
        rig.terminate(each)
    marks = [describe_job(rig.state, each) for each in (f"{first}:0", waits)]
    assert [(each.get("isCancelled"), each.get("isTerminated")) for each in marks] == [(True, True)] * 2
    assert "isTerminated" not in describe_job(rig.state, f"{first}:5")
    rig.run_all()
    define_nodes(rig)
    nodes = rig.submit("nodes")
    rig.begin(nodes)
    rig.begin(nodes)
    rig.end(nodes, 0)
    rig.end(nodes, code=143)
    assert not {"isCancelled", "isTerminated"} & set(describe_job(rig.state, f"{nodes}#2"))
    assert rig.reason(nodes, 2) == "Main node has ended"


@row("5.17", "a child that was cancelled is shown so, and the array is not")
def _(rig):
    job = rig.submit(size=6)
    rig.cancel(f"{job}:5")
    assert describe_job(rig.state, f"{job}:5")["isCancelled"]
    assert "isCancelled" not in describe_job(rig.state, job)


@row("5.16", "a reason has 1 to 1,024 characters")
def _(rig):
    job = rig.submit()
    refused("not 1 to 1024", rig.cancel, job, "")
    refused("not 1 to 1024", rig.terminate, job, "x" * 1025)


# 6 Submit-time merging


@row("6.1", "the latest active revision is taken unless one is named")
def _(rig):
    rig.define("task", command=("second",))
    rig.define("task", command=("third",))
    rig.tell(Deregister("task", 3))
    assert [rig.state.jobs[rig.submit(each)].spec.definition for each in ("task", "task:1")] == ["task:2", "task:1"]
    arn = "arn:aws:batch:eu-west-1:123456789012:job-definition/task:2"
    assert rig.state.jobs[rig.submit(arn)].spec.definition == "task:2"


@row("6.2", "an inactive revision cannot be submitted, and its number is not given again")
def _(rig):
    rig.tell(Deregister("task", 1))
    refused("INACTIVE", rig.submit, "task:1")
    refused("no ACTIVE", rig.submit, "task")
    assert rig.define("task") == "task:2"


@row("6.3", "Ref:: is replaced by the request's parameters over the definition's")
def _(rig):
    rig.define("sim", command=("run", "Ref::map", "--n=Ref::n"), parameters={"map": "town", "n": "1"})
    job = rig.submit("sim", parameters={"n": "7"})
    assert rig.state.jobs[job].spec.container.command == ("run", "town", "--n=7")


@row("6.3", "an unresolved Ref:: is refused")
def _(rig):
    rig.define("sim", command=("run", "Ref::map"))
    refused("No parameter found for reference map", rig.submit, "sim")


@row("6.4", "a command is replaced, variables are added by name, resources replaced by kind")
def _(rig):
    rig.tell_container("sim", Container(("a",), environment={"X": "1", "Y": "2"}, resources=Resources(1.0, 100)))
    overrides = Overrides(("b",), {"Y": "3", "Z": "4"}, vcpus=2.0)
    container = rig.state.jobs[rig.submit("sim", overrides=overrides)].spec.container
    assert container.command == ("b",)
    assert container.environment == {"X": "1", "Y": "3", "Z": "4"}
    assert container.resources == Resources(2.0, 100)


@row("6.5", "an empty string in a command is refused, and a variable that begins with AWS_BATCH")
def _(rig):
    refused("empty string", rig.submit, overrides=Overrides(("a", "")))
    refused("AWS_BATCH", rig.submit, overrides=Overrides(environment={"AWS_BATCH_X": "1"}))


@row("6.6", "overrides over 8,192 characters pass submit and fail the job")
def _(rig):
    job = rig.submit(overrides=Overrides(environment={"A": "x" * 8192}))
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "Container Overrides length must be at most 8192")
    assert rig.status(rig.submit(overrides=Overrides(environment={"A": "x" * 8191}))) is Status.STARTING


@row("6.7", "share identifier and priority are for fair-share queues, which need the first")
def _(rig):
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    refused("onlybe submitted to job queue with fair share", rig.submit, share="a")
    refused("onlybe submitted", rig.submit, priority=3)
    refused("needs a shareIdentifier", rig.submit, queue="shared")
    refused("between 0 and 9999", rig.submit, queue="shared", share="a", priority=10_000)


@row("6.8", "an unknown queue or definition is refused, with what was probably meant")
def _(rig):
    refused("JobQueue man does not exist: did you mean 'main'", rig.submit, queue="man")
    refused("JobDefinition tsk does not exist: did you mean 'task'", rig.submit, "tsk")
    refused("task:9 does not exist", rig.submit, "task:9")


@row("6.9", "a disabled queue takes no jobs; those in it finish")
def _(rig):
    job = rig.submit(size=6)
    rig.tell(PutQueue(Queue("main", 1, ("here",), enabled=False)))
    refused("DISABLED", rig.submit)
    rig.run_all()
    assert rig.status(job) is Status.SUCCEEDED


@row("6.10", "names")
def _(rig):
    for bad in ("", "-a", "a b", "x" * 129):
        refused("Job name should match valid pattern", rig.submit, name=bad)


@row("6.12", "a refused job leaves nothing behind")
def _(rig):
    before = encode(rig.state)
    refused("does not exist", rig.submit, after=["nobody"])
    assert encode(rig.state) == before


@row("6.11", "tags")
def _(rig):
    rig.submit(tags={"k" * 128: "v" * 256})
    refused("more than 50", rig.submit, tags={str(each): "" for each in range(51)})
    refused("1 to 128", rig.submit, tags={"": ""})
    refused("at most 256", rig.submit, tags={"k": "v" * 257})


@row("6.12", "an id is given once")
def _(rig):
    rig.submit()
    rig.names = 0
    refused("j1 exists already", rig.submit, name="other")


@row("6.12", "who asks once more for the same job is answered with its id, and nothing else happens")
def _(rig):
    first = rig.submit()
    event = Submit("twice", Request("job", "main", "task", depends_on=(Dependency(first, Kind.SEQUENTIAL),)))
    rig.tell(event)
    before = encode(rig.state)
    assert rig.tell(event) == "twice"
    assert encode(rig.state) == before


@row("6.12", "an id that could be a child's or a node's is refused")
def _(rig):
    for bad in ("", "a:1", "a#1", "a b", "x" * 129):
        refused("is not 1 to 128 of", rig.tell, Submit(bad, Request("job", "main", "task")))


@row("6.13", "overrides cannot ask for what a definition could not")
def _(rig):
    for text, options in {
        "VCPU=0 ": {"vcpus": 0.0},
        "VCPU=nan": {"vcpus": float("nan")},
        "MEMORY=3": {"memory": 3},
        "MEMORY=2147483648": {"memory": 2**31},
        "GPU=-1": {"gpus": -1},
        "GPU=2147483648": {"gpus": 2**31},
    }.items():
        refused(text, rig.submit, overrides=Overrides(**options))
    rig.tell_container("function", Container(function="package.module:name"))
    refused("both a command and a function", rig.submit, "function", overrides=Overrides(("true",)))
    refused("nothing to run", rig.submit, overrides=Overrides(()))


@row("6.14", "tags of everything that has some can be added, replaced and removed, within the limits of a new one's")
def _(rig):
    rig.policy(Policy("fair", tags={"a": "1"}))
    rig.consumable("licence", 1, tags={"a": "1"})
    rig.queue("other", tags={"a": "1"})
    rig.environment("there", tags={"a": "1"})
    rig.define("tagged", tags={"a": "1"})
    job = rig.submit(tags={"a": "1"})
    rig.run_all()
    for kind, name in [
        (Taggable.JOB, job),
        (Taggable.DEFINITION, "tagged:1"),
        (Taggable.QUEUE, "other"),
        (Taggable.ENVIRONMENT, "there"),
        (Taggable.POLICY, "fair"),
        (Taggable.CONSUMABLE, "licence"),
    ]:
        rig.tell(Tag(kind, name, {"a": "2", "b": "3"}))
        assert tags_of(rig.state, kind, name) == {"a": "2", "b": "3"}
        rig.tell(Tag(kind, name, removed=("a", "unknown")))
        assert tags_of(rig.state, kind, name) == {"b": "3"}
        refused("51 tags are more than 50", rig.tell, Tag(kind, name, {str(each): "" for each in range(50)}))
        assert tags_of(rig.state, kind, name) == {"b": "3"}
        refused("does not exist", rig.tell, Tag(kind, "nobody", {"a": "1"}))


@row("6.14", "children have no tags of their own, and a definition is named with its revision")
def _(rig):
    job = rig.submit(size=2)
    refused("Job j1:0 does not exist", rig.tell, Tag(Taggable.JOB, f"{job}:0", {"a": "1"}))
    for name in ("task", "task:2", "task:x", "task:\u0661", "task:" + "9" * 5000, "unknown:1"):
        refused(f"JobDefinition {name[:20]}", rig.tell, Tag(Taggable.DEFINITION, name, {"a": "1"}))


# 9 Queues and scheduling


@row("9.1", "first in, first out without a policy")
def _(rig):
    jobs = [rig.submit(size=3) for _ in range(3)]
    assert [rig.states(each) for each in jobs] == ["^^^", "^rr", "rrr"]


@row("9.2", "a queue of higher priority goes first")
def _(rig):
    rig.queue("urgent", priority=10)
    first = rig.submit(size=8)
    second = rig.submit(size=3, queue="urgent")
    rig.end(first, 0)
    rig.end(first, 1)
    assert (rig.states(first), rig.states(second)) == ("++^^rrrr", "^^r")


@row("9.3", "compute environments are tried in their order")
def _(rig):
    rig.environment("more", vcpus=2)
    rig.queue("both", environments=("more", "here"))
    rig.submit(size=5, queue="both")
    assert [(each.environment, each.slots) for each in rig.state.leases.values()] == [("more", 2), ("here", 3)]


@row("9.4", "a queue has one to three compute environments, which must be there")
def _(rig):
    refused("not 1 to 3", rig.queue, "none", environments=())
    refused("does not exist", rig.queue, "wrong", environments=("nowhere",))


@row("9.4", "a queue is made once")
def _(rig):
    refused("already exists", rig.queue, "main")


@row("9.5", "delete needs a disabled queue, and terminates its jobs")
def _(rig):
    refused("not DISABLED", rig.tell, DeleteQueue("main"))
    job = rig.submit(size=6)
    rig.tell(PutQueue(Queue("main", 1, ("here",), enabled=False)))
    rig.tell(DeleteQueue("main"))
    assert rig.states(job) == "^^^^--"
    rig.end(job, code=143)
    assert "main" not in rig.state.queues
    assert rig.status(job) is Status.FAILED


@row("9.5", "a queue that is being deleted cannot be changed")
def _(rig):
    job = rig.submit()
    rig.tell(PutQueue(Queue("main", 1, ("here",), enabled=False)))
    rig.tell(DeleteQueue("main"))
    refused("being deleted", rig.queue, "main", new=False)
    rig.tell(DeleteQueue("main"))
    rig.end(job, code=143)
    assert not rig.state.queues
    assert not rig.state.deleting


@row("9.6", "a large job is not overtaken for ever by small ones")
def _(rig):
    rig.define("wide", vcpus=4.0)
    small = rig.submit(size=4)
    wide = rig.submit("wide")
    late = rig.submit(size=4)
    rig.end(small, 0)
    assert (rig.states(wide), rig.states(late)) == ("r", "rrrr")
    rig.end(small)
    assert (rig.states(wide), rig.states(late)) == ("^", "rrrr")


@row("9.6", "what a large job waited for is free again when it went elsewhere")
def _(rig):
    rig.environment("there", enabled=False)
    rig.queue("both", environments=("here", "there"))
    rig.define("wide", vcpus=4.0)
    rig.submit()
    wide, small = rig.submit("wide", queue="both"), rig.submit(queue="both")
    assert (rig.states(wide), rig.states(small)) == ("r", "r")
    rig.environment("there", new=False)
    assert (rig.states(wide), rig.states(small)) == ("^", "^")


@row("9.6", "nor do small ones of a queue of lower priority")
def _(rig):
    rig.queue("urgent", priority=9)
    rig.define("wide", vcpus=4.0)
    small = rig.submit(size=8)
    wide = rig.submit("wide", queue="urgent")
    rig.end(small, 0)
    assert (rig.states(wide), rig.states(small)) == ("r", "+^^^rrrr")


@row("9.6", "nor does it overtake in a fair share, where a part is reserved")
def _(_rig):
    rig = Rig(vcpus=8)
    rig.policy(Policy("fair", reservation=50))
    rig.queue("shared", policy="fair")
    rig.define("wide", vcpus=2.0)
    small = rig.submit(size=20, queue="shared", share="a")
    wide = rig.submit("wide", queue="shared", share="a", priority=9)
    for _ in range(2):
        rig.end(small, *rig.started(small)[:1])
    assert (rig.states(wide), rig.states(small)) == ("^", "++^^" + "r" * 16)


@row("9.6", "a job that waits for a GPU keeps back what it needs, and nothing else")
def _(_rig):
    rig = Rig(vcpus=8, gpus=1, memory=2000)
    rig.define("gpu", gpus=1, memory=100)
    rig.define("wide", vcpus=6.0, memory=100)
    rig.define("heavy", memory=1500)
    rig.submit("gpu")
    waits = [rig.submit("gpu") for _ in range(9)]
    wide, small, heavy = rig.submit("wide"), rig.submit(), rig.submit("heavy")
    assert [rig.status(each) for each in waits] == [Status.RUNNABLE] * 9
    assert [rig.states(each) for each in (wide, small, heavy)] == ["^", "r", "r"]
    rig.end(wide)
    assert [rig.states(each) for each in (small, heavy)] == ["^", "r"]


@row("9.6", "so it is in a fair share, and between queues")
def _(_rig):
    rig = Rig(vcpus=4, gpus=1)
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair", priority=5)
    rig.define("gpu", gpus=1)
    jobs = [rig.submit("gpu", queue="shared", share=each) for each in "aab"]
    small, other = rig.submit(size=4, queue="shared", share="a"), rig.submit(size=4)
    assert [rig.states(each) for each in jobs] == ["^", "r", "r"]
    assert (rig.states(small), rig.states(other)) == ("^^rr", "rrrr")


@row("9.6", "of very many that wait, a thousand are looked behind")
def _(_rig):
    rig = Rig(vcpus=2000, gpus=1, snapshots=False)
    rig.define("gpu", gpus=1)
    rig.submit("gpu")
    rig.tell(PutEnvironment(Environment("here", 2000, 1_000_000, gpus=1, enabled=False)))
    turn = Turn(rig.state, rig.now)
    for number in range(1000):
        submit(turn, Submit(f"gpu{number}", Request("job", "main", "gpu")))
    rig.seen = {each.id: each.children["status"].copy() for each in rig.state.jobs.values()}
    late = rig.submit()
    rig.environment("here", vcpus=2000, gpus=1, new=False)
    assert rig.status(late) is Status.RUNNABLE
    rig.cancel("gpu7")
    assert rig.status(late) is Status.STARTING


@row("9.7", "fair share: the share that holds least is next")
def _(rig):
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    first = rig.submit(size=10, queue="shared", share="a")
    second = rig.submit(size=10, queue="shared", share="b")
    assert rig.states(first) == "^^^^rrrrrr"
    for _ in range(2):
        rig.end(first, *rig.started(first)[:1])
    assert rig.states(second) == "^^rrrrrrrr"


@row("9.8", "fair share: half the weight gets twice as much")
def _(_rig):
    rig = Rig(vcpus=9)
    rig.policy(Policy("fair", weights={"b*": 0.5}))
    rig.queue("shared", policy="fair")
    rig.tell(PutEnvironment(Environment("here", 9, 1_000_000, enabled=False)))
    first = rig.submit(size=20, queue="shared", share="a")
    second = rig.submit(size=20, queue="shared", share="b1")
    rig.tell(PutEnvironment(Environment("here", 9, 1_000_000)))
    assert (rig.states(first).count("^"), rig.states(second).count("^")) == (3, 6)


@row("9.8", "fair share: of several identifiers that fit, the whole name counts, else the longest")
def _(_rig):
    policy = Policy("fair", weights={"a*": 0.5, "ab*": 2.0, "abc": 8.0, "*": 4.0})
    assert [policy.weight(each) for each in ("a", "ax", "ab", "abd", "abc", "abcd", "x")] == [
        0.5,
        0.5,
        2.0,
        2.0,
        8.0,
        2.0,
        4.0,
    ]
    assert Policy("plain").weight("a") == 1.0


@row("9.9", "fair share: past use counts, and is forgotten")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair", decay=1000))
    rig.queue("shared", policy="fair")
    for share in "aab":
        rig.submit(queue="shared", share=share)
    rig.end("j1", busy=500.0)
    assert rig.status("j3") is Status.STARTING


@row("9.9", "fair share: how fast past use is forgotten is the policy's; not over less than 600 s")
def _(_rig):
    for decay, pause, first in (
        (1000, 0, "b"),
        (1000, 3000, "a"),
        (100_000, 3000, "b"),
        (0.0, 600, "b"),
        (0.0, 1000, "a"),
    ):
        rig = Rig(vcpus=1)
        rig.policy(Policy("fair", decay=decay))
        rig.queue("shared", policy="fair")
        rig.end(rig.submit(queue="shared", share="a"), busy=400.0)
        rig.tick(pause)
        rig.end(rig.submit(queue="shared", share="b"), busy=100.0)
        rig.environment("here", vcpus=1, enabled=False, new=False)
        jobs = {share: rig.submit(queue="shared", share=share) for share in "ab"}
        rig.environment("here", vcpus=1, new=False)
        assert [share for share, job in jobs.items() if rig.status(job) is Status.STARTING] == [first]


@row("9.10", "fair share: within a share the higher priority goes first")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    jobs = [rig.submit(queue="shared", share="a", priority=each) for each in (1, 1, 5)]
    rig.end(jobs[0])
    assert [rig.status(each) for each in jobs[1:]] == [Status.RUNNABLE, Status.STARTING]


@row("9.10", "the definition's scheduling priority counts where the submission gives none")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    rig.define("urgent", scheduling_priority=5)
    rig.submit(queue="shared", share="a")
    low, high = rig.submit(queue="shared", share="a", priority=4), rig.submit("urgent", queue="shared", share="a")
    lowered = rig.submit("urgent", queue="shared", share="a", priority=0)
    rig.end("j1")
    assert [rig.states(each) for each in (low, high, lowered)] == ["r", "^", "r"]


@row("9.1", "without a policy a definition's scheduling priority changes nothing")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.define("urgent", scheduling_priority=5)
    jobs = [rig.submit(), rig.submit(), rig.submit("urgent")]
    rig.end(jobs[0])
    assert [rig.states(each) for each in jobs] == ["+", "^", "r"]


@row("9.11", "fair share: a reservation is kept for shares that have no jobs yet")
def _(_rig):
    rig = Rig(vcpus=8)
    rig.policy(Policy("fair", reservation=50))
    rig.queue("shared", policy="fair")
    first = rig.submit(size=20, queue="shared", share="a")
    assert rig.states(first).count("^") == 4
    second = rig.submit(size=20, queue="shared", share="b")
    assert rig.states(first).count("^") + rig.states(second).count("^") == 6


@row("9.11", "the reservation is kept from multi-node jobs too, unless nothing is in use")
def _(_rig):
    rig = Rig(vcpus=8)
    rig.policy(Policy("fair", reservation=50))
    rig.queue("shared", policy="fair")
    define_nodes(rig)
    first, second = (rig.submit("nodes", queue="shared", share="a") for _ in range(2))
    assert (rig.states(first), rig.states(second)) == ("^rr", "rrr")


@row("9.12", "a policy's numbers have limits")
def _(rig):
    for text, options in {
        "shareDecaySeconds=-1 ": {"decay": -1.0},
        "shareDecaySeconds=604801 ": {"decay": 604_801.0},
        "computeReservation=100 ": {"reservation": 100},
        "weightFactor=0 ": {"weights": {"a": 0.0}},
        "weightFactor=1000 ": {"weights": {"a": 1000.0}},
        "shareIdentifier 'a b'": {"weights": {"a b": 1.0}},
    }.items():
        refused(text, rig.policy, Policy("odd", **options))
    rig.policy(Policy("fine", decay=604_800.0, reservation=99, weights={"a*": 0.0001, "b": 999.9999}))


@row("9.12", "a policy can be replaced, never added or removed, nor deleted while in use")
def _(rig):
    rig.policy(Policy("fair"))
    rig.policy(Policy("other"))
    rig.queue("shared", policy="fair")
    rig.queue("shared", policy="other", new=False)
    refused("neither added to nor removed", rig.queue, "shared", new=False)
    refused("neither added to nor removed", rig.queue, "main", policy="fair", new=False)
    refused("existing JobQueue", rig.tell, DeletePolicy("other"))
    rig.tell(DeletePolicy("fair"))


@row("9.13", "a job stuck RUNNABLE at the head of its queue is cancelled when the queue says so")
def _(rig):
    rig.queue("impatient", limits=(TimeLimit(600, NO_CAPACITY),))
    rig.submit(size=4)
    job = rig.submit(queue="impatient")
    rig.tick(599)
    assert rig.status(job) is Status.RUNNABLE
    rig.tick(1)
    assert (
        rig.reason(job) == "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
    )


@row("9.13", "a head that moves is not stuck")
def _(rig):
    rig.queue("impatient", limits=(TimeLimit(600, NO_CAPACITY),))
    job = rig.submit(size=12, queue="impatient")
    for _ in range(2):
        rig.tick(400)
        rig.end(job, *rig.started(job)[:1])
    assert rig.states(job) == "++^^^^rrrrrr"
    rig.tick(600)
    assert rig.states(job) == "++^^^^------"
    rig.end(job, 2, fate=Fate.LOST)
    assert rig.reason(job, 2).startswith("Host EC2")


@row("9.13", "the limit's reason is a condition: what merely waits is not what fits nowhere")
def _(rig):
    rig.define("huge", vcpus=5.0)
    rig.queue("patient", limits=(TimeLimit(600, "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"),))
    rig.queue("impatient", limits=(TimeLimit(600, NO_CAPACITY),))
    rig.submit(size=4)
    jobs = {
        (name, queue): rig.submit(name, queue=queue) for name in ("huge", "task") for queue in ("patient", "impatient")
    }
    rig.tick(600)
    assert [each for each, job in jobs.items() if rig.status(job) is Status.FAILED] == [
        ("huge", "patient"),
        ("task", "impatient"),
    ]
    assert rig.reason(jobs["huge", "patient"]).endswith(
        "due to reason: MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
    )


@row("9.13", "a child that takes the place of a cancelled one has its own time")
def _(rig):
    rig.queue("impatient", limits=(TimeLimit(600, NO_CAPACITY),))
    rig.submit(size=4)
    job = rig.submit(size=3, queue="impatient", after=[sequential(even_if_failed=True)])
    rig.tick(600)
    assert rig.states(job) == "-rp"
    assert next_alarm(rig.state) == rig.now + 600_000
    rig.tick(599)
    assert rig.states(job) == "-rp"


@row("9.13", "the head of a fair share is whose turn it is, not who came first")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair", limits=(TimeLimit(600, NO_CAPACITY),))
    low, high = (rig.submit(size=3, queue="shared", share="a", priority=each) for each in (1, 9))
    for _ in range(3):
        rig.tick(400)
        rig.end(high)
        rig.end(low)
    assert (rig.states(low), rig.states(high)) == ("+rr", "++^")


@row("9.13", "times and reasons of limits that are refused")
def _(rig):
    for seconds in (599, 86_401):
        refused("between 600 and 86400", rig.queue, "odd", limits=(TimeLimit(seconds, NO_CAPACITY),))
    for reason in ("", "no room"):
        refused(
            "is none of CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY, MISC",
            rig.queue,
            "odd",
            limits=(TimeLimit(600, reason),),
        )


@row("9.14", "the front of a queue: who is next, first in first out, those that fit nowhere among them")
def _(rig):
    rig.define("huge", vcpus=99.0)
    rig.define("wide", vcpus=4.0)
    rig.submit("wide")
    jobs = [rig.submit(name) for name in ("task", "huge", "task")]
    array = rig.submit(size=2)
    waits_for_them = rig.submit(after=jobs)
    rig.now += 5000
    late = rig.submit()
    found = front(rig.state, rig.state.queues["main"], rig.now, 100)
    assert found == [(each, START) for each in [*jobs, array]] + [(late, START + 5000)]
    assert front(rig.state, rig.state.queues["main"], rig.now, 2) == found[:2]
    assert waits_for_them not in dict(found)


@row("9.14", "the front of a fair share: the share with the least weighted use, and in it the higher priority")
def _(rig):
    rig.policy(Policy("fair", weights={"a": 0.5}))
    rig.queue("shared", policy="fair")
    rig.queue("empty", policy="fair")
    rig.define("wide", vcpus=4.0)
    rig.submit("wide")
    first, second, third = [rig.submit(queue="shared", share="a") for _ in range(3)]
    other = rig.submit(queue="shared", share="b")
    urgent = rig.submit(queue="shared", share="b", priority=1)
    rig.define("huge", vcpus=99.0)
    huge = rig.submit("huge", queue="shared", share="a")
    found = [each for each, _ in front(rig.state, rig.state.queues["shared"], rig.now, 100)]
    assert found == [first, urgent, second, third, other, huge]
    assert front(rig.state, rig.state.queues["empty"], rig.now, 100) == []


# 10 Compute environments


@row("10.1", "vCPUs, memory and GPUs are never oversubscribed")
def _(_rig):
    rig = Rig(vcpus=8, gpus=3, memory=1000)
    rig.define("heavy", memory=300)
    rig.define("gpu", gpus=1, memory=10)
    assert rig.states(rig.submit("heavy", size=5)) == "^^^rr"
    rig.queue("urgent", priority=5)
    assert rig.states(rig.submit("gpu", size=5, queue="urgent")) == "^^^rr"
    assert sorted(each.gpus for each in rig.state.leases.values() if each.gpus) == [(0,), (1,), (2,)]


@row("10.1", "an environment's amounts are numbers, not below 0, and such as a machine can have")
def _(rig):
    for amounts in (
        *({"vcpus": each} for each in (-1, float("nan"), float("inf"), 2.0**31)),
        *({"memory": each} for each in (-1, 2**31, 10**400)),
        *({"gpus": each} for each in (-1, 1025, 10**400)),
    ):
        refused("are not between 0 and", rig.environment, "odd", **amounts)


@row("10.2", "nothing new is placed in a disabled environment; what runs goes on")
def _(rig):
    job = rig.submit(size=6)
    rig.tell(PutEnvironment(Environment("here", 4, 1_000_000, enabled=False)))
    rig.end(job)
    assert rig.states(job) == "++++rr"


@row("10.3", "delete needs a disabled environment in no queue")
def _(rig):
    rig.environment("spare")
    refused("not DISABLED", rig.tell, DeleteEnvironment("spare"))
    rig.tell(PutEnvironment(Environment("spare", 4, 100, enabled=False)))
    rig.tell(DeleteEnvironment("spare"))
    rig.tell(PutEnvironment(Environment("here", 4, 1_000_000, enabled=False)))
    refused("Cannot delete, found existing JobQueue relationship", rig.tell, DeleteEnvironment("here"))


@row("10.3", "it cannot be deleted while jobs run in it, though no queue has it any more")
def _(rig):
    rig.environment("more")
    job = rig.submit()
    rig.queue("main", environments=("more",), new=False)
    rig.environment("here", enabled=False, new=False)
    refused("jobs still run in ComputeEnvironment here", rig.tell, DeleteEnvironment("here"))
    rig.end(job)
    rig.tell(DeleteEnvironment("here"))
    assert list(rig.state.environments) == ["more"]


@row("10.3", "nor be elsewhere then")
def _(rig):
    job = rig.submit()
    for change in (
        {"purchase": Purchase.SPOT},
        {"address": "10.0.0.1:6379"},
        {"managed": False, "address": "10.0.0.1:6379"},
    ):
        refused("cannot change while jobs run in it", rig.environment, "here", new=False, **change)
    rig.environment("here", vcpus=2, new=False)
    rig.end(job)
    rig.environment("here", new=False, address="10.0.0.1:6379")


@row("10.4", "a job too large for every environment stays RUNNABLE, and holds up nobody")
def _(rig):
    rig.define("huge", vcpus=5.0)
    huge, small = rig.submit("huge"), rig.submit()
    assert (rig.status(huge), rig.status(small)) == (Status.RUNNABLE, Status.STARTING)
    assert not could_ever_fit(rig.state, rig.state.jobs[huge])


@row("10.4", "too large may be the memory or the GPUs alone")
def _(_rig):
    rig = Rig(vcpus=4, memory=1000, gpus=1)
    for need in ({"memory": 1001}, {"gpus": 2}):
        rig.define("huge", **need)
        huge = rig.submit("huge")
        assert (rig.status(huge), could_ever_fit(rig.state, rig.state.jobs[huge])) == (Status.RUNNABLE, False)
    assert rig.states(rig.submit(size=2)) == "^r"


@row("10.4", "it says what is lacking, in AWS's words")
def _(rig):
    text = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the {} requirement of the job."
    needs = {"CPU": {"vcpus": 4.5}, "memory": {"memory": 1_000_001}, "GPU": {"gpus": 1}}
    for what, need in needs.items():
        rig.define("huge", **need)
        assert describe_job(rig.state, rig.submit("huge"))["statusReason"] == text.format(what)
        array = describe_job(rig.state, rig.submit("huge", size=2))
        assert array["statusReason"] == text.format(what)
    define_nodes(rig)
    rig.environment("spot", vcpus=99, purchase=Purchase.SPOT)
    rig.queue("cheap", environments=("spot",))
    said = describe_job(rig.state, rig.submit("nodes", queue="cheap"))["statusReason"]
    assert said.startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - ")
    assert "statusReason" not in describe_job(rig.state, rig.submit(size=9))


@row("10.4", "it is looked at again when environments or the queue change, not before")
def _(rig):
    rig.define("huge", vcpus=5.0)
    huge = rig.submit("huge")
    assert not rig.state.waiting
    rig.environment("here", vcpus=5, new=False)
    assert rig.status(huge) is Status.STARTING
    other = rig.submit("huge", size=2)
    rig.environment("more", vcpus=5)
    assert rig.states(other) == "rr"
    rig.queue("main", environments=("here", "more"), new=False)
    assert rig.states(other) == "^r"


@row("10.4", "nor does it in a fair share, nor one whose queue has disabled environments only")
def _(rig):
    rig.define("huge", vcpus=5.0)
    rig.policy(Policy("fair"))
    rig.queue("shared", priority=9, policy="fair")
    rig.environment("off", enabled=False)
    rig.queue("idle", priority=8, environments=("off",))
    huge, idle = rig.submit("huge", queue="shared", share="a"), rig.submit(queue="idle")
    small, late = rig.submit(queue="shared", share="a"), rig.submit()
    assert [rig.states(each) for each in (huge, idle, small, late)] == ["r", "r", "^", "^"]


@row("10.5", "SPOT capacity is taken away with notice; the attempt counts as a terminated host, unless it ended well")
def _(rig):
    rig.environment("spot", purchase=Purchase.SPOT, interruptions_per_hour=3600.0, notice=2.0)
    rig.queue("cheap", environments=("spot",))
    job = rig.submit(size=2, queue="cheap", retry=Retry(2, (ExitRule(Action.RETRY, on_status_reason="Host EC2*"),)))
    rig.begin(job)
    rig.tick(60)
    assert rig.stops[0].grace == 2.0
    rig.end(job, 0, code=143)
    rig.end(job, 1, code=0)
    assert rig.states(job) == "^+"
    assert rig.state.jobs[job].past[0][0].status_reason.startswith("Host EC2 (instance i-")


@row("10.5", "when SPOT capacity is taken away follows from the rate and the seed")
def _(_rig):
    def moments(seed, rate):
        rig = Rig(snapshots=False)
        rig.define("gpu", gpus=1)
        options = {"purchase": Purchase.SPOT, "interruptions_per_hour": rate, "seed": seed}
        rig.environment("spot", vcpus=400, gpus=400, **options)
        rig.queue("cheap", environments=("spot",))
        rig.submit("gpu", queue="cheap", size=400)
        return [(each.reclaim - rig.now) / 3_600_000 for each in rig.state.leases.values()]

    first = moments(1, 2.0)
    assert first == moments(1, 2.0) != moments(2, 2.0)
    for rate in (2.0, 20.0):  # the mean of 400 draws is off by more than a fifth once in 10,000 seeds
        assert 0.8 / rate < np.mean(moments(1, rate)) < 1.2 / rate
    assert len(moments(1, 1e-320)) == 400


# 11 Multi-node parallel


def define_nodes(rig, **options):
    small = Container(("true",), resources=Resources(1.0, 100))
    wide = Container(("main",), resources=Resources(2.0, 100))
    rig.define("nodes", nodes=Nodes(3, 0, (NodeGroup(0, None, small), NodeGroup(0, 0, wide))), **options)


@row("11.1", "the inner node range wins")
def _(rig):
    define_nodes(rig)
    job = rig.state.jobs[rig.submit("nodes")]
    assert [job.container(each).resources.vcpus for each in range(3)] == [2.0, 1.0, 1.0]


@row("11.2", "the main node starts first, the others when it runs; room is held for all")
def _(rig):
    define_nodes(rig)
    job = rig.submit("nodes")
    assert rig.states(job) == "^rr"
    assert rig.status(rig.submit()) is Status.RUNNABLE
    rig.begin(job, 0)
    assert rig.states(job) == "R^^"
    assert rig.status(job) is Status.RUNNING
    assert rig.state.jobs[job].child_id(2) == f"{job}#2"


@row("11.3", "a job waits until all its nodes fit at once")
def _(rig):
    define_nodes(rig)
    first = rig.submit()
    job = rig.submit("nodes")
    assert rig.states(job) == "rrr"
    rig.end(first)
    assert rig.states(job) == "^rr"


@row("11.3", "all nodes must have memory and GPUs too, else the job holds up nobody")
def _(_rig):
    for need in (Resources(1.0, 400), Resources(1.0, 100, 1)):
        rig = Rig(vcpus=4, memory=1000, gpus=2)
        rig.define("nodes", nodes=Nodes(3, 0, (NodeGroup(0, None, Container(("true",), resources=need)),)))
        huge, small = rig.submit("nodes"), rig.submit()
        assert (rig.states(huge), rig.states(small)) == ("rrr", "^")
        rig.environment("here", vcpus=4, memory=1300, gpus=3, new=False)
        rig.end(small, 0)
        assert rig.states(huge) == "^rr"


@row("11.4", "the job ends when main has exited and the others are stopped, with main's status")
def _(rig):
    define_nodes(rig)
    job = rig.submit("nodes")
    rig.begin(job)
    rig.begin(job)
    rig.end(job, 0)
    assert len(rig.stops) == 2
    assert rig.status(job) is Status.RUNNING
    rig.end(job, code=143)
    assert rig.status(job) is Status.SUCCEEDED


@row("11.5", "another node that dies changes nothing")
def _(rig):
    define_nodes(rig)
    job = rig.submit("nodes")
    rig.begin(job)
    rig.begin(job)
    rig.end(job, 2, code=1)
    assert rig.status(job) is Status.RUNNING
    assert not rig.stops


@row("11.6", "only main's failure is tried again, with all nodes anew")
def _(rig):
    define_nodes(rig, retry=Retry(2))
    job = rig.submit("nodes")
    rig.begin(job)
    rig.begin(job)
    rig.end(job, 2, code=1)
    rig.end(job, 0, code=1)
    assert rig.states(job) == "rR-"
    rig.end(job, 1, code=143)
    assert rig.states(job) == "^rr"
    assert rig.attempts(job) == 2
    rig.begin(job)
    rig.begin(job)
    rig.end(job, 0)
    rig.end(job)
    assert rig.status(job) is Status.SUCCEEDED


@row("11.6", "what could not be started, or was given back, holds no room twice")
def _(_rig):
    for fate in (Fate.NOT_STARTED, Fate.RETURNED, Fate.LOST):
        rig = Rig(vcpus=8)
        define_nodes(rig, retry=Retry(2))
        job = rig.submit("nodes")
        rig.end(job, 0, fate=fate, started=0)
        assert rig.states(job) == "^rr"
        assert len(rig.state.leases) == 3
        rig.begin(job, 0)
        rig.begin(job)
        assert len(set(rig.state.jobs[job].children["attempt"].tolist())) == 1
        rig.end(job, 0)
        rig.end(job)
        assert rig.status(job) is Status.SUCCEEDED


@row("11.7", "stopped while its other nodes are stopped, it does not begin anew")
def _(_rig):
    for stop in ("cancel", "terminate"):
        rig = Rig()
        define_nodes(rig, retry=Retry(2))
        job = rig.submit("nodes")
        rig.begin(job)
        rig.begin(job)
        rig.end(job, 0, code=1)
        assert rig.states(job) == "rRR"
        getattr(rig, stop)(job, "enough")
        rig.end(job, code=143)
        assert rig.states(job) == "---"
        assert rig.reason(job) == "enough"


@row("11.7", "to stop one node is to stop the whole job, wherever it stands")
def _(_rig):
    for stop in ("cancel", "terminate"):
        for index in (0, 2):
            rig = Rig()
            define_nodes(rig)
            rig.submit()
            waiting = rig.submit("nodes")
            getattr(rig, stop)(f"{waiting}#{index}", "enough")
            assert (rig.states(waiting), rig.reason(waiting)) == ("---", "enough")
            rig.run_all()
            running = rig.submit("nodes")
            rig.begin(running)
            rig.begin(running)
            getattr(rig, stop)(f"{running}#{index}", "enough")
            assert len(rig.stops) == (3 if stop == "terminate" else 0)
            rig.end(running, code=143)
            assert rig.status(running) is Status.FAILED
            assert not rig.state.leases


@row("11.8", "the timeout is for the whole job, from main's start")
def _(rig):
    define_nodes(rig, timeout=60.0)
    job = rig.submit("nodes")
    rig.begin(job)
    rig.begin(job)
    rig.tick(60)
    assert len(rig.stops) == 1
    rig.end(job, 0, code=137)
    rig.end(job, code=143)
    assert rig.reason(job) == "Job attempt duration exceeded timeout"


@row("11.9", "not on unmanaged environments, nor on SPOT, nor on Fargate")
def _(rig):
    define_nodes(rig)
    rig.environment("spot", vcpus=99, purchase=Purchase.SPOT)
    rig.environment("cluster", vcpus=99, managed=False, address="10.0.0.1:6379")
    rig.environment("fargate", vcpus=99, purchase=Purchase.FARGATE)
    rig.queue("other", environments=("spot", "cluster", "fargate"))
    assert rig.states(rig.submit("nodes", queue="other")) == "rrr"


@row("11.10", "ranges must cover all nodes, at most five of them, the main node among them")
def _(rig):
    small = Container(("true",))
    refused(
        "node 2 of job definition n is in no node range", rig.define, "n", nodes=Nodes(3, 0, (NodeGroup(0, 1, small),))
    )
    refused("mainNode=3", rig.define, "n", nodes=Nodes(3, 3, (NodeGroup(0, None, small),)))
    refused("not 1 to 5", rig.define, "n", nodes=Nodes(3, 0, (NodeGroup(0, None, small),) * 6))


@row("11.10", "another number of nodes needs an open range that begins below it")
def _(rig):
    small = Container(("true",))
    rig.define("open", nodes=Nodes(3, 0, (NodeGroup(0, 1, small), NodeGroup(2, None, small))))
    rig.define("fixed", nodes=Nodes(2, 0, (NodeGroup(0, 1, small),)))
    assert rig.state.jobs[rig.submit("open", nodes=4)].size == 4
    refused("open and begins below", rig.submit, "open", nodes=2)
    refused("open and begins below", rig.submit, "fixed", nodes=3)
    refused("not between 1 and 1000", rig.submit, "open", nodes=1001)


@row("11.10", "a number of nodes that leaves out the main one is refused, and one for a job without nodes")
def _(rig):
    rig.define("open", nodes=Nodes(4, 2, (NodeGroup(0, None, Container(("true",))),)))
    refused("numNodes=2 leaves out the main node 2", rig.submit, "open", nodes=2)
    assert rig.state.jobs[rig.submit("open", nodes=3)].size == 3
    refused("is not multi-node", rig.submit, nodes=3)


@row("11.1", "overrides are for all nodes")
def _(rig):
    define_nodes(rig)
    overrides = Overrides(("other",), {"X": "1"}, memory=200)
    job = rig.state.jobs[rig.submit("nodes", overrides=overrides)]
    for node, vcpus in enumerate((2.0, 1.0, 1.0)):
        container = job.container(node)
        assert (container.command, container.environment) == (("other",), {"X": "1"})
        assert container.resources == Resources(vcpus, 200)


@row("11.11", "overrides of a range of nodes are for that range, in place of those for all")
def _(rig):
    groups = (NodeGroup(0, 0, Container(("main",))), NodeGroup(1, None, Container(("other",))))
    rig.define("pair", nodes=Nodes(3, 0, groups))
    for_some = NodeOverrides(1, None, Overrides(("changed",), memory=600))
    job = rig.state.jobs[rig.submit("pair", node_overrides=(for_some,))]
    assert [job.container(node).command for node in range(3)] == [("main",), ("changed",), ("changed",)]
    assert [job.container(node).resources.memory for node in range(2)] == [512, 600]
    stranger = NodeOverrides(1, 2, Overrides(("changed",)))
    refused("a range of nodes that the job definition has not", rig.submit, "pair", node_overrides=(stranger,))
    refused("is not multi-node", rig.submit, node_overrides=(for_some,))


# 12 Consumable resources


def amounts(rig, name="licence"):
    return rig.state.consumables[name].total, rig.state.available(name)


@row("12.1", "a job waits RUNNABLE until there is enough of all that it needs")
def _(rig):
    rig.consumable("licence", 2)
    rig.consumable("token", 0)
    rig.define("licensed", consumables={"licence": 2, "token": 1})
    job = rig.submit("licensed")
    assert rig.status(job) is Status.RUNNABLE
    rig.change("token", Change.ADD, 1)
    assert rig.status(job) is Status.STARTING
    assert amounts(rig) == (2, 0)


@row("12.1", "what is needed is there for one child of an array each, and for all nodes of a job at once")
def _(rig):
    rig.consumable("licence", 3)
    rig.define("licensed", consumables={"licence": 1})
    array = rig.submit("licensed", size=5)
    assert len(rig.started(array)) == 3
    rig.end(array, 0)
    assert rig.started(array) == [1, 2, 3]
    rig.run_all()
    assert amounts(rig) == (3, 3)
    both = Container(("true",), consumables={"licence": 2})
    rig.define("pair", nodes=Nodes(2, 0, (NodeGroup(0, None, both),)))
    job = rig.submit("pair")
    assert rig.status(job) is Status.RUNNABLE
    rig.change("licence", Change.SET, 4)
    assert rig.status(job) is Status.STARTING
    assert amounts(rig) == (4, 0)
    rig.run_all()
    assert amounts(rig) == (4, 4)


@row(
    "12.2", "a replenishable resource is held from STARTING on and given back at the end of the attempt, whatever it is"
)
def _(rig):
    rig.consumable("licence", 1)
    rig.define("licensed", consumables={"licence": 1}, retry=Retry(2))
    job = rig.submit("licensed")
    assert amounts(rig) == (1, 0)
    rig.end(job, code=1)
    assert (rig.status(job), amounts(rig)) == (Status.STARTING, (1, 0))
    rig.end(job, fate=Fate.LOST)
    assert (rig.status(job), amounts(rig)) == (Status.FAILED, (1, 1))


@row("12.3", "what is not replenishable is taken off the total by each attempt, and never comes back")
def _(rig):
    rig.consumable("token", 3, replenishable=False)
    rig.define("spending", consumables={"token": 1}, retry=Retry(2))
    job = rig.submit("spending")
    assert amounts(rig, "token") == (2, 2)
    rig.end(job, code=1)
    assert amounts(rig, "token") == (1, 1)
    rig.end(job)
    assert amounts(rig, "token") == (1, 1)
    array = rig.submit("spending", size=2)
    rig.end(array, 0)
    assert (rig.states(array), amounts(rig, "token")) == ("+r", (0, 0))


@row("12.3", "but from what never began")
def _(rig):
    rig.consumable("token", 1, replenishable=False)
    rig.define("spending", consumables={"token": 1})
    job = rig.submit("spending")
    rig.environment("here", enabled=False, new=False)
    rig.end(job, fate=Fate.RETURNED)
    assert (rig.status(job), amounts(rig, "token")) == (Status.RUNNABLE, (1, 1))
    one = Container(("true",), consumables={"token": 1})
    rig.define("nodes", nodes=Nodes(3, 0, (NodeGroup(0, None, one),)))
    rig.cancel(job)
    rig.environment("here", new=False)
    rig.change("token", Change.SET, 3)
    nodes = rig.submit("nodes")
    assert amounts(rig, "token") == (0, 0)
    rig.end(nodes, 0, fate=Fate.NOT_STARTED)
    assert (rig.status(nodes), amounts(rig, "token")) == (Status.FAILED, (2, 2))


@row("12.4", "who waits for a resource keeps it back from those that come later, and keeps back nothing else")
def _(rig):
    rig.consumable("licence", 2)
    rig.define("one", consumables={"licence": 1})
    rig.define("two", consumables={"licence": 2})
    rig.define("rest", vcpus=3.0)
    running, waiting, late, other = rig.submit("one"), rig.submit("two"), rig.submit("one"), rig.submit("rest")
    assert [rig.status(each) for each in (waiting, late, other)] == [Status.RUNNABLE, Status.RUNNABLE, Status.STARTING]
    rig.end(running)
    assert [rig.status(each) for each in (waiting, late)] == [Status.STARTING, Status.RUNNABLE]


@row("12.3", "children of milliseconds that need something are not handed out ahead of their turn")
def _(rig):
    rig.consumable("token", 30, replenishable=False)
    rig.define("spending", consumables={"token": 1})
    array = rig.submit("spending", size=40)
    for _ in range(6):
        rig.end(array, busy=1e-5)
    assert (len(rig.started(array)), amounts(rig, "token")) == (4, (2, 2))
    rig.run_all(busy=1e-5)
    assert (rig.states(array), amounts(rig, "token")) == ("+" * 30 + "r" * 10, (0, 0))


@row("12.4", "who could not have it though all were free keeps nothing back")
def _(rig):
    rig.consumable("licence", 2)
    rig.define("three", consumables={"licence": 3})
    rig.define("one", consumables={"licence": 1})
    waiting, late = rig.submit("three"), rig.submit("one")
    assert [rig.status(each) for each in (waiting, late)] == [Status.RUNNABLE, Status.STARTING]


@row("12.4", "who waits for room keeps back both")
def _(rig):
    rig.consumable("licence", 1)
    rig.define("wide", vcpus=4.0, consumables={"licence": 1})
    rig.define("one", consumables={"licence": 1})
    first = rig.submit()
    waiting, licensed, small = rig.submit("wide"), rig.submit("one"), rig.submit()
    assert [rig.status(each) for each in (waiting, licensed, small)] == [Status.RUNNABLE] * 3
    rig.end(first)
    assert rig.status(waiting) is Status.STARTING


@row("12.5", "fair share: a share that waits for a resource does not hold up the others")
def _(rig):
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    rig.consumable("licence", 1)
    rig.define("licensed", consumables={"licence": 1})
    jobs = [rig.submit("licensed", queue="shared", share="a") for _ in range(2)]
    other = rig.submit(queue="shared", share="b")
    assert [rig.status(each) for each in (*jobs, other)] == [Status.STARTING, Status.RUNNABLE, Status.STARTING]
    rig.end(jobs[0])
    assert rig.status(jobs[1]) is Status.STARTING


@row("12.6", "the total is set, added to and taken from, but not below 0")
def _(rig):
    rig.consumable("licence", 2)
    assert rig.change("licence", Change.ADD, 3) == 5
    assert rig.change("licence", Change.REMOVE, 4) == 1
    assert rig.change("licence", Change.SET, 7) == 7
    refused("totalQuantity=-1 ", rig.change, "licence", Change.REMOVE, 8)
    refused("quantity=-1 ", rig.change, "licence", Change.ADD, -1)
    refused("unknown does not exist", rig.change, "unknown", Change.ADD, 1)
    refused("totalQuantity=-1 ", rig.consumable, "other", -1)
    refused("already exists", rig.consumable, "licence", 1)
    rig.define("licensed", consumables={"licence": 7})
    rig.submit("licensed")
    rig.change("licence", Change.SET, 1)
    assert amounts(rig) == (1, -6)


@row("12.6", "a change that is asked for twice with one token is made once, for eight hours")
def _(rig):
    rig.consumable("licence", 0)
    for _ in range(2):
        assert rig.change("licence", Change.ADD, 1, "t") == 1
    assert rig.change("licence", Change.ADD, 2, "t") == 3
    rig.now += 8 * 3_600_000 - 1
    assert rig.change("licence", Change.ADD, 1, "t") == 3
    rig.now += 1
    assert rig.change("licence", Change.ADD, 1, "t") == 4
    assert len(rig.state.tokens) == 1


@row("12.7", "an unknown resource is refused, and one that a live job needs cannot be deleted")
def _(rig):
    rig.define("licensed", consumables={"licence": 1})
    refused("ConsumableResource licence does not exist", rig.submit, "licensed")
    rig.consumable("licence", 0)
    job = rig.submit("licensed")
    refused(f"job {job} needs ConsumableResource licence", rig.tell, DeleteConsumable("licence"))
    rig.cancel(job)
    rig.tell(DeleteConsumable("licence"))
    assert rig.state.consumables == {}
    refused("does not exist", rig.tell, DeleteConsumable("licence"))


@row("12.8", "a submission replaces what the definition needs, by name")
def _(rig):
    for name in "abc":
        rig.consumable(name, 9)
    rig.define("licensed", consumables={"a": 1, "b": 2})
    job = rig.submit("licensed", overrides=Overrides(consumables={"b": 3, "c": 4}))
    assert rig.state.jobs[job].spec.container.consumables == {"a": 1, "b": 3, "c": 4}
    refused("quantity=-1 ", rig.submit, "licensed", overrides=Overrides(consumables={"a": -1}))


# additions


@row("+1", "only the failed children of an array are run again, at the same indices")
def _(rig):
    old = rig.submit(size=6)
    rig.end(old, 1, code=1)
    rig.end(old, 3, code=1)
    rig.run_all()
    assert rig.states(old) == "+-+-++"
    new = rig.submit(size=6, done_in=old)
    assert rig.states(new) == "+^+^++"
    assert rig.state.jobs[new].children["flags"][0] & Flag.DONE_BEFORE
    assert rig.reason(new, 0) == f"Succeeded in an earlier job: {old}"
    rig.run_all()
    assert rig.status(new) is Status.SUCCEEDED


@row("+2", "a finished array of the same size is needed for that")
def _(rig):
    old = rig.submit(size=6)
    refused("has not ended", rig.submit, size=6, done_in=old)
    rig.run_all()
    refused("no array of 5", rig.submit, size=5, done_in=old)
    refused("does not exist", rig.submit, size=5, done_in="nobody")
    assert rig.status(rig.submit(size=6, done_in=old)) is Status.SUCCEEDED


@row("+5", "a child is told how many there are")
def _(rig):
    rig.submit(size=7)
    assert work_of(rig.state, 1).environment(3, 1)["SWEEP_ARRAY_SIZE"] == "7"


@row("+6", "larger arrays, asked for by name")
def _(_rig):
    assert Rig(relaxed=["large-arrays"]).submit(size=10_001)


@row("+7", "shorter timeouts, asked for by name")
def _(_rig):
    assert Rig(relaxed=["short-timeouts"]).submit(timeout=0.5)


@row("+8", "children of a few ms are handed out by the hundred")
def _(_rig):
    rig = Rig(vcpus=2)
    job = rig.submit(size=10_000)
    events = 0
    while rig.state.leases:
        for lease in list(rig.state.leases.values()):
            for first, last, attempt in lease.spans:
                rig.tell(ended(lease.id, first, last, attempt, rig.now))
                events += 1
    assert rig.status(job) is Status.SUCCEEDED
    assert events < 40


def ended(lease, first, last, attempt, now):
    return Ended(lease, first, last, attempt, exit_code=0, started=now, stopped=now, busy=(last - first) * 1e-5)


@row("+8", "what children take lately counts, not what they ever took; and never more than twice as many as have ended")
def _(_rig):
    rig = Rig(vcpus=1, snapshots=False)
    job = rig.submit(size=10_000)
    given = []
    while rig.state.jobs[job].ended < 3000:
        (lease,) = rig.state.leases.values()
        ((first, last, attempt),) = lease.spans
        given.append(last - first)
        rig.tell(ended(lease.id, first, last, attempt, rig.now))
    assert given[:4] == [1, 2, 6, 18]
    (lease,) = rig.state.leases.values()
    ((first, last, attempt),) = lease.spans
    for index in range(first, first + 100):
        rig.tell(Ended(lease.id, index, index + 1, attempt, exit_code=0, started=rig.now, stopped=rig.now, busy=1.0))
    rig.tell(Ended(lease.id, first + 100, last, attempt, Fate.RETURNED))
    (lease,) = rig.state.leases.values()
    assert lease.left == 1


@row("+8", "after a worker was lost no more is handed out than can run at once")
def _(_rig):
    rig = Rig(vcpus=2)
    job = rig.submit(size=100, retry=Retry(2))
    rig.end(job, busy=1e-5)
    assert len(rig.started(job)) > 2
    rig.end(job, fate=Fate.LOST, busy=1e-5)
    assert len(rig.started(job)) == 2


def slow_array(rig):
    """Have a worker hold many children of an array that took 10 us each so far, and take 4 s now."""
    job = rig.submit(size=10_000)
    while rig.state.jobs[job].ended < 5000:
        (lease,) = rig.state.leases.values()
        for first, last, attempt in lease.spans:
            rig.tell(ended(lease.id, first, last, attempt, rig.now))
    (lease,) = rig.state.leases.values()
    first = lease.spans[0][0]
    for index in range(first, first + 4):
        rig.tick(4)
        rig.tell(Ended(lease.id, index, index + 1, 1, exit_code=0, busy=4.0))
    return job, lease, first + 4


@row("+8", "what was handed out ahead and takes longer than was thought is given back when others wait")
def _(_rig):
    rig = Rig(vcpus=1, snapshots=False)
    rig.queue("urgent", priority=9)
    job, lease, first = slow_array(rig)
    assert lease.left > 1000
    assert not rig.stops
    urgent = rig.submit(queue="urgent")
    (stop,) = rig.stops
    kept = 1 + int(1 / rig.state.jobs[job].pace)
    assert stop.spans == ((first + kept, lease.spans[-1][1], 1),)
    rig.tick(2)
    assert not rig.stops
    (back,) = stop.spans
    rig.tell(Ended(lease.id, *back, Fate.RETURNED))
    assert (lease.left, lease.slots, rig.status(urgent)) == (kept, 1, Status.RUNNABLE)
    for index in range(first, first + kept):
        rig.tell(Ended(lease.id, index, index + 1, 1, exit_code=0, busy=4.0))
    assert rig.status(urgent) is Status.STARTING
    assert rig.state.jobs[job].children["attempt"].tolist() == [1] * (first + kept) + [0] * (10_000 - first - kept)


@row("+8", "one that had begun by then is not failed by it")
def _(_rig):
    rig = Rig(vcpus=1, snapshots=False)
    job, lease, _ = slow_array(rig)
    rig.submit()
    ((low, high, _),) = rig.stops[0].spans
    for index, code in ((low, 143), (low + 1, 1), (low + 2, 0)):
        rig.tell(Ended(lease.id, index, index + 1, 1, exit_code=code, started=rig.now))
    rig.cancel(f"{job}:{low + 3}", "enough")
    rig.tell(Ended(lease.id, low + 3, low + 4, 1, exit_code=143, started=rig.now))
    assert rig.states(job)[low : low + 5] == "r-+-^"
    rows = rig.state.jobs[job].children
    assert rows["attempt"][low] == 0
    assert high == len(rows) or rows["attempt"][low + 4] == 1


@row("+10", "a compute environment without a worker takes nothing, until it is changed or a minute has passed")
def _(rig):
    rig.tell(Unserved("here", "nobody answers"))
    job = rig.submit()
    assert rig.status(job) is Status.RUNNABLE
    rig.tick(59)
    assert rig.status(job) is Status.RUNNABLE
    rig.tick(1)
    assert rig.status(job) is Status.STARTING
    rig.tell(Unserved("here", "nobody answers"))
    other = rig.submit()
    assert rig.status(other) is Status.RUNNABLE
    rig.environment("here", new=False)
    assert rig.status(other) is Status.STARTING


@row("+11", "a node on this machine is told its own address, and one elsewhere is not")
def _(rig):
    rig.define("nodes", nodes=Nodes(2, 0, (NodeGroup(0, None, Container(("true",))),)))
    rig.submit("nodes")
    assert work_of(rig.state, 1).environment(0, 1)["SWEEP_NODE_ADDRESS"] == "127.0.0.1"
    far = Rig()
    far.environment("here", new=False, address="192.0.2.1:6379")
    far.define("nodes", nodes=Nodes(2, 0, (NodeGroup(0, None, Container(("true",))),)))
    far.submit("nodes")
    assert "SWEEP_NODE_ADDRESS" not in work_of(far.state, 1).environment(0, 1)


@row("+9", "what is told twice, or of an attempt long over, is ignored")
def _(rig):
    job = rig.submit(retry=Retry(2))
    rig.begin(job)
    event = ended(1, 0, 1, 1, rig.now)
    rig.end(job, code=1)
    before = encode(rig.state)
    rig.tell(event)
    assert encode(rig.state) == before


@pytest.mark.parametrize("rule", TABLE)
def test_rule(rule):
    rule(Rig())
