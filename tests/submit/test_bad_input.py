"""What cannot be submitted is told in one line, with exit code 2; nothing is submitted, and nothing is written."""

from __future__ import annotations

import pytest

from sweep.store import open_store
from tests.submit.conftest import make_queue
from tests.submit.rig import last_record, submit, sweep


def refused(store: str, queue: str, *more, study: str = "study.py", **variables: str) -> str:
    before = list(open_store(store).list())
    text = submit(study, store, queue, *more, code=2, **variables)
    assert list(open_store(store).list()) == before
    return text


def test_a_queue_that_is_not_there(here, store, queue):
    text = refused(store, "no-such-queue")
    assert "--queue 'no-such-queue' does not exist in eu-central-1: expected one of" in text or "did you mean" in text


def test_a_disabled_queue(here, store, endpoint):
    make_queue("shut", "DISABLED")
    assert refused(store, "shut") == "sweep: --queue 'shut' is DISABLED: it takes no jobs until it is ENABLED\n"


def test_an_invalid_queue(here, store, stubborn):
    stubborn.queue |= {"status": "INVALID", "statusReason": "its environment is gone"}
    text = refused(store, "q", "--endpoint-url", stubborn.url)
    assert text == "sweep: --queue 'q' is INVALID: its environment is gone\n"


def test_no_credentials(here, store, stubborn, tmp_path):
    """The store's are never asked for: Batch is asked first."""
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
    text = refused(store, "q", "--endpoint-url", stubborn.url, **nothing)
    assert text == "sweep: no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ExpiredTokenException", "the AWS credentials have expired: log in again (ExpiredTokenException: told so)"),
        ("UnrecognizedClientException", "AWS_PROFILE (UnrecognizedClientException: told so)"),
        ("InvalidSignatureException", "the access key (InvalidSignatureException: told so)"),
        ("AccessDeniedException", "--queue 'q' was refused by AWS Batch: told so"),
    ],
)
def test_credentials_that_are_not_good(here, store, stubborn, code, text):
    stubborn.refuse["describejobqueues"] = (code, "told so")
    assert text in refused(store, "q", "--endpoint-url", stubborn.url)


def test_an_endpoint_that_does_not_answer(here, store):
    text = refused(store, "q", "--endpoint-url", "http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
    assert (
        "AWS Batch does not answer at http://127.0.0.1:9: if it is elsewhere now, say so with --endpoint-url URL"
        in text
    )


def test_a_store_that_cannot_be_written(here, queue):
    text = submit("study.py", "s3://no-such-bucket-here/x", queue, code=2)
    assert text == "sweep: cannot write to s3://no-such-bucket-here/x: there is no bucket 'no-such-bucket-here'\n"


def test_a_store_in_memory(here, queue):
    assert "containers need s3://bucket/prefix" in submit("study.py", "memory://x", queue, code=2)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--tag", f"a={'x' * 257}"], "--tag 'a': names have 1 to 128 characters and values up to 256, not 1 and 257"),
        ([word for i in range(24) for word in ("--tag", f"t{i}={'ä' * 256}")], " KiB of it are tags, shorten --tag"),
        (["--env", f"A={'x' * 25_000}"], "the job definition is"),
        (["--env", "AWS_BATCH_A=1"], "names that begin with AWS_BATCH are AWS's own"),
        (["--tag", "aws:team=radar"], "--tag aws:team: AWS's own"),
        (["--tag", "sweep.plan=mine"], "--tag sweep.plan: sweep submit's own"),
        ([word for i in range(48) for word in ("--tag", f"t{i}=x")], "--tag: 48 tags are more than 47"),
        (["--shards", "10001"], "--shards 10001 is not between 1 and 10,000"),
        (["--attempts", "11"], "--attempts 11 is not from 1 to 10"),
        (["--timeout", "59"], "--timeout 59 is not 60 or more"),
        (["--priority", "1"], "--priority 1 without --share-identifier"),
        (["--vcpus", "0"], "--vcpus 0 is not 1 or more"),
        (["--executor", "dask"], "--executor 'dask' is not one of threads, ray"),
        (["--wait", "--dry-run"], "nothing is submitted that could be waited for"),
        (["--export", "airflow"], "--export 'airflow' is not step-functions"),
    ],
)
def test_options_that_are_wrong(here, store, queue, options, text):
    assert text in refused(store, queue, *options)


