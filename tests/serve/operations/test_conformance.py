"""Rules of AWS Batch that can be seen from outside, each with the number that it has in sweep/jobs/SEMANTICS.md."""

from __future__ import annotations

import time

import pytest

from sweep.daemon.workers import worker_maker
from sweep.errors import JobError
from sweep.jobs.events import Tick
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.serve.desk import Desk
from sweep.serve.settling import Settling
from tests.serve.operations.conftest import Asking, Clock, definition

DAY = 86_400


class Later:
    """The time of day, and as many seconds as a test adds."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return time.time() + self.seconds


@pytest.fixture
def later(tmp_path):
    """Ask a desk whose engine's clock a test sets forward."""
    folder, clock, settling = tmp_path / "later", Later(), Clock()
    with Engine(worker_maker(folder), Journal(folder), clock=clock) as engine:
        ask = Asking(Desk(engine, folder, settling=Settling(clock=settling)), settling)
        ask.pass_time = lambda seconds: (setattr(clock, "seconds", clock.seconds + seconds), engine.ask(Tick()))
        make_environment(ask, "here")
        make_queue(ask, "q", "here")
        ask.settle()
        yield ask


def make_environment(ask, name, vcpus=4, **options):
    resources = {"type": "EC2", "maxvCpus": vcpus, "subnets": []}
    ask.batch(
        "CreateComputeEnvironment", computeEnvironmentName=name, type="MANAGED", computeResources=resources, **options
    )


def make_queue(ask, name, *environments, priority=1, **options):
    order = [{"order": place, "computeEnvironment": each} for place, each in enumerate(environments)]
    ask.batch("CreateJobQueue", jobQueueName=name, priority=priority, computeEnvironmentOrder=order, **options)


def needs(vcpus="1", memory="64", **more):
    listed = {"VCPU": vcpus, "MEMORY": memory, **more}
    return {"resourceRequirements": [{"type": name, "value": value} for name, value in listed.items()]}


def close(ask, environment="here"):
    ask.batch("UpdateComputeEnvironment", computeEnvironment=environment, state="DISABLED")
    ask.settle()


def reopen(ask, environment="here"):
    ask.batch("UpdateComputeEnvironment", computeEnvironment=environment, state="ENABLED")
    ask.settle()


def log_of(ask, job):
    stream = ask.job(job)["container"]["logStreamName"]
    told = ask("logs", "GetLogEvents", logGroupName="/aws/batch/job", logStreamName=stream)
    return [each["message"] for each in told["events"]]


def test_2_3_and_4_3_what_depends_on_others_is_pending_and_runs_when_all_have_succeeded(ask):
    close(ask)
    first, second = ask.submit(["true"]), ask.submit(["true"])
    third = ask.submit(["true"], dependsOn=[{"jobId": first}, {"jobId": second}])
    assert [ask.job(each)["status"] for each in (first, second, third)] == ["RUNNABLE", "RUNNABLE", "PENDING"]
    reopen(ask)
    ask.wait(third)
    ends = {each: ask.job(each) for each in (first, second, third)}
    assert {each["status"] for each in ends.values()} == {"SUCCEEDED"}
    assert ends[third]["startedAt"] >= max(ends[first]["stoppedAt"], ends[second]["stoppedAt"])


def test_2_7_what_cannot_be_started_has_failed_to_start_and_never_ran(ask):
    told = ask.run(["/no/such/command"])
    assert (told["status"], told["statusReason"]) == ("FAILED", "Task failed to start")
    assert "startedAt" not in told
    assert "logStreamName" not in told["container"]
    assert told["container"]["reason"].startswith("CannotStartContainerError")


def test_2_11_a_job_is_shown_for_seven_days_after_its_end(later):
    job = later.submit(["true"])
    later.wait(job)
    later.pass_time(7 * DAY - 60)
    assert later.job(job)["status"] == "SUCCEEDED"
    later.pass_time(120)
    assert later.batch("DescribeJobs", jobs=[job])["jobs"] == []
    assert later.batch("ListJobs", jobQueue="q", jobStatus="SUCCEEDED")["jobSummaryList"] == []


def test_3_2_an_array_is_not_multi_node(ask):
    container = {"image": "i", "command": ["true"], "vcpus": 1, "memory": 64}
    nodes = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:1", "container": container}]}
    ask.batch("RegisterJobDefinition", jobDefinitionName="many", type="multinode", nodeProperties=nodes)
    with pytest.raises(JobError, match="cannot be an array job"):
        ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="many", arrayProperties={"size": 2})


