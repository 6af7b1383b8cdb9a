"""AWS Batch's rules, one row each. The number is the section of sweep/jobs/SEMANTICS.md that states the rule."""

from __future__ import annotations

import pytest

from sweep.errors import JobError
from sweep.jobs.clock import next_alarm
from sweep.jobs.definition import Action, Container, ExitRule, NodeGroup, Nodes, Resources, Retry
from sweep.jobs.environment import Environment, Purchase
from sweep.jobs.events import DeleteEnvironment, DeletePolicy, DeleteQueue, Deregister, Fate, PutEnvironment, PutQueue
from sweep.jobs.job import Flag
from sweep.jobs.queue import Policy, Queue, TimeLimit
from sweep.jobs.request import Dependency, Kind, Overrides
from sweep.jobs.schedule import could_ever_fit
from sweep.jobs.status import Status
from tests.jobs.rig import Rig

TABLE = []


def row(section, rule):
    def register(function):
        TABLE.append(pytest.param(function, id=f"{section} {rule}"))
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


# 2 Job states


@row("2", "without dependencies SUBMITTED goes straight to RUNNABLE, and to STARTING where there is room")
def _(rig):
    rig.submit()
    assert statuses(rig) == [Status.RUNNABLE, Status.STARTING]


@row("2", "with unmet dependencies it is PENDING")
def _(rig):
    assert rig.status(rig.submit(after=[rig.submit()])) is Status.PENDING


@row("2", "without room it stays RUNNABLE")
def _(rig):
    jobs = [rig.submit() for _ in range(5)]
    assert [rig.status(each) for each in jobs] == [Status.STARTING] * 4 + [Status.RUNNABLE]


@row("2", "exit code 0 is SUCCEEDED, anything else FAILED, both with the reason of a normal exit")
def _(rig):
    good, bad = rig.submit(), rig.submit()
    rig.end(good)
    rig.end(bad, code=7)
    assert (rig.status(good), rig.status(bad)) == (Status.SUCCEEDED, Status.FAILED)
    assert rig.reason(good) == rig.reason(bad) == "Essential container in task exited"


@row("2", "a failed attempt with attempts left goes back to RUNNABLE, and is remembered")
def _(rig):
    job = rig.submit(retry=Retry(2))
    rig.begin(job)
    rig.end(job, code=9, reason="oops")
    assert statuses(rig) == [Status.RUNNABLE, Status.STARTING]
    assert rig.attempts(job) == 2
    (attempt,) = rig.state.jobs[job].past[0]
    assert (attempt.exit_code, attempt.reason) == (9, "oops")


@row("2", "what never ran has no start")
def _(rig):
    job = rig.submit()
    rig.end(job, fate=Fate.NOT_STARTED)
    assert rig.reason(job) == "Task failed to start"
    assert rig.state.jobs[job].children["started"][0] == 0


@row("2", "a worker that is lost is a terminated host")
def _(rig):
    job = rig.submit()
    rig.begin(job)
    rig.end(job, fate=Fate.LOST)
    assert rig.reason(job).startswith("Host EC2 (instance i-")


@row("2", "finished jobs are shown for seven days")
def _(rig):
    job = rig.submit()
    rig.run_all()
    rig.tick(7 * 86_400 - 60)
    assert job in rig.state.jobs
    rig.tick(120)
    assert job not in rig.state.jobs


# 3 Array jobs


@pytest.mark.parametrize("size", [0, 1, 10_001])
def test_array_sizes_that_are_refused(size):
    refused("between 2 and 10,000", Rig().submit, size=size)


@row("3", "2 and 10,000 children are accepted")
def _(rig):
    assert rig.state.jobs[rig.submit(size=2)].size == 2
    assert rig.state.jobs[rig.submit(size=10_000)].size == 10_000


@row("3", "larger arrays are an addition, asked for by name")
def _(_rig):
    assert Rig(relaxed=["large-arrays"]).submit(size=10_001)


@row("3", "an array cannot be multi-node")
def _(rig):
    define_nodes(rig)
    refused("cannot be an array", rig.submit, "nodes", size=3)