@pytest.mark.parametrize(
    "options", [["--tag", f"a={'x' * 257}"], ["--image", "refused", "--endpoint-url"]], ids=["tag", "definition"]
)
def test_what_is_refused_replaces_nothing(here, tmp_path, stubborn, options):
    """The results that are there are worth more than a submission that is not made."""
    stubborn.refuse["registerjobdefinition"] = ("ClientException", "no such role")
    store = str(tmp_path / "kept")
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "100")
    url = [] if options[-1] == "--endpoint-url" else ["--endpoint-url"]
    refused(store, "q", "--seed", "5", "--replace", *options, *url, stubborn.url)


RAISES = """
from sweep import Sweep, grid, kernel


@kernel(outputs=["y"])
def throw(rng, speed):
    return 1 // (speed - 1)


study = Sweep(throw, grid(speed=[1]), trials=100)
"""


def test_a_trial_that_raises_replaces_nothing(here, tmp_path, stubborn):
    """It is met by the pilot, before what the store holds is thrown away."""
    store = str(tmp_path / "kept")
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "100")
    (here / "raises.py").write_text(RAISES)
    before = list(open_store(store).list())
    text = submit("raises.py", store, "q", "--endpoint-url", stubborn.url, "--replace", code=1)
    assert "ZeroDivisionError" in text
    assert list(open_store(store).list()) == before
    assert not stubborn.named("submitjob")


def test_a_definition_that_is_refused(here, store, stubborn):
    """AWS's own words, in one line."""
    stubborn.refuse["registerjobdefinition"] = (
        "ClientException",
        "Error executing request, Exception : Role arn is\n wrong",
    )
    text = refused(store, "q", "--endpoint-url", stubborn.url, "--shards", "2")
    assert text == (
        "sweep: the job definition 'sweep-throw' was refused by AWS Batch: Error executing request, Exception : Role arn is wrong\n"
    )


def test_a_submission_that_fails_midway(here, store, stubborn):
    """What was submitted before is terminated, and the wave withdrawn: nobody will take it for begun."""
    stubborn.refuse["submitjob", 2] = ("ClientException", "no more jobs today")
    text = submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2", code=2)
    assert text.endswith("was refused by AWS Batch: no more jobs today; the job submitted before it is terminated\n")
    assert stubborn.named("terminatejob") == [{"jobId": "job-0", "reason": "the submission failed"}]
    names = [each.key for each in open_store(store).list()]
    assert [each.partition("/")[0] for each in names] == ["code", "work"]
    stubborn.refuse.clear()
    submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2")


def test_a_submission_whose_answer_never_came(here, store, stubborn):
    """The job may be there without being listed yet: its record stays, so that whoever comes next finds it."""
    stubborn.breaks, stubborn.is_hiding = "submitjob", True
    assert "something broke" in submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2", code=2)
    assert len(stubborn.jobs) == 1
    assert last_record(store).jobs == ()
    stubborn.is_hiding = False
    assert "terminated 1 of 1 jobs" in sweep("cancel", store)


def test_a_job_that_could_not_be_taken_back(here, store, stubborn):
    stubborn.refuse["submitjob", 3] = ("ClientException", "no")
    stubborn.refuse["terminatejob"] = ("ClientException", "never")
    text = submit("study.py", store, "q", "--endpoint-url", stubborn.url, "--shards", "2", code=2)
    assert "the 2 jobs submitted before it could not be terminated" in text
    assert text.endswith("job-0 job-1\n")


def test_another_sweep_in_the_store(here, store, queue):
    sweep("run", "study.py", "--store", store, "--quiet", "--trials", "100")
    text = refused(store, queue, "--seed", "5", "--trials", "100")
    assert "seed differs: it holds 4, asked for 5" in text


def test_a_study_that_cannot_be_read(here, store, queue):
    (here / "broken.py").write_text("import nothing_of_that_name\n")
    assert "No module named 'nothing_of_that_name'" in refused(store, queue, study="broken.py")


def test_a_kernel_that_does_not_compile(here, store, queue):
    (here / "text.py").write_text(
        "from sweep import Sweep, grid, kernel\n\n\n@kernel(outputs=['x'])\ndef text(rng, a):\n    return len(str(a))\n\n\n"
        "study = Sweep(text, grid(a=[1.0]), trials=1000)\n"
    )
    assert "text.py" in refused(store, queue, "--shards", "1", study="text.py")