def test_3_7_each_child_is_tried_again_by_itself(ask):
    script = 'test "$AWS_BATCH_JOB_ARRAY_INDEX$AWS_BATCH_JOB_ATTEMPT" != 11'
    array = ask.submit(["sh", "-c", script], arrayProperties={"size": 3}, retryStrategy={"attempts": 2})
    ask.wait(array)
    assert ask.job(array)["status"] == "SUCCEEDED"
    assert [len(ask.job(f"{array}:{index}")["attempts"]) for index in range(3)] == [1, 2, 1]


def test_3_8_to_stop_a_child_fails_the_array_and_no_sibling(ask):
    close(ask)
    array = ask.submit(["true"], arrayProperties={"size": 3})
    ask.batch("CancelJob", jobId=f"{array}:1", reason="not this one")
    assert ask.job(f"{array}:1")["statusReason"] == "not this one"
    assert (ask.job(array)["status"], ask.job(f"{array}:0")["status"]) == ("PENDING", "RUNNABLE")
    reopen(ask)
    ask.wait(array)
    told = ask.job(array)
    assert (told["status"], told["arrayProperties"]["statusSummary"]["SUCCEEDED"]) == ("FAILED", 2)


def test_4_8_a_sequence_ends_with_its_first_failure(ask):
    script = "test $AWS_BATCH_JOB_ARRAY_INDEX != 1"
    array = ask.submit(["sh", "-c", script], arrayProperties={"size": 4}, dependsOn=[{"type": "SEQUENTIAL"}])
    ask.wait(array)
    told = [ask.job(f"{array}:{index}") for index in range(4)]
    assert [each["status"] for each in told] == ["SUCCEEDED", "FAILED", "FAILED", "FAILED"]
    assert [each["statusReason"] for each in told[2:]] == ["Dependent Job failed"] * 2


def test_4_13_child_by_child_a_failure_takes_its_partner_alone(ask):
    first = ask.submit(["sh", "-c", "test $AWS_BATCH_JOB_ARRAY_INDEX != 1"], arrayProperties={"size": 3})
    second = ask.submit(["true"], arrayProperties={"size": 3}, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
    ask.wait(second)
    assert [ask.job(f"{second}:{index}")["status"] for index in range(3)] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]


@pytest.mark.parametrize(("size", "said"), [({"size": 3}, "same size"), ({}, "joins two array jobs")])
def test_4_14_child_by_child_needs_arrays_of_one_size(ask, size, said):
    first = ask.submit(["true"], arrayProperties={"size": 2})
    with pytest.raises(JobError, match=said):
        ask.submit(["true"], arrayProperties=size, dependsOn=[{"jobId": first, "type": "N_TO_N"}])


def test_4_16_and_4_17_a_child_may_be_waited_for_and_what_has_ended_counts_at_once(ask):
    array = ask.submit(["sh", "-c", "test $AWS_BATCH_JOB_ARRAY_INDEX = 0"], arrayProperties={"size": 2})
    ask.wait(array)
    good = ask.submit(["true"], dependsOn=[{"jobId": f"{array}:0"}])
    bad = ask.submit(["true"], dependsOn=[{"jobId": f"{array}:1"}])
    ask.wait(good, bad)
    assert (ask.job(good)["status"], ask.job(bad)["status"]) == ("SUCCEEDED", "FAILED")


@pytest.mark.parametrize(
    ("rules", "attempts"),
    [
        ([{"action": "RETRY", "onExitCode": "7"}, {"action": "EXIT", "onReason": "*"}], 1),
        ([{"action": "EXIT", "onExitCode": "3"}], 1),
        ([{"action": "exit", "onExitCode": "4"}], 3),
        ([{"action": "retry", "onStatusReason": "Essential*"}, {"action": "EXIT", "onExitCode": "3"}], 3),
        ([{"action": "EXIT", "onExitCode": "3", "onStatusReason": "Host EC2*"}], 3),
    ],
)
def test_5_3_rules_decide_whether_a_failure_is_followed_by_another_attempt(ask, rules, attempts):
    told = ask.run(["sh", "-c", "exit 3"], retryStrategy={"attempts": 3, "evaluateOnExit": rules})
    assert len(told["attempts"]) == attempts
    assert told["retryStrategy"]["evaluateOnExit"] == [each | {"action": each["action"].lower()} for each in rules]


def test_5_7_a_timeout_is_not_tried_again(ask):
    told = ask.run(["sleep", "60"], timeout={"attemptDurationSeconds": 1}, retryStrategy={"attempts": 3})
    (attempt,) = told["attempts"]
    assert attempt["statusReason"] == "Job attempt duration exceeded timeout"
    assert attempt["container"]["exitCode"] in {137, 143}


