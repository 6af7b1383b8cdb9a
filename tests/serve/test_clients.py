"""Real clients over a real socket: boto3, and the AWS command line."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sweep.serve.keys import KeyPair
from sweep.serve.refusal import RefusedError
from tests.serve.processes import WAIT, answering

KEYS = KeyPair("SWEEPABCDEFGHIJKLMNO", "a/secret+with=signs")
ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/a b+c%é"
JOBS = [{"jobId": str(n), "jobName": f"job-{n}"} for n in range(25)]


def submit(desk, taken):
    return {"jobName": taken["jobName"], "jobId": json.dumps(taken, sort_keys=True)}


def list_jobs(desk, taken):
    if "jobQueue" not in taken:
        raise RefusedError("name a queue")
    first = int(taken.get("nextToken", 0))
    last = first + taken.get("maxResults", 10)
    return {"jobSummaryList": JOBS[first:last], "nextToken": str(last) if last < len(JOBS) else None}


def identity(desk, taken):
    return {"Arn": "arn:aws:iam::123456789012:user/<sweep>", "Account": "123456789012", "UserId": "sweep"}


OPERATIONS = {
    "batch": {
        "SubmitJob": submit,
        "ListJobs": list_jobs,
        "ListTagsForResource": lambda desk, taken: {"tags": {"arn": taken["resourceArn"]}},
        "TagResource": lambda desk, taken: _expect(taken == {"resourceArn": ARN, "tags": {"a b": "é"}}),
        "UntagResource": lambda desk, taken: _expect(taken == {"resourceArn": ARN, "tagKeys": ["a b", "c&d=e", "+"]}),
    },
    "logs": {
        "GetLogEvents": lambda desk, taken: {
            "events": [{"timestamp": 1, "message": taken["logStreamName"], "ingestionTime": 2}],
            "nextForwardToken": "f/1",
        }
    },
    "sts": {"GetCallerIdentity": identity},
}


def _expect(condition):
    if not condition:
        raise RefusedError("it has come otherwise")
    return {}


@pytest.fixture(scope="module")
def url():
    with answering(OPERATIONS, keys=KEYS) as (port, reports):
        yield f"http://127.0.0.1:{port}"
        assert reports == []


def client(url, service="batch", keys=KEYS, region="us-east-1", **options):
    return boto3.session.Session().client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=keys.access,
        aws_secret_access_key=keys.secret,
        config=Config(retries={"max_attempts": 0}),
        **options,
    )


def code(function, **options):
    with pytest.raises(ClientError) as caught:
        function(**options)
    return caught.value.response["Error"]["Code"]


def test_boto3_submits(url):
    wanted = {
        "jobName": "é\n",
        "jobQueue": "q",
        "jobDefinition": "d",
        "arrayProperties": {"size": 3},
        "parameters": {"ä": "中"},
    }
    answer = client(url).submit_job(**wanted)
    assert json.loads(answer["jobId"]) == wanted
    assert answer["ResponseMetadata"]["RequestId"]


def test_boto3_pages(url):
    pages = list(client(url).get_paginator("list_jobs").paginate(jobQueue="q", PaginationConfig={"PageSize": 7}))
    assert [len(each["jobSummaryList"]) for each in pages] == [7, 7, 7, 4]
    assert [job for each in pages for job in each["jobSummaryList"]] == JOBS


def test_boto3_tags(url):
    batch = client(url)
    assert batch.list_tags_for_resource(resourceArn=ARN)["tags"] == {"arn": ARN}
    batch.tag_resource(resourceArn=ARN, tags={"a b": "é"})
    batch.untag_resource(resourceArn=ARN, tagKeys=["a b", "c&d=e", "+"])


def test_boto3_reads_logs_and_says_who_it_is(url):
    events = client(url, "logs").get_log_events(logGroupName="/aws/batch/job", logStreamName="d/default/1")
    assert events["events"][0]["message"] == "d/default/1"
    assert client(url, "sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/<sweep>"


def test_boto3_catches_errors_by_their_class(url):
    batch = client(url)
    with pytest.raises(batch.exceptions.ClientException, match="name a queue"):
        batch.list_jobs(arrayJobId="x")
    with pytest.raises(batch.exceptions.ClientException, match="not available here"):
        batch.list_service_jobs()
    logs = client(url, "logs")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="1 validation error"):
        logs.get_log_events(logStreamName="a:b")


def test_boto3_with_other_keys_or_another_region_is_refused(url):
    wrong = KeyPair(KEYS.access, "wrong")
    other = KeyPair("AKIAIOSFODNN7EXAMPLE", KEYS.secret)
    assert code(client(url, keys=wrong).list_jobs, jobQueue="q") == "InvalidSignatureException"
    assert code(client(url, keys=other).list_jobs, jobQueue="q") == "UnrecognizedClientException"
    assert code(client(url, region="eu-west-1").list_jobs, jobQueue="q") == "InvalidSignatureException"
    assert code(client(url, "sts", keys=wrong).get_caller_identity) == "SignatureDoesNotMatch"
    assert code(client(url, "sts", keys=other).get_caller_identity) == "InvalidClientTokenId"
    assert code(client(url, "logs", keys=other).get_log_events, logStreamName="a") == "UnrecognizedClientException"


def test_a_client_of_another_service_is_told_that_it_has_come_to_the_wrong_place(url):
    with pytest.raises(ClientError) as caught:
        client(url, "s3").list_buckets()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert code(client(url, "dynamodb").list_tables) == "InvalidSignatureException"


def test_many_threads_of_boto3_are_answered(url):
    batch = client(url)
    with ThreadPoolExecutor(16) as threads:
        answers = list(
            threads.map(
                lambda n: batch.submit_job(jobName=str(n), jobQueue="q", jobDefinition="d")["jobName"], range(200)
            )
        )
    assert answers == [str(n) for n in range(200)]


def aws(url, *words, keys=KEYS):
    own = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    variables = {
        "AWS_ENDPOINT_URL_BATCH": url,
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": url,
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": keys.access,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }
    return subprocess.run(
        ["aws", *words], env={**own, **variables}, capture_output=True, text=True, timeout=WAIT, check=False
    )


@pytest.mark.parametrize(
    ("words", "query", "said"),
    [
        (
            (
                "batch",
                "submit-job",
                "--job-name",
                "a",
                "--job-queue",
                "q",
                "--job-definition",
                "d",
                "--array-properties",
                "size=3",
            ),
            "jobName",
            "a",
        ),
        (("batch", "list-jobs", "--job-queue", "q"), "length(jobSummaryList)", 25),
        (("batch", "list-tags-for-resource", "--resource-arn", ARN), "tags.arn", ARN),
        (("logs", "get-log-events", "--log-stream-name", "s"), "events[0].message", "s"),
        (("sts", "get-caller-identity"), "Account", "123456789012"),
    ],
)
def test_the_command_line_of_aws(url, words, query, said):
    done = aws(url, *words, "--query", query, "--output", "json")
    assert (done.returncode, json.loads(done.stdout or "null")) == (0, said), done


def test_the_command_line_of_aws_tells_errors(url):
    done = aws(url, "batch", "list-jobs", "--array-job-id", "x")
    assert done.returncode != 0
    assert "An error occurred (ClientException) when calling the ListJobs operation: name a queue" in done.stderr
    done = aws(url, "batch", "list-jobs", "--job-queue", "q", keys=KeyPair(KEYS.access, "wrong"))
    assert "(InvalidSignatureException)" in done.stderr


def test_the_variables_that_are_printed_are_all_that_the_command_line_needs(endpoint):
    done = endpoint.aws("batch", "list-service-jobs")
    assert (
        "An error occurred (ClientException) when calling the ListServiceJobs operation: ListServiceJobs is not available here"
        in done.stderr
    )
