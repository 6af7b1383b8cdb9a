"""The template read: what the linter says of it, who may do what, and whether it retries as a sweep does here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint_file

from sweep import __version__
from sweep.jobs.aws import retry_from
from sweep.stages import _RETRY
from sweep.submit.requests import TAG
from tests.deploy.reading import TEMPLATE, as_list, statements, template, walk

BODY = template()
RESOURCES = BODY["Resources"]

NO_NARROWER = {
    "batch:DescribeComputeEnvironments": "AWS Batch has no resources for what only reads",
    "batch:DescribeJobDefinitions": "the same",
    "batch:DescribeJobQueues": "the same",
    "batch:DescribeJobs": "the same",
    "batch:ListJobs": "the same",
    "ec2:DescribeSpotPriceHistory": "prices belong to nobody",
    "pricing:GetProducts": "prices belong to nobody",
    "ecr:GetAuthorizationToken": "a login is to the registry, not to a repository",
}
"""Actions that AWS grants on ``*`` only (Service Authorization Reference)."""

PATTERNS = {
    "${Bucket.Arn}/${StorePrefix}/*": "objects of the store",
    "job-definition/sweep-*": "each kernel has a definition of its own",
    "job/*": "ids are made up as jobs are submitted",
    "log-group:/aws/batch/job:*": "streams of the one log group",
}
"""How resources may end that are named by a pattern."""


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-northeast-1"])
def test_the_linter_finds_nothing(region):
    assert lint_file(TEMPLATE, config=ManualArgs(regions=[region], include_checks=["I"])) == []
    assert "cfn-lint" not in TEMPLATE.read_text()  # nothing is left out


def test_it_fits_into_a_call():
    assert TEMPLATE.stat().st_size < 51_200  # CloudFormation, --template-body


def named(value: Any) -> set[str]:
    """Return the resources, parameters and pseudo parameters that a value refers to."""
    found: set[str] = set()
    for path, each in walk(value):
        last = path[-1] if path else None
        if last == "Ref":
            found.add(each)
        elif last == "Fn::GetAtt":
            found.add(each[0] if isinstance(each, list) else each.split(".")[0])
        elif last == "Fn::Sub" or (path[-2:-1] == ("Fn::Sub",) and isinstance(each, str)):
            found |= {
                name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", each if isinstance(each, str) else "")
            }
    return found


@pytest.mark.parametrize("name", BODY["Outputs"])
def test_an_output_names_what_is_there_when_it_is_shown(name):
    output = BODY["Outputs"][name]
    local = {key for path, each in walk(output) if path[-1:] == (1,) and isinstance(each, dict) for key in each}
    references = {each for each in named(output["Value"]) - local if not each.startswith("AWS::")}
    assert references <= RESOURCES.keys() | BODY["Parameters"].keys()
    for each in references & RESOURCES.keys():
        assert RESOURCES[each].get("Condition") in {None, output.get("Condition")}


def test_a_star_stands_only_where_aws_knows_nothing_narrower():
    for name, each in statements(RESOURCES):
        if each["Effect"] == "Deny":
            continue
        assert not each.keys() & {"NotAction", "NotResource", "NotPrincipal"}
        actions = as_list(each["Action"])
        assert not [action for action in actions if "*" in action], name
        if "*" in as_list(each.get("Resource", [])):
            assert set(actions) <= NO_NARROWER.keys(), (name, each["Sid"])
        else:
            assert not set(actions) & NO_NARROWER.keys(), (name, each["Sid"])


def test_patterns_of_resources_are_those_that_have_a_reason():
    texts = [
        text for name, each in statements(RESOURCES) for _, text in walk(each.get("Resource")) if isinstance(text, str)
    ]
    loose = {text for text in texts if "*" in text and text != "*"} - {"${Bucket.Arn}/*"}
    assert {ending for ending in PATTERNS if any(text.endswith(ending) for text in loose)} == PATTERNS.keys()
    assert [text for text in loose if not text.endswith(tuple(PATTERNS))] == []


def test_everybody_is_named_only_to_be_refused():
    principals = [(name, each) for name, each in statements(RESOURCES) if "Principal" in each]
    (tls,) = [each for _, each in principals if each["Principal"] == "*"]
    assert tls["Effect"] == "Deny"
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    services = {name: each["Principal"]["Service"] for name, each in principals if each["Principal"] != "*"}
    assert services == {
        "JobRole": "ecs-tasks.amazonaws.com",
        "ExecutionRole": "ecs-tasks.amazonaws.com",
        "InstanceRole": "ec2.amazonaws.com",
        "StateMachineRole": "states.amazonaws.com",
    }


def test_who_submits_passes_on_two_roles_and_to_tasks_only():
    (passing,) = [each for _, each in statements(RESOURCES) if "iam:PassRole" in as_list(each["Action"])]
    assert named(passing["Resource"]) == {"JobRole", "ExecutionRole"}
    assert passing["Condition"]["StringEquals"]["iam:PassedToService"] == [
        "batch.amazonaws.com",
        "ecs-tasks.amazonaws.com",
    ]


def test_only_jobs_of_sweeps_can_be_ended():
    ending = [each for _, each in statements(RESOURCES) if "batch:TerminateJob" in as_list(each["Action"])]
    assert [each["Condition"] for each in ending] == [{"Null": {f"aws:ResourceTag/{TAG}": "false"}}] * 2


def test_results_outlive_the_stack_and_are_nobody_elses():
    bucket = RESOURCES["Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert RESOURCES["BucketPolicy"]["DeletionPolicy"] == "RetainExceptOnCreate"
    properties = bucket["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    (rule,) = properties["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule.keys() == {"Id", "Status", "AbortIncompleteMultipartUpload"}  # nothing that is finished expires


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == f"AWS::Batch::{kind}"}


def in_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{name[:1].lower()}{name[1:]}": in_camel_case(each) for name, each in value.items()}
    return [in_camel_case(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", of_type("JobDefinition"))
def test_a_lost_host_is_tried_again_as_here_and_nothing_else(name):
    assert retry_from(in_camel_case(of_type("JobDefinition")[name]["RetryStrategy"])) == _RETRY


@pytest.mark.parametrize("name", of_type("JobDefinition"))
def test_a_definition_may_be_submitted_and_is_no_more_privileged_than_it_must(name):
    properties = of_type("JobDefinition")[name]
    assert properties["JobDefinitionName"]["Fn::Sub"].startswith("sweep-")
    container = properties["ContainerProperties"]
    assert not container.keys() & {"Privileged", "User", "Volumes", "MountPoints"}
    assert named([container["JobRoleArn"], container["ExecutionRoleArn"]]) == {"JobRole", "ExecutionRole"}
    assert properties["Timeout"]["AttemptDurationSeconds"] >= 60


@pytest.mark.parametrize("name", of_type("ComputeEnvironment"))
def test_idle_compute_environments_cost_nothing(name):
    resources = of_type("ComputeEnvironment")[name]["ComputeResources"]
    assert resources["MinvCpus"] == 0
    assert "DesiredvCpus" not in resources


@pytest.mark.parametrize("name", of_type("JobQueue"))
def test_what_can_never_run_is_ended(name):
    told = {each["Reason"]: each for each in of_type("JobQueue")[name]["JobStateTimeLimitActions"]}
    assert told.keys() == {
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    }
    assert {(each["State"], each["Action"]) for each in told.values()} == {("RUNNABLE", "CANCEL")}
    assert all(600 <= each["MaxTimeSeconds"] <= 86_400 for each in told.values())


def test_images_are_of_this_version():
    assert set(re.findall(r"(\d+\.\d+\.\d+)-(?:cpu|cuda)", TEMPLATE.read_text())) == {__version__}
