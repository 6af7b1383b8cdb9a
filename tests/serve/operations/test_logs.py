"""CloudWatch Logs."""

from __future__ import annotations

import json

import pytest

from sweep.serve.operations.paging import token_for
from sweep.serve.operations.patterns import matcher
from sweep.serve.refusal import RefusedError

GROUP = "/aws/batch/job"


def stream_of(ask, job):
    return ask.job(job)["container"]["logStreamName"]


def events(ask, stream, **request):
    return ask("logs", "GetLogEvents", logGroupName=GROUP, logStreamName=stream, **request)


def texts(told):
    return [each["message"] for each in told["events"]]


@pytest.fixture
def ten(ask):
    """Return the stream of a job that has written the numbers 0 to 9, with an empty line after 4 and no end of the last."""
    job = ask.submit(["sh", "-c", "seq 0 4; echo; seq 5 8; printf 9"], name="ten")
    ask.wait(job)
    return stream_of(ask, job)


def test_from_head_to_end_by_forward_tokens(ask, ten):
    first = events(ask, ten, startFromHead=True, limit=4)
    second = events(ask, ten, nextToken=first["nextForwardToken"], limit=4)
    third = events(ask, ten, nextToken=second["nextForwardToken"], limit=4)
    last = events(ask, ten, nextToken=third["nextForwardToken"], limit=4)
    assert [texts(each) for each in (first, second, third, last)] == [list("0123"), list("4567"), list("89"), []]
    assert last["nextForwardToken"] == third["nextForwardToken"]
    back = events(ask, ten, nextToken=second["nextBackwardToken"], limit=4)
    assert texts(back) == list("0123")
    before = events(ask, ten, nextToken=back["nextBackwardToken"])
    assert texts(before) == []
    assert before["nextBackwardToken"] == back["nextBackwardToken"]


def test_the_latest_first_unless_from_the_head(ask, ten):
    assert texts(events(ask, ten)) == list("0123456789")
    latest = events(ask, ten, limit=3)
    assert texts(latest) == list("789")
    assert texts(events(ask, ten, nextToken=latest["nextBackwardToken"], limit=3)) == list("456")
    assert events(ask, ten, nextToken=latest["nextForwardToken"])["events"] == []


def test_times_ascend_from_when_the_attempt_began(ask, ten):
    told = events(ask, ten)["events"]
    began = ask.batch("ListJobs", jobQueue="q", jobStatus="SUCCEEDED")["jobSummaryList"][0]["startedAt"]
    assert [each["timestamp"] - began for each in told] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert texts(events(ask, ten, startTime=began + 2, endTime=began + 7)) == list("2345")
    assert texts(events(ask, ten, startTime=began + 2, endTime=began + 7, limit=1, startFromHead=True)) == ["2"]
    assert events(ask, ten, startTime=began + 100)["events"] == []


def test_a_running_jobs_log_grows_and_an_unfinished_line_is_not_told(ask, tmp_path):
    gate = tmp_path / "gate"
    job = ask.submit(["sh", "-c", f"printf 'one\\ntw'; while ! test -e {gate}; do sleep 0.05; done; echo o"])
    ask.await_status(job, "RUNNING")
    stream = stream_of(ask, job)
    ask.until(lambda: events(ask, stream)["events"])
    told = events(ask, stream, startFromHead=True)
    assert texts(told) == ["one"]
    gate.touch()
    ask.wait(job)
    assert texts(events(ask, stream, nextToken=told["nextForwardToken"])) == ["two"]


def test_each_attempt_of_each_child_has_a_stream(ask):
    script = "echo $AWS_BATCH_JOB_ARRAY_INDEX/$AWS_BATCH_JOB_ATTEMPT; exit 1"
    job = ask.submit(["sh", "-c", script], arrayProperties={"size": 2}, retryStrategy={"attempts": 2}, name="array")
    ask.wait(job)
    told = ask("logs", "DescribeLogStreams", logGroupName=GROUP, logStreamNamePrefix=f"array/default/{job}")
    names = [each["logStreamName"] for each in told["logStreams"]]
    assert names == [f"array/default/{job}.{index}.{attempt}" for index in range(2) for attempt in (1, 2)]
    assert [texts(events(ask, each)) for each in names] == [["0/1"], ["0/2"], ["1/1"], ["1/2"]]
    attempts = ask.job(f"{job}:1")["attempts"]
    assert [each["container"]["logStreamName"] for each in attempts] == names[2:]
    assert [each["creationTime"] for each in told["logStreams"]][2:] == [each["startedAt"] for each in attempts]


