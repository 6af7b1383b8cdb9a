"""What an operation gives is checked as well."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import pytest

from sweep.serve.wire.model import service
from sweep.serve.wire.rendering import RenderingError, Writers

BATCH, LOGS = service("batch"), service("logs")


def job(**more):
    return {
        "jobs": [{"jobName": "a", "jobId": "1", "jobQueue": "q", "status": "RUNNING", "jobDefinition": "d", **more}]
    }


def write(given, name="DescribeJobs"):
    return BATCH.operations[name].write(given, None)


def test_none_is_absent_and_the_rest_is_there():
    assert write(job(startedAt=None, createdAt=5, arrayProperties={"size": None, "index": 3})) == job(
        createdAt=5, arrayProperties={"index": 3}
    )


def test_a_member_of_an_enumeration_of_pythons_is_a_text():
    class Colour(StrEnum):
        RUNNING = "RUNNING"

    assert write(job(status=Colour.RUNNING)) == job()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"jobname": "a"}, "jobs.1.member.jobname is not in the output shape JobDetail"),
        ({"jobName": 1}, "jobs.1.member.jobName is of type int, not str"),
        ({"jobName": None}, "jobs.1.member.jobName is missing"),
        ({"status": "ASLEEP"}, "'ASLEEP' is none of"),
        ({"createdAt": 1.5}, "of type float, not int"),
        ({"createdAt": True}, "of type bool, not int"),
        ({"createdAt": 1 << 63}, "does not fit 64 bits"),
        ({"arrayProperties": {"size": 1 << 31}}, "does not fit 32 bits"),
        ({"isCancelled": 1}, "of type int, not bool"),
        ({"dependsOn": {}}, "of type dict, not list or tuple"),
        ({"parameters": []}, "of type list, not dict"),
        ({"parameters": {"a": 1}}, "jobs.1.member.parameters.a is of type int"),
        ({"container": {"environment": [{"name": b"x"}]}}, "container.environment.1.member.name is of type bytes"),
    ],
)
def test_what_does_not_fit_is_our_mistake(more, said):
    with pytest.raises(RenderingError) as caught:
        write(job(**more))
    assert said in str(caught.value)


@pytest.mark.parametrize("given", [None, [], "x"])
def test_an_answer_is_an_object(given):
    with pytest.raises(RenderingError, match="the answer is of type"):
        write(given)


def test_all_that_awss_enumerations_hold_can_be_written():
    container = {"image": "i", "logConfiguration": {"logDriver": "awslogs"}}
    definition = {"jobDefinitionName": "d", "jobDefinitionArn": "a", "revision": 1, "type": "container"}
    told = {"jobDefinitions": [{**definition, "containerProperties": container}]}
    assert write(told, "DescribeJobDefinitions") == told
    for name in BATCH.model.shape_names:
        shape = BATCH.model.shape_for(name)
        for each in getattr(shape, "enum", None) or ():
            assert Writers().writer(shape)(each, None) == each


def test_numbers_that_json_does_not_have_are_our_mistake():
    shares = {
        "schedulingPolicies": [
            {
                "name": "a",
                "arn": "b",
                "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": "s", "weightFactor": float("inf")}]},
            }
        ]
    }
    with pytest.raises(RenderingError, match="cannot be written as JSON"):
        write(shares, "DescribeSchedulingPolicies")


def test_times_and_bytes_are_written_as_botocore_reads_them():
    from botocore.model import ServiceModel

    model = ServiceModel(
        {"metadata": {}, "operations": {}, "shapes": {"T": {"type": "timestamp"}, "B": {"type": "blob"}}}
    )
    assert Writers().writer(model.shape_for("T"))(datetime(1970, 1, 2, tzinfo=UTC), None) == 86400.0
    assert Writers().writer(model.shape_for("B"))(b"hi", None) == "aGk="


def test_an_operation_without_an_output_shape_answers_nothing():
    assert LOGS.operations["CreateLogGroup"].write({}, None) is None