@row("3", "a child is named parent:index")
def _(rig):
    job = rig.submit(size=3)
    assert rig.status(f"{job}:2") is Status.STARTING
    assert rig.state.find(f"{job}:3") is None


@row("3", "the parent is PENDING while children run, never RUNNING")
def _(rig):
    job = rig.submit(size=3)
    assert rig.status(job) is Status.PENDING
    rig.begin(job)
    assert rig.status(job) is Status.PENDING


@row("3", "one failed child fails the parent, in the end, and stops no sibling")
def _(rig):
    job = rig.submit(size=3)
    rig.end(job, 1, code=1)
    assert rig.status(job) is Status.PENDING
    assert rig.states(job) == "^-^"
    rig.end(job)
    assert rig.status(job) is Status.FAILED
    assert rig.states(job) == "+-+"


@row("3", "retry applies to each child")
def _(rig):
    job = rig.submit(size=2, retry=Retry(2))
    rig.end(job, 1, code=1)
    rig.end(job, 0)
    rig.end(job, 1)
    assert [rig.attempts(job, each) for each in (0, 1)] == [1, 2]
    assert rig.status(job) is Status.SUCCEEDED


@row("3", "terminating a child affects it alone, and fails the parent in the end")
def _(rig):
    job = rig.submit(size=8)
    rig.terminate(f"{job}:6", "not this one")
    assert rig.states(job) == "^^^^rr-r"
    assert rig.reason(job, 6) == "not this one"
    rig.run_all()
    assert rig.status(job) is Status.FAILED


# 4 Dependencies


@row("4", "more than 20 dependencies are refused")
def _(rig):
    jobs = [rig.submit() for _ in range(21)]
    rig.submit(after=jobs[:20])
    refused("Job cannot have more than 20 dependencies", rig.submit, after=jobs)


@row("4", "all dependencies must succeed")
def _(rig):
    first, second = rig.submit(), rig.submit()
    job = rig.submit(after=[first, second])
    rig.end(first)
    assert rig.status(job) is Status.PENDING
    rig.end(second)
    assert rig.status(job) is Status.STARTING


@row("4", "a failed dependency fails the dependent at once, and down the chain")
def _(rig):
    first, second = rig.submit(), rig.submit()
    job = rig.submit(after=[first, second])
    last = rig.submit(after=[job], size=3)
    rig.end(first, code=1)
    assert rig.reason(job) == rig.reason(last, 2) == "Dependent Job failed"
    assert rig.states(last) == "---"
    assert rig.attempts(job) == 0


@row("4", "a job waits for all children of an array")
def _(rig):
    array = rig.submit(size=2)
    job = rig.submit(after=[array])
    rig.end(array, 0)
    assert rig.status(job) is Status.PENDING
    rig.end(array, 1)
    assert rig.status(job) is Status.STARTING


@row("4", "a plain dependent of an array hears of its failure when the array has ended")
def _(rig):
    array = rig.submit(size=2)
    job = rig.submit(after=[array])
    rig.end(array, 0, code=1)
    assert rig.status(job) is Status.PENDING
    rig.end(array, 1)
    assert rig.reason(job) == "Dependent Job failed"


@row("4", "each child of an array waits for a plain dependency")
def _(rig):
    job = rig.submit()
    array = rig.submit(size=3, after=[job])
    assert rig.states(array) == "ppp"
    rig.end(job)
    assert rig.states(array) == "^^^"


@row("4", "dependencies cross queues")
def _(rig):
    rig.queue("other")
    job = rig.submit()
    other = rig.submit(queue="other", after=[job])
    rig.end(job)
    assert rig.status(other) is Status.STARTING


@row("4", "SEQUENTIAL: child i waits for child i - 1")
def _(rig):
    job = rig.submit(size=4, after=[sequential()])
    seen = [rig.states(job)]
    for index in range(4):
        rig.end(job, index)
        seen.append(rig.states(job))
    assert seen == ["^ppp", "+^pp", "++^p", "+++^", "++++"]