def test_streams_in_pages_by_name_and_by_time(ask):
    jobs = [ask.submit(["echo", "x"], name=name) for name in ("b", "a", "c")]
    ask.wait(*jobs)
    names = sorted(stream_of(ask, each) for each in jobs)

    def described(**request):
        told = ask("logs", "DescribeLogStreams", logGroupIdentifier=f"arn:aws:logs:r:a:log-group:{GROUP}:*", **request)
        return [each["logStreamName"] for each in told["logStreams"]], told.get("nextToken")

    assert described() == (names, None)
    assert described(descending=True) == (names[::-1], None)
    first, token = described(limit=2)
    assert (first, described(limit=2, nextToken=token)) == (names[:2], (names[2:], None))
    assert described(logStreamNamePrefix="b/") == ([names[1]], None)
    by_time, _ = described(orderBy="LastEventTime", descending=True)
    stopped = {stream_of(ask, each): ask.job(each)["stoppedAt"] for each in jobs}
    assert [stopped[each] for each in by_time] == sorted(stopped.values(), reverse=True)
    with pytest.raises(RefusedError, match="Cannot order by LastEventTime"):
        described(orderBy="LastEventTime", logStreamNamePrefix="b")


def test_a_silent_job_has_a_stream_without_events(ask):
    job = ask.submit(["true"])
    ask.wait(job)
    assert events(ask, stream_of(ask, job))["events"] == []
    (told,) = ask("logs", "DescribeLogStreams", logGroupName=GROUP)["logStreams"]
    assert "lastEventTimestamp" not in told


def test_what_was_never_begun_has_no_stream(ask):
    ask.batch("UpdateComputeEnvironment", computeEnvironment="here", state="DISABLED")
    job = ask.submit(["true"])
    assert ask("logs", "DescribeLogStreams", logGroupName=GROUP)["logStreams"] == []
    for stream in (f"task/default/{job}.0.1", "task/default/nobody.0.1", "nonsense"):
        with pytest.raises(RefusedError, match="The specified log stream does not exist") as refused:
            events(ask, stream)
        assert refused.value.code == "ResourceNotFoundException"


def test_lines_of_many_streams_that_fit_a_pattern(ask):
    script = "echo start $AWS_BATCH_JOB_ARRAY_INDEX; echo WARN low; echo end"
    job = ask.submit(["sh", "-c", script], arrayProperties={"size": 3}, name="array")
    other = ask.submit(["echo", "start"], name="other")
    ask.wait(job, other)

    def found(**request):
        return ask("logs", "FilterLogEvents", logGroupName=GROUP, **request)

    assert len(found()["events"]) == 10
    prefix = f"array/default/{job}"
    told = found(filterPattern="start", logStreamNamePrefix=prefix)
    assert sorted(texts(told)) == ["start 0", "start 1", "start 2"]
    assert len({each["eventId"] for each in told["events"]}) == 3
    times = [each["timestamp"] for each in told["events"]]
    assert times == sorted(times)
    first = found(filterPattern="WARN", limit=2, logStreamNamePrefix=prefix)
    rest = found(filterPattern="WARN", limit=2, logStreamNamePrefix=prefix, nextToken=first["nextToken"])
    assert [len(first["events"]), len(rest["events"]), "nextToken" in rest] == [2, 1, False]
    assert texts(found(logStreamNames=[f"{prefix}.1.1"])) == ["start 1", "WARN low", "end"]
    assert texts(found(logStreamNames=[f"{prefix}.1.1"], startTime=told["events"][-1]["timestamp"] + 1000)) == []
    with pytest.raises(RefusedError, match="log stream does not exist"):
        found(logStreamNames=["nobody"])
    with pytest.raises(RefusedError, match="cannot both be provided"):
        found(logStreamNames=["nobody"], logStreamNamePrefix="n")


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("", "abcd"),
        ("ERROR", "ab"),
        ("ERROR one", "a"),
        ("?one ?three", "ac"),
        ("-ERROR", "cd"),
        ('"two words"', "b"),
        ('"say \\"hi\\""', "d"),
        ("%t[wh]%", "bc"),
        ("error", ""),
    ],
)
def test_patterns(pattern, lines):
    known = {"a": "ERROR one", "b": "ERROR two words", "c": "three", "d": 'say "hi"'}
    assert "".join(name for name, line in known.items() if matcher(pattern)(line)) == lines


@pytest.mark.parametrize("pattern", ["{ $.a = 1 }", "[ip, user]", '"open', "%(%"])
def test_patterns_that_are_refused(pattern):
    with pytest.raises(RefusedError, match="Invalid filter pattern"):
        matcher(pattern)


