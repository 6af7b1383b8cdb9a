"""ListJobs."""

from __future__ import annotations

import pytest

from sweep.serve.operations.paging import token_for
from sweep.serve.refusal import RefusedError


def listed(ask, **request):
    return ask.batch("ListJobs", **request)["jobSummaryList"]


def ids(ask, **request):
    return [each["jobId"] for each in listed(ask, **request)]


@pytest.fixture
def closed(ask):
    """Ask a desk whose jobs stay RUNNABLE."""
    ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    return ask


def test_exactly_one_selector(ask):
    for request in ({}, {"jobQueue": "q", "arrayJobId": "a"}):
        with pytest.raises(RefusedError, match="Exactly one of"):
            listed(ask, **request)
    with pytest.raises(RefusedError, match="JobQueue r does not exist"):
        listed(ask, jobQueue="r")


def test_running_jobs_unless_another_state_is_asked_for(ask):
    running = ask.submit(["sleep", "60"])
    array = ask.submit(["sleep", "60"], arrayProperties={"size": 2})
    ask.await_status(running, "RUNNING")
    ask.await_status(f"{array}:1", "RUNNING")
    assert ids(ask, jobQueue="q") == [running]
    assert ids(ask, jobQueue="q", jobStatus="PENDING") == [array]
    assert ids(ask, arrayJobId=array) == [f"{array}:0", f"{array}:1"]
    ask.batch("TerminateJob", jobId=f"{array}:0", reason="enough")
    ask.wait(f"{array}:0")
    assert ids(ask, arrayJobId=array) == [f"{array}:1"]
    assert ids(ask, arrayJobId=array, jobStatus="FAILED") == [f"{array}:0"]
    ask.batch("TerminateJobs", jobs=[running, array], reason="enough")
    ask.wait(running, array)
    assert ids(ask, jobQueue="q") == []
    assert listed(ask, jobQueue="q", jobStatus="FAILED")[0]["isTerminated"] is True
    with pytest.raises(RefusedError, match="jobStatus DONE is not one of"):
        listed(ask, jobQueue="q", jobStatus="DONE")


@pytest.mark.parametrize("relaxed", [frozenset({"list-default-all"})])
def test_an_endpoint_may_list_all_by_default(closed):
    job = closed.submit(["true"])
    array = closed.submit(["true"], arrayProperties={"size": 2})
    assert ids(closed, jobQueue="q") == [array, job]
    assert len(ids(closed, arrayJobId=array)) == 2


def test_a_summary(closed):
    job = closed.submit(["true"], arrayProperties={"size": 3}, jobName="array")
    (told,) = listed(closed, jobQueue="q", jobStatus="PENDING")
    arn = "arn:aws:batch:eu-central-1:111122223333:"
    assert (told["jobId"], told["jobArn"], told["jobName"]) == (job, f"{arn}job/{job}", "array")
    assert (told["status"], told["jobDefinition"]) == ("PENDING", f"{arn}job-definition/task:1")
    assert told["arrayProperties"]["statusSummary"]["RUNNABLE"] == 3
    children = listed(closed, arrayJobId=job, jobStatus="RUNNABLE")
    assert [each["arrayProperties"] for each in children] == [{"index": 0}, {"index": 1}, {"index": 2}]


def test_one_filter_at_a_time_and_whatever_the_state(closed):
    jobs = [closed.submit(["true"], jobName=name) for name in ("Radar", "radar-2", "sonar")]
    closed.batch("CancelJob", jobId=jobs[0], reason="no")

    def filtered(name, *values, **more):
        return ids(closed, jobQueue="q", filters=[{"name": name, "values": list(values)}], **more)

    assert filtered("JOB_NAME", "radar") == [jobs[0]]
    assert filtered("JOB_NAME", "RADAR*") == [jobs[0], jobs[1]]
    assert filtered("JOB_NAME", "radar*", jobStatus="RUNNABLE") == [jobs[0], jobs[1]]
    assert filtered("JOB_DEFINITION", "task") == jobs[::-1]
    assert filtered("JOB_DEFINITION", "Task") == []
    assert filtered("JOB_DEFINITION", "ta*") == jobs[::-1]
    arn = closed.job(jobs[1])["jobDefinition"]
    assert filtered("JOB_DEFINITION", arn) == [jobs[1]]
    created = closed.job(jobs[1])["createdAt"]
    assert jobs[2] not in filtered("BEFORE_CREATED_AT", str(created))
    assert jobs[0] not in filtered("AFTER_CREATED_AT", str(created))
    assert filtered("AFTER_CREATED_AT", str(created - 3_600_000)) == jobs[::-1]
    for filters, said in [
        ([{"name": "JOB_NAME", "values": ["a"]}] * 2, "Only one filter"),
        ([{"name": "COLOUR", "values": ["a"]}], "filter COLOUR is not one of"),
        ([{"name": "JOB_NAME", "values": []}], "has no values"),
        ([{"name": "AFTER_CREATED_AT", "values": ["today"]}], "is not a time in ms"),
        ([{"name": "BEFORE_CREATED_AT", "values": ["9" * 5000]}], "is not a time in ms"),
    ]:
        with pytest.raises(RefusedError, match=said):
            listed(closed, jobQueue="q", filters=filters)