@row("4", "SEQUENTIAL: a failure fails all later children")
def _(rig):
    job = rig.submit(size=5, after=[sequential()])
    rig.end(job, 0)
    rig.end(job, 1, code=1)
    assert rig.states(job) == "+----"
    assert rig.reason(job, 4) == "Dependent Job failed"


@row("4", "SEQUENTIAL: an attempt that is tried again fails nobody")
def _(rig):
    job = rig.submit(size=3, after=[sequential()], retry=Retry(2))
    rig.end(job, 0, code=1)
    assert rig.states(job) == "^pp"


@row("4", "SEQUENTIAL and a plain dependency together")
def _(rig):
    first = rig.submit()
    job = rig.submit(size=3, after=[sequential(), first])
    assert rig.states(job) == "ppp"
    rig.end(first)
    assert rig.states(job) == "^pp"


@row("4", "SEQUENTIAL without a job id is for arrays")
def _(rig):
    refused("for array jobs", rig.submit, after=[sequential()])


@row("4", "SEQUENTIAL with a job id is a plain dependency")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[Dependency(first, Kind.SEQUENTIAL)])
    rig.end(first)
    assert rig.status(job) is Status.STARTING


@row("4", "N_TO_N: child i waits for child i alone")
def _(rig):
    first = rig.submit(size=3)
    second = rig.submit(size=3, after=[n_to_n(first)])
    rig.end(first, 1)
    assert rig.states(second) == "p^p"


@row("4", "N_TO_N: a failed child fails the same child alone")
def _(rig):
    first = rig.submit(size=3)
    second = rig.submit(size=3, after=[n_to_n(first)])
    third = rig.submit(size=3, after=[n_to_n(second)])
    rig.end(first, 1, code=1)
    assert (rig.states(second), rig.states(third)) == ("p-p", "p-p")
    rig.run_all()
    assert (rig.states(second), rig.states(third)) == ("+-+", "+-+")
    assert rig.status(third) is Status.FAILED


@row("4", "N_TO_N and a plain dependency together")
def _(rig):
    one, array = rig.submit(), rig.submit(size=3)
    job = rig.submit(size=3, after=[one, n_to_n(array)])
    rig.end(array, 0)
    assert rig.states(job) == "ppp"
    rig.end(one)
    assert rig.states(job) == "^pp"


@row("4", "N_TO_N and SEQUENTIAL together")
def _(rig):
    first = rig.submit(size=3)
    job = rig.submit(size=3, after=[sequential(), n_to_n(first)])
    rig.end(first, 1)
    assert rig.states(job) == "ppp"
    rig.end(first, 0)
    assert rig.states(job) == "^pp"
    rig.end(job, 0)
    assert rig.states(job) == "+^p"


@row("4", "N_TO_N between arrays of different sizes is refused")
def _(rig):
    refused("3 is not 4", rig.submit, size=4, after=[n_to_n(rig.submit(size=3))])


@row("4", "N_TO_N on a job that is no array is refused")
def _(rig):
    refused("two array jobs", rig.submit, size=4, after=[n_to_n(rig.submit())])
    refused("two array jobs", rig.submit, after=[n_to_n(rig.submit(size=3))])


@row("4", "a dependency on an unknown job is refused")
def _(rig):
    refused("does not exist", rig.submit, after=["nobody"])


@row("4", "a dependency on one child")
def _(rig):
    array = rig.submit(size=3)
    job = rig.submit(after=[f"{array}:1"])
    rig.end(array, 0)
    assert rig.status(job) is Status.PENDING
    rig.end(array, 1)
    assert rig.status(job) is Status.RUNNABLE or rig.status(job) is Status.STARTING


@row("4", "a dependency that has ended already counts at once")
def _(rig):
    good, bad = rig.submit(), rig.submit()
    rig.end(good)
    rig.end(bad, code=1)
    assert rig.status(rig.submit(after=[good])) is Status.STARTING
    assert rig.status(rig.submit(after=[bad])) is Status.FAILED