def test_other_groups_and_tokens_are_refused(ask, ten):
    for operation in ("GetLogEvents", "DescribeLogStreams", "FilterLogEvents"):
        named = {"logStreamName": ten} if operation == "GetLogEvents" else {}
        with pytest.raises(RefusedError, match="log group does not exist") as refused:
            ask("logs", operation, logGroupName="/other", **named)
        assert refused.value.code == "ResourceNotFoundException"
        with pytest.raises(RefusedError, match="must be provided"):
            ask("logs", operation, **named)
    with pytest.raises(RefusedError, match="nextToken is invalid"):
        events(ask, ten, nextToken="x/1")
    for operation in ("DescribeLogStreams", "FilterLogEvents"):
        with pytest.raises(RefusedError, match="Invalid nextToken") as refused:
            ask("logs", operation, logGroupName=GROUP, nextToken="nonsense")
        assert refused.value.code == "InvalidParameterException"


def test_an_answer_has_a_mebibyte_at_most(ask):
    job = ask.submit(["sh", "-c", "yes $(printf %01000d 7) | head -3000"])
    ask.wait(job)
    stream, seen, token = stream_of(ask, job), 0, None
    pages = []
    while token is None or pages[-1]:
        told = events(ask, stream, **({"startFromHead": True} if token is None else {"nextToken": token}))
        pages.append(len(told["events"]))
        seen, token = seen + pages[-1], told["nextForwardToken"]
    assert seen == 3000
    assert max(pages) * 1026 <= 1 << 20 < (max(pages) + 1) * 1026
    assert len(events(ask, stream)["events"]) == max(pages)


def test_of_a_large_log_the_end_is_told_and_lines_keep_their_times(ask):
    job = ask.submit(["sh", "-c", "yes 0123456789 | head -n 2000000; echo end"], name="large")
    ask.wait(job)
    stream = stream_of(ask, job)
    (last,) = events(ask, stream, limit=1)["events"]
    assert last["message"] == "end"
    assert last["timestamp"] == ask.job(job)["startedAt"] + 2_000_000
    first = events(ask, stream, startFromHead=True, limit=1)["events"][0]
    left_out = first["timestamp"] - ask.job(job)["startedAt"]
    assert first["message"] == "0123456789"
    assert 2_000_000 - left_out == pytest.approx((16 << 20) / 11, rel=1e-4)


def test_a_search_through_too_much_is_refused(ask):
    job = ask.submit(["sh", "-c", "yes | head -c 17000000"], name="many", arrayProperties={"size": 5})
    ask.wait(job)
    with pytest.raises(RefusedError, match="more than 64 MiB"):
        ask("logs", "FilterLogEvents", logGroupName=GROUP)


def test_the_one_group_there_is(ask):
    def groups(**request):
        return [each["logGroupName"] for each in ask("logs", "DescribeLogGroups", **request)["logGroups"]]

    arn = f"arn:aws:logs:eu-central-1:111122223333:log-group:{GROUP}"
    (told,) = ask("logs", "DescribeLogGroups")["logGroups"]
    assert (told["arn"], told["logGroupArn"], told["logGroupClass"]) == (f"{arn}:*", arn, "STANDARD")
    for some in ({"logGroupNamePrefix": "/aws"}, {"logGroupNamePattern": "batch"}, {"logGroupIdentifiers": ["x", arn]}):
        assert groups(**some) == [GROUP]
    for none in (
        {"logGroupNamePrefix": "aws"},
        {"logGroupNamePattern": "Batch"},
        {"logGroupIdentifiers": ["x"]},
        {"logGroupClass": "INFREQUENT_ACCESS"},
    ):
        assert groups(**none) == []
    with pytest.raises(RefusedError, match="cannot both be provided"):
        groups(logGroupNamePrefix="/aws", logGroupNamePattern="batch")


def test_pages_of_streams_do_not_shift_and_the_engine_goes_on_meanwhile(ask):
    array = ask.submit(["true"], name="b", arrayProperties={"size": 12})
    ask.wait(array)
    names = [f"b/default/{array}.{index}.1" for index in sorted(map(str, range(12)))]

    def pages(**request):
        token = {}
        while True:
            told = ask("logs", "DescribeLogStreams", logGroupName=GROUP, limit=5, **request, **token)
            yield [each["logStreamName"] for each in told["logStreams"]]
            if "nextToken" not in told:
                return
            token = {"nextToken": told["nextToken"]}

    forward, backward, by_time = pages(), pages(descending=True), pages(orderBy="LastEventTime")
    begun = [next(forward), next(backward), next(by_time)]
    ask.wait(ask.submit(["true"], name="a"), ask.submit(["true"], name="b"))
    assert sum(forward, begun[0])[: len(names)] == names
    assert [each for each in sum(backward, begun[1]) if array in each] == names[::-1]
    assert sorted(each for each in sum(by_time, begun[2]) if array in each) == names
    for token in ("[1]", "1", "null", "{}", '["x", 1]'):
        asked = {"logGroupName": GROUP}
        made_up = token_for(asked, json.loads(token))
        with pytest.raises(RefusedError, match="Invalid nextToken"):
            ask("logs", "DescribeLogStreams", **asked, nextToken=made_up)
