"""Whom to ask after what was submitted before, and what a lost answer leaves behind."""

from __future__ import annotations

import pytest

from sweep.submit.batch import Batch
from sweep.submit.options import SUBMISSION_TAG, Target
from tests.submit.stubborn import serving

HERE = "http://127.0.0.1:8642"
THERE = "http://127.0.0.1:9642"


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    """No endpoint in the environment, but keys; two profiles."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name in ("AWS_ENDPOINT_URL_BATCH", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text("[profile one]\nregion = eu-west-1\n[profile two]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (Target("q", "eu-west-1"), Target("q", "eu-west-1", None, True)),
        (Target("q", "eu-west-1", HERE), Target("q", "eu-west-1", HERE)),
        (Target("q", "eu-west-1", HERE), Target("q", "eu-west-1", THERE, True)),
        (Target("q", "eu-west-1", profile="one"), Target("q", "eu-west-1", None, True, "one")),
        (Target("q", "eu-west-1", profile="one"), Target("q", "eu-west-1", None, True)),
    ],
)
def test_the_same_place(now, before):
    """An endpoint that the environment named may have moved; credentials of the environment may have a profile now."""
    batch = Batch(now)
    assert batch.of(before) is batch


@pytest.mark.parametrize(
    ("now", "before", "url"),
    [
        (Target("q", "eu-west-1"), Target("q", "us-east-1", None, True), "https://batch.us-east-1.amazonaws.com"),
        (Target("q", "eu-west-1", HERE), Target("q", "eu-west-1", None, True), "https://batch.eu-west-1.amazonaws.com"),
        (Target("q", "eu-west-1", HERE), Target("q", "us-east-1", THERE, True), HERE),
        (Target("q", "eu-west-1", HERE), Target("q", "eu-west-1", THERE), THERE),
        (
            Target("q", "eu-west-1", profile="one"),
            Target("q", "eu-west-1", None, True, "two"),
            "https://batch.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_another_place(now, before, url):
    """Jobs of another region, endpoint or account are not known where this submission goes, and may be at work all the same."""
    found = Batch(now).of(before)
    assert (found.url, found.region, found.target.profile) == (url, before.region, before.profile)


def test_an_answer_that_is_lost():
    """The client asks again, and AWS makes a second job of it: the one that nobody would wait for is ended, and no other submission's."""
    request = {"jobName": "a-map", "jobQueue": "q", "jobDefinition": "d:1"}
    with serving() as stubborn:
        stubborn.hold, stubborn.takes_held = ("submitjob", 2), True
        stubborn.release.set()
        batch = Batch(Target("q", "eu-west-1", stubborn.url))
        assert batch.submit({**request, "tags": {SUBMISSION_TAG: "before"}}) == "job-0"
        assert batch.submit({**request, "tags": {SUBMISSION_TAG: "now"}}) == "job-2"
        assert [each["jobId"] for each in stubborn.named("terminatejob")] == ["job-1"]