@row("4", "addition: a dependent that runs whatever happened")
def _(rig):
    array = rig.submit(size=2)
    job = rig.submit(after=[Dependency(array, even_if_failed=True)])
    pairs = rig.submit(size=2, after=[n_to_n(array, even_if_failed=True)])
    rig.end(array, 0, code=1)
    assert (rig.states(job), rig.states(pairs)) == ("p", "^p")
    rig.end(array, 1)
    assert rig.states(job) == "^"


@row("4", "addition: SEQUENTIAL that goes on after a failure")
def _(rig):
    job = rig.submit(size=3, after=[sequential(even_if_failed=True)])
    rig.end(job, 0, code=1)
    assert rig.states(job) == "-^p"


# 5 Retry, timeout, cancel, terminate


@pytest.mark.parametrize("attempts", [0, 11])
def test_numbers_of_attempts_that_are_refused(attempts):
    refused("between 1 and 10", Rig().submit, retry=Retry(attempts))


@row("5", "the request's retry strategy replaces the definition's")
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
    ("all conditions must match", (ExitRule(Action.EXIT, on_exit_code="1", on_reason="x"),), 1, "y", True),
]


@pytest.mark.parametrize(("rules", "code", "reason", "again"), [each[1:] for each in RULES], ids=[r[0] for r in RULES])
def test_evaluate_on_exit(rules, code, reason, again):
    rig = Rig()
    job = rig.submit(retry=Retry(2, rules))
    rig.end(job, code=code, reason=reason)
    assert rig.status(job) is (Status.STARTING if again else Status.FAILED)


@row("5", "at most five rules, each with a condition, exit codes of digits")
def _(rig):
    rule = ExitRule(Action.EXIT, on_exit_code="1")
    refused("more than 5", rig.submit, retry=Retry(2, (rule,) * 6))
    refused("no condition", rig.submit, retry=Retry(2, (ExitRule(Action.EXIT),)))
    refused("not digits", rig.submit, retry=Retry(2, (ExitRule(Action.EXIT, on_exit_code="x"),)))


@row("5", "an attempt that lasts too long is stopped, fails, and is not tried again")
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


@row("5", "the timeout counts from the start of each attempt, of each child")
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


@row("5", "a timeout under 60 s is refused, unless asked for by name")
def _(rig):
    refused("less than 60", rig.submit, timeout=59)
    assert Rig(relaxed=["short-timeouts"]).submit(timeout=0.5)


@row("5", "cancel fails a RUNNABLE job with the caller's reason")
def _(rig):
    rig.submit(size=4)
    job = rig.submit()
    rig.cancel(job, "changed my mind")
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "changed my mind")
    assert rig.state.jobs[job].cancelled


@row("5", "cancel leaves alone what a worker has, and such a job is not tried again")
def _(rig):
    job = rig.submit(retry=Retry(3))
    rig.begin(job)
    rig.cancel(job)
    assert rig.status(job) is Status.RUNNING
    assert not rig.stops
    rig.end(job, code=1)
    assert rig.status(job) is Status.FAILED


@row("5", "cancel fails a PENDING job when its dependencies have ended")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[first])
    rig.cancel(job, "not needed")
    assert rig.status(job) is Status.PENDING
    rig.end(first)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "not needed")


@row("5", "cancelling an array tries all children; it ends when they all have")
def _(rig):
    job = rig.submit(size=6)
    rig.begin(job, 0)
    rig.cancel(job)
    assert rig.states(job) == "R^^^--"
    rig.run_all()
    assert rig.states(job) == "++++--"
    assert rig.status(job) is Status.FAILED


@row("5", "terminate stops what runs, which fails with the caller's reason, whatever its exit code")
def _(rig):
    job = rig.submit(retry=Retry(3))
    rig.begin(job)
    rig.terminate(job, "enough")
    assert rig.stops[0].grace == 30.0
    assert rig.status(job) is Status.RUNNING
    rig.end(job, code=0)
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "enough")


@row("5", "terminating twice stops once, and the first reason stays")
def _(rig):
    job = rig.submit()
    rig.begin(job)
    rig.terminate(job, "first")
    rig.terminate(job, "second")
    assert not rig.stops
    rig.end(job, code=143)
    assert rig.reason(job) == "first"