@pytest.mark.parametrize("engine_relaxed", [()])
def test_5_5_a_timeout_is_a_minute_at_least(ask):
    with pytest.raises(JobError, match="attemptDurationSeconds=59 is not between 60"):
        ask.submit(["true"], timeout={"attemptDurationSeconds": 59})


def test_5_12_what_is_terminated_has_the_callers_reason(ask):
    job = ask.submit(["sleep", "60"], retryStrategy={"attempts": 3})
    ask.await_status(job, "RUNNING")
    ask.batch("TerminateJob", jobId=job, reason="found it")
    ask.wait(job)
    told = ask.job(job)
    assert (told["status"], told["statusReason"], len(told["attempts"])) == ("FAILED", "found it", 1)


def test_6_4_variables_are_overridden_by_name(ask):
    container = {"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C"}]}
    ask.batch("RegisterJobDefinition", **definition("vars", ["sh", "-c", "echo $A$B${C-unset}$D"], container=container))
    overrides = {"environment": [{"name": "B", "value": "x"}, {"name": "D", "value": "4"}]}
    job = ask.batch("SubmitJob", jobName="j", jobQueue="q", jobDefinition="vars", containerOverrides=overrides)["jobId"]
    ask.wait(job)
    assert log_of(ask, job) == ["1x4"]


def test_6_7_a_fair_queue_needs_a_share(ask):
    arn = ask.batch("CreateSchedulingPolicy", name="fair")["arn"]
    make_queue(ask, "fair", "here", schedulingPolicyArn=arn)
    with pytest.raises(JobError, match="the job needs a shareIdentifier"):
        ask.submit(["true"], "fair")
    job = ask.submit(["true"], "fair", shareIdentifier="a", schedulingPriorityOverride=9)
    assert (ask.job(job)["shareIdentifier"], ask.job(job)["schedulingPriority"]) == ("a", 9)


def test_9_1_and_9_2_first_in_first_out_and_the_higher_queue_before(ask):
    make_environment(ask, "one", vcpus=1)
    make_queue(ask, "low", "one", priority=1)
    make_queue(ask, "high", "one", priority=2)
    ask.settle()
    close(ask, "one")
    jobs = [ask.submit(["true"], queue) for queue in ("low", "low", "high", "high")]
    reopen(ask, "one")
    ask.wait(*jobs)
    starts = [ask.job(each)["startedAt"] for each in (*jobs[2:], *jobs[:2])]
    assert starts == sorted(starts)


def test_9_3_environments_are_tried_in_their_order(ask):
    make_environment(ask, "first", vcpus=1)
    make_environment(ask, "second", vcpus=1)
    make_queue(ask, "both", "first", "second")
    ask.batch("RegisterJobDefinition", **definition("where", ["sh", "-c", "echo $AWS_BATCH_CE_NAME; sleep 60"]))
    jobs = [ask.batch("SubmitJob", jobName="j", jobQueue="both", jobDefinition="where")["jobId"] for _ in range(2)]
    for each in jobs:
        ask.await_status(each, "RUNNING")
    ask.batch("TerminateJobs", jobs=jobs, reason="enough")
    ask.wait(*jobs)
    assert [log_of(ask, each) for each in jobs] == [["first"], ["second"]]


def test_9_8_half_the_weight_gets_twice_as_much(ask):
    shares = [{"shareIdentifier": "a*", "weightFactor": 0.5}, {"shareIdentifier": "b", "weightFactor": 1.0}]
    arn = ask.batch("CreateSchedulingPolicy", name="fair", fairsharePolicy={"shareDistribution": shares})["arn"]
    make_environment(ask, "three", vcpus=3)
    make_queue(ask, "fair", "three", schedulingPolicyArn=arn)
    ask.settle()
    close(ask, "three")
    jobs = {
        share: [ask.submit(["sleep", "60"], "fair", shareIdentifier=share) for _ in range(3)] for share in ("b", "a1")
    }
    reopen(ask, "three")
    told = ask.batch("GetJobQueueSnapshot", jobQueue="fair")["queueUtilization"]["fairshareUtilization"]
    held = {each["shareIdentifier"]: each["capacityUsage"][0]["quantity"] for each in told["topCapacityUtilization"]}
    assert held == {"a1": 2.0, "b": 1.0}
    everything = [each for some in jobs.values() for each in some]
    ask.batch("TerminateJobs", jobs=everything, reason="enough")
    ask.wait(*everything)


def test_9_13_what_stands_at_the_head_for_too_long_is_cancelled(later):
    limit = {"reason": "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", "state": "RUNNABLE", "action": "CANCEL"}
    make_queue(later, "limited", "here", jobStateTimeLimitActions=[limit | {"maxTimeSeconds": 600}])
    job = later.submit(["true"], "limited", containerOverrides=needs("99"))
    later.pass_time(599)
    assert later.job(job)["status"] == "RUNNABLE"
    later.pass_time(2)
    told = later.job(job)
    reason = f"Canceled by JobStateTimeLimit action due to reason: {limit['reason']}"
    assert (told["status"], told["statusReason"]) == ("FAILED", reason)


