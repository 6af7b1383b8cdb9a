"""A moto server of its own, since these tests switch its authorisation on; and the stack, made there."""

from __future__ import annotations

import json
import urllib.request

import boto3
import pytest

from tests.deploy.reading import template
from tests.moto_server import WAIT_SECONDS, moto_server

REGION = "eu-central-1"
STACK = "sweep"
PARAMETERS = {"MaxGpuVcpus": "16", "StateMachines": "yes", "InstanceTypes": "c6i,m6i", "GpuInstanceTypes": "g5"}


@pytest.fixture(scope="module")
def aws():
    """Start the server; yield its endpoint."""
    with moto_server() as endpoint:
        tell(endpoint, "config", json.dumps({"batch": {"use_docker": False}}))
        yield endpoint


def tell(endpoint: str, what: str, text: str) -> None:
    """Set an option of the server."""
    request = urllib.request.Request(
        f"{endpoint}/moto-api/{what}", text.encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=WAIT_SECONDS).close()


def client(endpoint: str, service: str, **credentials: str):
    given = credentials or {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **given)


@pytest.fixture(scope="module")
def outputs(aws):
    """Create the stack; return its outputs."""
    network = client(aws, "ec2")
    where = {
        "VpcId": network.describe_vpcs()["Vpcs"][0]["VpcId"],
        "SubnetIds": ",".join(each["SubnetId"] for each in network.describe_subnets()["Subnets"]),
    }
    service_role = client(aws, "iam").create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]["Arn"]
    stacks = client(aws, "cloudformation")
    stacks.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(known_to_moto(service_role)),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in (where | PARAMETERS).items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = stacks.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    found = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    attach_as_written(client(aws, "iam"), found)
    return found


def attach_as_written(roles, outputs: dict[str, str]) -> None:
    """Attach to the job role what the template attaches; moto 5 makes roles without it."""
    attached = template()["Resources"]["JobRole"]["Properties"]["ManagedPolicyArns"]
    assert attached == [{"Ref": "StorePolicy"}]
    roles.attach_role_policy(RoleName=outputs["JobRoleArn"].rpartition("/")[2], PolicyArn=outputs["StorePolicyArn"])


def known_to_moto(service_role: str) -> dict:
    """Return the template without what moto 5 lacks: policies of buckets, and compute environments that name no service role."""
    body = template()
    del body["Resources"]["BucketPolicy"]
    for each in body["Resources"].values():
        if each["Type"] == "AWS::Batch::ComputeEnvironment":
            each["Properties"]["ServiceRole"] = service_role
    return body