@row("5", "terminate fails a dependent as any failure does")
def _(rig):
    first = rig.submit()
    job = rig.submit(after=[first])
    rig.terminate(first)
    rig.end(first, code=143)
    assert rig.reason(job) == "Dependent Job failed"


@row("5", "stopping a job that is not known, or has ended, is no error")
def _(rig):
    job = rig.submit()
    rig.end(job)
    rig.cancel("nobody")
    rig.terminate(job)
    assert rig.status(job) is Status.SUCCEEDED


@row("5", "a reason has 1 to 1,024 characters")
def _(rig):
    job = rig.submit()
    refused("not 1 to 1024", rig.cancel, job, "")
    refused("not 1 to 1024", rig.terminate, job, "x" * 1025)


# 6 Submit-time merging


@row("6", "the latest active revision is taken unless one is named")
def _(rig):
    rig.define("task", command=("second",))
    rig.define("task", command=("third",))
    rig.tell(Deregister("task", 3))
    assert [rig.state.jobs[rig.submit(each)].spec.definition for each in ("task", "task:1")] == ["task:2", "task:1"]
    arn = "arn:aws:batch:eu-west-1:123456789012:job-definition/task:2"
    assert rig.state.jobs[rig.submit(arn)].spec.definition == "task:2"


@row("6", "an inactive revision cannot be submitted, and its number is not given again")
def _(rig):
    rig.tell(Deregister("task", 1))
    refused("INACTIVE", rig.submit, "task:1")
    refused("no ACTIVE", rig.submit, "task")
    assert rig.define("task") == "task:2"


@row("6", "Ref:: is replaced by the request's parameters over the definition's")
def _(rig):
    rig.define("sim", command=("run", "Ref::map", "--n=Ref::n"), parameters={"map": "town", "n": "1"})
    job = rig.submit("sim", parameters={"n": "7"})
    assert rig.state.jobs[job].spec.container.command == ("run", "town", "--n=7")


@row("6", "an unresolved Ref:: is refused")
def _(rig):
    rig.define("sim", command=("run", "Ref::map"))
    refused("No parameter found for reference map", rig.submit, "sim")


@row("6", "a command is replaced, variables are added by name, resources replaced by kind")
def _(rig):
    rig.tell_container("sim", Container(("a",), environment={"X": "1", "Y": "2"}, resources=Resources(1.0, 100)))
    overrides = Overrides(("b",), {"Y": "3", "Z": "4"}, vcpus=2.0)
    container = rig.state.jobs[rig.submit("sim", overrides=overrides)].spec.container
    assert container.command == ("b",)
    assert container.environment == {"X": "1", "Y": "3", "Z": "4"}
    assert container.resources == Resources(2.0, 100)


@row("6", "an empty string in a command is refused, and a variable that begins with AWS_BATCH")
def _(rig):
    refused("empty string", rig.submit, overrides=Overrides(("a", "")))
    refused("AWS_BATCH", rig.submit, overrides=Overrides(environment={"AWS_BATCH_X": "1"}))


@row("6", "overrides over 8,192 characters pass submit and fail the job")
def _(rig):
    job = rig.submit(overrides=Overrides(environment={"A": "x" * 8192}))
    assert (rig.status(job), rig.reason(job)) == (Status.FAILED, "Container Overrides length must be at most 8192")
    assert rig.status(rig.submit(overrides=Overrides(environment={"A": "x" * 8191}))) is Status.STARTING


@row("6", "share identifier and priority are for fair-share queues, which need the first")
def _(rig):
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    refused("onlybe submitted to job queue with fair share", rig.submit, share="a")
    refused("onlybe submitted", rig.submit, priority=3)
    refused("needs a shareIdentifier", rig.submit, queue="shared")
    refused("between 0 and 9999", rig.submit, queue="shared", share="a", priority=10_000)


@row("6", "an unknown queue or definition is refused, with what was probably meant")
def _(rig):
    refused("JobQueue man does not exist: did you mean 'main'", rig.submit, queue="man")
    refused("JobDefinition tsk does not exist: did you mean 'task'", rig.submit, "tsk")
    refused("task:9 does not exist", rig.submit, "task:9")