def test_shares_may_be_filtered_with_a_state(closed):
    arn = closed.batch("CreateSchedulingPolicy", name="fair")["arn"]
    order = [{"order": 1, "computeEnvironment": "here"}]
    closed.batch(
        "CreateJobQueue", jobQueueName="fair", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=arn
    )
    jobs = [closed.submit(["true"], "fair", shareIdentifier=each) for each in ("a", "a", "b")]
    closed.batch("CancelJob", jobId=jobs[0], reason="no")
    share = [{"name": "SHARE_IDENTIFIER", "values": ["a"]}]
    assert ids(closed, jobQueue="fair", filters=share) == [jobs[1], jobs[0]]
    assert ids(closed, jobQueue="fair", filters=share, jobStatus="FAILED") == [jobs[0]]
    assert listed(closed, jobQueue="fair", jobStatus="RUNNABLE")[0]["shareIdentifier"] == "b"


def test_pages_hold_still_while_jobs_come(closed):
    jobs = [closed.submit(["true"]) for _ in range(5)]
    asked = {"jobQueue": "q", "jobStatus": "RUNNABLE", "maxResults": 2}
    first = closed.batch("ListJobs", **asked, nextToken="")
    closed.submit(["true"])
    second = closed.batch("ListJobs", **asked, nextToken=first["nextToken"])
    third = closed.batch("ListJobs", **asked, nextToken=second["nextToken"])
    found = [each["jobId"] for page in (first, second, third) for each in page["jobSummaryList"]]
    assert found == jobs[::-1]
    assert "nextToken" not in third
    with pytest.raises(RefusedError, match="Invalid nextToken"):
        closed.batch("ListJobs", jobQueue="q", jobStatus="FAILED", nextToken=first["nextToken"])
    with pytest.raises(RefusedError, match="Invalid nextToken"):
        closed.batch("ListJobs", **asked, nextToken="nonsense")
    with pytest.raises(RefusedError, match="at least 1"):
        closed.batch("ListJobs", **asked | {"maxResults": 0})


def test_a_thousand_children_a_page_and_a_hundred_with_a_filter(closed):
    array = closed.submit(["true"], arrayProperties={"size": 1200})
    asked = {"arrayJobId": array, "jobStatus": "RUNNABLE", "maxResults": 5000}
    first = closed.batch("ListJobs", **asked)
    rest = closed.batch("ListJobs", **asked, nextToken=first["nextToken"])
    assert (len(first["jobSummaryList"]), len(rest["jobSummaryList"])) == (1000, 200)
    found = [each["arrayProperties"]["index"] for each in first["jobSummaryList"] + rest["jobSummaryList"]]
    assert found == list(range(1200))
    for _ in range(101):
        closed.batch("SubmitJob", jobName="many", jobQueue="q", jobDefinition="task")
    found = closed.batch("ListJobs", jobQueue="q", filters=[{"name": "JOB_NAME", "values": ["many"]}])
    assert len(found["jobSummaryList"]) == 100
    assert found["nextToken"]


@pytest.mark.parametrize("after", [-1, "text", [1], None, True, 10**30, 1.5, {}])
def test_a_token_that_names_no_child_is_refused(closed, after):
    asked = {"arrayJobId": closed.submit(["true"], arrayProperties={"size": 3}), "jobStatus": "RUNNABLE"}
    with pytest.raises(RefusedError, match="Invalid nextToken"):
        closed.batch("ListJobs", **asked, nextToken=token_for(asked, after))