def test_10_1_a_gpu_is_for_one_job_at_a_time(ask):
    make_environment(ask, "gpus", tags={"sweep.gpus": "2"})
    make_queue(ask, "gpus", "gpus")
    command = ["sh", "-c", "echo $CUDA_VISIBLE_DEVICES; sleep 60"]
    jobs = [ask.submit(command, "gpus", containerOverrides=needs(GPU="1")) for _ in range(3)]
    for each in jobs[:2]:
        ask.await_status(each, "RUNNING")
    assert ask.job(jobs[2])["status"] == "RUNNABLE"
    ask.batch("TerminateJobs", jobs=jobs, reason="enough")
    ask.wait(*jobs)
    assert [log_of(ask, each) for each in jobs[:2]] == [["0"], ["1"]]
    assert {"type": "GPU", "value": "1"} in ask.job(jobs[0])["container"]["resourceRequirements"]


def test_10_2_nothing_new_is_placed_in_a_disabled_environment_and_what_runs_goes_on(ask, tmp_path):
    gate = tmp_path / "gate"
    running = ask.submit(["sh", "-c", f"while ! test -e {gate}; do sleep 0.05; done"])
    ask.await_status(running, "RUNNING")
    close(ask)
    waiting = ask.submit(["true"])
    gate.touch()
    ask.wait(running)
    assert (ask.job(running)["status"], ask.job(waiting)["status"]) == ("SUCCEEDED", "RUNNABLE")


@pytest.mark.parametrize(
    ("override", "what"), [(needs("99"), "CPU"), (needs(memory="2000000000"), "memory"), (needs(GPU="1"), "GPU")]
)
def test_10_4_what_is_too_large_is_accepted_and_says_why_it_waits(ask, override, what):
    job = ask.submit(["true"], containerOverrides=override)
    told = ask.job(job)
    assert told["status"] == "RUNNABLE"
    assert told["statusReason"] == (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the"
        f" {what} requirement of the job."
    )
    assert ask.run(["true"])["status"] == "SUCCEEDED"


def test_11_9_nodes_do_not_run_on_what_is_unmanaged(ask):
    ask.batch("CreateComputeEnvironment", computeEnvironmentName="own", type="UNMANAGED", serviceRole="role")
    make_queue(ask, "own", "own")
    container = {"image": "i", "command": ["true"], "vcpus": 1, "memory": 64}
    nodes = {"numNodes": 2, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0:1", "container": container}]}
    ask.batch("RegisterJobDefinition", jobDefinitionName="many", type="multinode", nodeProperties=nodes)
    job = ask.batch("SubmitJob", jobName="j", jobQueue="own", jobDefinition="many")["jobId"]
    assert ask.job(job)["statusReason"].startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    assert ask.run(["true"], queue="own")["status"] == "SUCCEEDED"


def test_what_was_said_over_the_api_is_there_when_the_engine_begins_anew(tmp_path):
    folder = tmp_path / "engine"

    def told(ask):
        return [
            ask.batch("DescribeComputeEnvironments"),
            ask.batch("DescribeJobQueues"),
            ask.batch("DescribeJobDefinitions"),
            ask.batch("DescribeConsumableResource", consumableResource="licence"),
            ask.batch("ListJobs", jobQueue="q", jobStatus="SUCCEEDED"),
            ask.job(ask.batch("ListJobs", jobQueue="q", jobStatus="SUCCEEDED")["jobSummaryList"][0]["jobId"]),
        ]

    seen = []
    for _ in range(2):
        clock = Clock()
        with Engine(worker_maker(folder), Journal(folder)) as engine:
            ask = Asking(Desk(engine, folder, settling=Settling(clock=clock)), clock)
            if not seen:
                make_environment(ask, "here", tags={"a": "b"})
                make_queue(ask, "q", "here")
                ask.batch("CreateConsumableResource", consumableResourceName="licence", totalQuantity=3)
                ask.run(["true"], define={"retryStrategy": {"attempts": 2}}, tags={"a": "b"})
                (job,) = ask.batch("ListJobs", jobQueue="q", jobStatus="SUCCEEDED")["jobSummaryList"]
                ask.batch("TagResource", resourceArn=job["jobArn"], tags={"late": "yes"})
                ask.settle()
            seen.append(told(ask))
    assert seen[0] == seen[1]
    assert seen[1][-1]["tags"] == {"a": "b", "late": "yes"}