@row("6", "a disabled queue takes no jobs; those in it finish")
def _(rig):
    job = rig.submit(size=6)
    rig.tell(PutQueue(Queue("main", 1, ("here",), enabled=False)))
    refused("DISABLED", rig.submit)
    rig.run_all()
    assert rig.status(job) is Status.SUCCEEDED


@row("6", "names")
def _(rig):
    for bad in ("", "-a", "a b", "x" * 129):
        refused("Job name should match valid pattern", rig.submit, name=bad)


@row("6", "a refused job leaves nothing behind")
def _(rig):
    from sweep.jobs.codec import encode

    before = encode(rig.state)
    refused("does not exist", rig.submit, after=["nobody"])
    assert encode(rig.state) == before


# 9 Queues and scheduling


@row("9", "first in, first out without a policy")
def _(rig):
    jobs = [rig.submit(size=3) for _ in range(3)]
    assert [rig.states(each) for each in jobs] == ["^^^", "^rr", "rrr"]


@row("9", "a queue of higher priority goes first")
def _(rig):
    rig.queue("urgent", priority=10)
    first = rig.submit(size=8)
    second = rig.submit(size=3, queue="urgent")
    rig.end(first, 0)
    rig.end(first, 1)
    assert (rig.states(first), rig.states(second)) == ("++^^rrrr", "^^r")


@row("9", "compute environments are tried in their order")
def _(rig):
    rig.environment("more", vcpus=2)
    rig.queue("both", environments=("more", "here"))
    rig.submit(size=5, queue="both")
    assert [(each.environment, each.slots) for each in rig.state.leases.values()] == [("more", 2), ("here", 3)]


@row("9", "a queue has one to three compute environments, which must be there")
def _(rig):
    refused("not 1 to 3", rig.queue, "none", environments=())
    refused("does not exist", rig.queue, "wrong", environments=("nowhere",))


@row("9", "a queue is made once")
def _(rig):
    refused("already exists", rig.queue, "main")


@row("9", "delete needs a disabled queue, and terminates its jobs")
def _(rig):
    refused("not DISABLED", rig.tell, DeleteQueue("main"))
    job = rig.submit(size=6)
    rig.tell(PutQueue(Queue("main", 1, ("here",), enabled=False)))
    rig.tell(DeleteQueue("main"))
    assert rig.states(job) == "^^^^--"
    rig.end(job, code=143)
    assert "main" not in rig.state.queues
    assert rig.status(job) is Status.FAILED


@row("9", "a large job is not overtaken for ever by small ones")
def _(rig):
    rig.define("wide", vcpus=4.0)
    small = rig.submit(size=4)
    wide = rig.submit("wide")
    late = rig.submit(size=4)
    rig.end(small, 0)
    assert (rig.states(wide), rig.states(late)) == ("r", "rrrr")
    rig.end(small)
    assert (rig.states(wide), rig.states(late)) == ("^", "rrrr")


@row("9", "fair share: the share that holds least is next")
def _(rig):
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    first = rig.submit(size=10, queue="shared", share="a")
    second = rig.submit(size=10, queue="shared", share="b")
    assert rig.states(first) == "^^^^rrrrrr"
    for _ in range(2):
        rig.end(first, *rig.started(first)[:1])
    assert rig.states(second) == "^^rrrrrrrr"


@row("9", "fair share: half the weight gets twice as much")
def _(_rig):
    rig = Rig(vcpus=9)
    rig.policy(Policy("fair", weights={"b*": 0.5}))
    rig.queue("shared", policy="fair")
    rig.tell(PutEnvironment(Environment("here", 9, 1_000_000, enabled=False)))
    first = rig.submit(size=20, queue="shared", share="a")
    second = rig.submit(size=20, queue="shared", share="b1")
    rig.tell(PutEnvironment(Environment("here", 9, 1_000_000)))
    assert (rig.states(first).count("^"), rig.states(second).count("^")) == (3, 6)


@row("9", "fair share: past use counts, and is forgotten")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair", decay=1000))
    rig.queue("shared", policy="fair")
    for share in "aab":
        rig.submit(queue="shared", share=share)
    rig.end("j1", busy=500.0)
    assert rig.status("j3") is Status.STARTING


@row("9", "fair share: within a share the higher priority goes first")
def _(_rig):
    rig = Rig(vcpus=1)
    rig.policy(Policy("fair"))
    rig.queue("shared", policy="fair")
    jobs = [rig.submit(queue="shared", share="a", priority=each) for each in (1, 1, 5)]
    rig.end(jobs[0])
    assert [rig.status(each) for each in jobs[1:]] == [Status.RUNNABLE, Status.STARTING]


@row("9", "fair share: a reservation is kept for shares that have no jobs yet")
def _(_rig):
    rig = Rig(vcpus=8)
    rig.policy(Policy("fair", reservation=50))
    rig.queue("shared", policy="fair")
    first = rig.submit(size=20, queue="shared", share="a")
    assert rig.states(first).count("^") == 4
    second = rig.submit(size=20, queue="shared", share="b")
    assert rig.states(first).count("^") + rig.states(second).count("^") == 6


@row("9", "a policy can be replaced, never added or removed, nor deleted while in use")
def _(rig):
    rig.policy(Policy("fair"))
    rig.policy(Policy("other"))
    rig.queue("shared", policy="fair")
    rig.queue("shared", policy="other", new=False)
    refused("neither added to nor removed", rig.queue, "shared", new=False)
    refused("neither added to nor removed", rig.queue, "main", policy="fair", new=False)
    refused("existing JobQueue", rig.tell, DeletePolicy("other"))
    rig.tell(DeletePolicy("fair"))


@row("9", "a job stuck RUNNABLE at the head of its queue is cancelled when the queue says so")
def _(rig):
    rig.queue("impatient", limits=(TimeLimit(600, "no room"),))
    rig.submit(size=4)
    job = rig.submit(queue="impatient")
    rig.tick(599)
    assert rig.status(job) is Status.RUNNABLE
    rig.tick(1)
    assert rig.reason(job) == "Canceled by JobStateTimeLimit action due to reason: no room"


# 10 Compute environments


@row("10", "vCPUs, memory and GPUs are never oversubscribed")
def _(_rig):
    rig = Rig(vcpus=8, gpus=3, memory=1000)
    rig.define("heavy", memory=300)
    rig.define("gpu", gpus=1, memory=10)
    assert rig.states(rig.submit("heavy", size=5)) == "^^^rr"
    rig.queue("urgent", priority=5)
    assert rig.states(rig.submit("gpu", size=5, queue="urgent")) == "^^^rr"
    assert sorted(each.gpus for each in rig.state.leases.values() if each.gpus) == [(0,), (1,), (2,)]


@row("10", "nothing new is placed in a disabled environment; what runs goes on")
def _(rig):
    job = rig.submit(size=6)
    rig.tell(PutEnvironment(Environment("here", 4, 1_000_000, enabled=False)))
    rig.end(job)
    assert rig.states(job) == "++++rr"


@row("10", "delete needs a disabled environment in no queue")
def _(rig):
    rig.environment("spare")
    refused("not DISABLED", rig.tell, DeleteEnvironment("spare"))
    rig.tell(PutEnvironment(Environment("spare", 4, 100, enabled=False)))
    rig.tell(DeleteEnvironment("spare"))
    rig.tell(PutEnvironment(Environment("here", 4, 1_000_000, enabled=False)))
    refused("Cannot delete, found existing JobQueue relationship", rig.tell, DeleteEnvironment("here"))


@row("10", "a job too large for every environment stays RUNNABLE, and holds up nobody")
def _(rig):
    rig.define("huge", vcpus=5.0)
    huge, small = rig.submit("huge"), rig.submit()
    assert (rig.status(huge), rig.status(small)) == (Status.RUNNABLE, Status.STARTING)
    assert not could_ever_fit(rig.state, rig.state.jobs[huge])


@row("10", "SPOT capacity is taken away with notice; the attempt counts as a terminated host, unless it ended well")
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


# 11 Multi-node parallel


def define_nodes(rig, **options):
    small = Container(("true",), resources=Resources(1.0, 100))
    wide = Container(("main",), resources=Resources(2.0, 100))
    rig.define("nodes", nodes=Nodes(3, 0, (NodeGroup(0, None, small), NodeGroup(0, 0, wide))), **options)


@row("11", "the inner node range wins")
def _(rig):
    define_nodes(rig)
    job = rig.state.jobs[rig.submit("nodes")]
    assert [job.container(each).resources.vcpus for each in range(3)] == [2.0, 1.0, 1.0]


@row("11", "the main node starts first, the others when it runs; room is held for all")
def _(rig):
    define_nodes(rig)
    job = rig.submit("nodes")
    assert rig.states(job) == "^rr"
    assert rig.status(rig.submit()) is Status.RUNNABLE
    rig.begin(job, 0)
    assert rig.states(job) == "R^^"
    assert rig.status(job) is Status.RUNNING
    assert rig.state.jobs[job].child_id(2) == f"{job}#2"


@row("11", "a job waits until all its nodes fit at once")
def _(rig):
    define_nodes(rig)
    first = rig.submit()
    job = rig.submit("nodes")
    assert rig.states(job) == "rrr"
    rig.end(first)
    assert rig.states(job) == "^rr"


@row("11", "the job ends when main has exited and the others are stopped, with main's status")
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


@row("11", "another node that dies changes nothing")
def _(rig):
    define_nodes(rig)
    job = rig.submit("nodes")
    rig.begin(job)
    rig.begin(job)
    rig.end(job, 2, code=1)
    assert rig.status(job) is Status.RUNNING
    assert not rig.stops


@row("11", "only main's failure is tried again, with all nodes anew")
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


@row("11", "the timeout is for the whole job, from main's start")
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


@row("11", "not on unmanaged environments, nor on SPOT")
def _(rig):
    define_nodes(rig)
    rig.environment("spot", vcpus=99, purchase=Purchase.SPOT)
    rig.environment("cluster", vcpus=99, managed=False, address="10.0.0.1:6379")
    rig.queue("other", environments=("spot", "cluster"))
    assert rig.states(rig.submit("nodes", queue="other")) == "rrr"


@row("11", "ranges must cover all nodes, at most five of them, the main node among them")
def _(rig):
    small = Container(("true",))
    refused(
        "node 2 of job definition n is in no node range", rig.define, "n", nodes=Nodes(3, 0, (NodeGroup(0, 1, small),))
    )
    refused("mainNode=3", rig.define, "n", nodes=Nodes(3, 3, (NodeGroup(0, None, small),)))
    refused("not 1 to 5", rig.define, "n", nodes=Nodes(3, 0, (NodeGroup(0, None, small),) * 6))


@row("11", "another number of nodes needs an open range that begins below it")
def _(rig):
    small = Container(("true",))
    rig.define("open", nodes=Nodes(3, 0, (NodeGroup(0, 1, small), NodeGroup(2, None, small))))
    rig.define("fixed", nodes=Nodes(2, 0, (NodeGroup(0, 1, small),)))
    assert rig.state.jobs[rig.submit("open", nodes=4)].size == 4
    refused("open and begins below", rig.submit, "open", nodes=2)
    refused("open and begins below", rig.submit, "fixed", nodes=3)


# additions


@row("+", "only the failed children of an array are run again, at the same indices")
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


@row("+", "a finished array of the same size is needed for that")
def _(rig):
    old = rig.submit(size=6)
    refused("has not ended", rig.submit, size=6, done_in=old)
    rig.run_all()
    refused("no array of 5", rig.submit, size=5, done_in=old)
    refused("does not exist", rig.submit, size=5, done_in="nobody")
    assert rig.status(rig.submit(size=6, done_in=old)) is Status.SUCCEEDED


@row("+", "children of a few ms are handed out by the hundred")
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
    from sweep.jobs.events import Ended

    return Ended(lease, first, last, attempt, started=now, stopped=now, busy=(last - first) * 1e-5)


@row("+", "what is told twice, or of an attempt long over, is ignored")
def _(rig):
    from sweep.jobs.codec import encode

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
