"""From a request to its answer, without a socket."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import hypothesis.strategies as st
import pytest
from hypothesis import given

from sweep.errors import JobError
from sweep.serve.dispatch import Dispatcher
from sweep.serve.refusal import RefusedError
from sweep.serve.wire.messages import Asked
from sweep.serve.wire.model import service
from sweep.serve.wire.rendering import RenderingError

SUBMIT = {"jobName": "a", "jobQueue": "q", "jobDefinition": "d"}
LOGS = (("x-amz-target", "Logs_20140328.GetLogEvents"),)
STS = (("content-type", "application/x-www-form-urlencoded"),)


def asked(body=None, path="/v1/submitjob"):
    return Asked("POST", path, body=json.dumps(SUBMIT if body is None else body).encode())


def asked_logs(**body):
    return Asked("POST", "/", headers=LOGS, body=json.dumps({"logStreamName": "s", **body}).encode())


def asked_sts(action="GetCallerIdentity"):
    return Asked("POST", "/", headers=STS, body=f"Action={action}&Version=2011-06-15".encode())


def answered(function, request=None, **options):
    table = {
        "batch": {"SubmitJob": function},
        "logs": {"GetLogEvents": function},
        "sts": {"GetCallerIdentity": function},
    }
    return Dispatcher("the desk", table, **options).answer(request or asked())


def raising(error):
    def carry_out(desk, taken):
        raise error

    return carry_out


def told(answer):
    return answer.status, answer.headers.get("x-amzn-ErrorType"), json.loads(answer.body)["message"]


def test_an_operation_is_given_the_desk_and_what_was_asked_and_its_answer_is_sent():
    seen = []
    answer = answered(lambda *given: seen.append(given) or {"jobId": "1", "jobName": "a", "jobArn": None})
    assert seen == [("the desk", SUBMIT)]
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"jobId": "1", "jobName": "a"}
    assert len(answer.headers["x-amzn-RequestId"]) == 36


def test_a_refusal_is_told_with_its_code():
    assert told(answered(raising(RefusedError("no")))) == (400, "ClientException", "no")
    assert told(answered(raising(RefusedError("slow down", "TooManyRequestsException", 429)))) == (
        429,
        "TooManyRequestsException",
        "slow down",
    )


def test_what_the_engine_refuses_is_the_clients_mistake():
    assert told(answered(raising(JobError("queue q does not exist")))) == (
        400,
        "ClientException",
        "queue q does not exist",
    )


def test_each_service_has_its_own_name_and_form_for_a_mistake():
    logs = answered(raising(RefusedError("no")), asked_logs())
    assert told(logs) == (400, "InvalidParameterException", "no")
    assert json.loads(logs.body)["__type"] == "InvalidParameterException"
    assert logs.content_type == "application/x-amz-json-1.1"
    sts = answered(raising(RefusedError("a < b & c")), asked_sts())
    root = ET.fromstring(sts.body)
    space = {"s": "https://sts.amazonaws.com/doc/2011-06-15/"}
    assert sts.status == 400
    assert root.findtext("s:Error/s:Code", namespaces=space) == "ValidationError"
    assert root.findtext("s:Error/s:Message", namespaces=space) == "a < b & c"
    assert root.findtext("s:RequestId", namespaces=space) == sts.headers["x-amzn-RequestId"]


@given(st.text(max_size=20))
def test_an_error_in_xml_is_xml_whatever_it_repeats(text):
    told = ET.fromstring(answered(raising(RefusedError(f"no: {text}")), asked_sts()).body)
    message = told.findtext(".//{*}Message")
    assert message.startswith("no: ")
    assert len(message) == len(f"no: {text}")


def test_an_error_of_a_service_keeps_its_name():
    assert (
        told(answered(raising(RefusedError("gone", "ResourceNotFoundException")), asked_logs()))[1]
        == "ResourceNotFoundException"
    )


def test_wrong_requests_never_reach_an_operation():
    broken = raising(AssertionError("it was called"))
    assert told(answered(broken, asked({})))[:2] == (400, "ClientException")
    assert told(answered(broken, asked({})))[2].startswith("3 validation errors detected: Value null at 'jobName'")
    assert told(answered(broken, asked({**SUBMIT, "jobName": 1})))[:2] == (400, "SerializationException")
    assert told(answered(broken, Asked("POST", "/v1/submitjob", body=b"{")))[:2] == (400, "SerializationException")
    zipped = Asked("POST", "/v1/submitjob", headers=(("content-encoding", "gzip"),), body=b"{}")
    assert "Content-Encoding" in told(answered(broken, zipped))[2]


@pytest.mark.parametrize("path", ["/v1/submitjob", "/v1/registerjobdefinition", "/v1/tags/x", "/v1/describejobs"])
def test_no_depth_of_nesting_is_too_much_for_us(path):
    everything = Dispatcher(None, {"batch": {name: lambda desk, taken: {} for name in service("batch").operations}})
    members = [*SUBMIT, "tags", "parameters", "containerProperties", "jobs", "dependsOn", "unknown"]
    for depth in (10, 400, *range(900, 1010), 5000):
        for opened, closed in (("[", "]"), ('{"a":', "}")):
            value = opened * depth + "1" + closed * depth
            body = "{" + ",".join(f'"{each}": {value}' for each in members) + "}"
            assert everything.answer(Asked("POST", path, body=body.encode())).status == 400


def test_operations_that_are_not_here_say_why():
    assert told(answered(None, asked({}, "/v1/submitservicejob"))) == (
        400,
        "ClientException",
        "SubmitServiceJob is not available here: service jobs run on SageMaker, and this engine runs commands and containers",
    )
    assert "quota shares" in told(answered(None, asked({}, "/v1/createquotashare")))[2]


def test_paths_and_methods_that_are_not_here():
    assert told(answered(None, asked({}, "/v1/nothing")))[:2] == (404, "UnknownOperationException")
    wrong = answered(None, Asked("GET", "/v1/submitjob"))
    assert told(wrong)[:2] == (405, "UnknownOperationException")
    assert wrong.headers["Allow"] == "POST"
    assert told(answered(None, Asked("GET", "/v1/tags/%FF")))[:2] == (400, "SerializationException")
    assert answered(None, asked_sts("NoSuch")).status == 404


@pytest.mark.parametrize(
    "function",
    [
        raising(KeyError("a-secret")),
        lambda desk, taken: {"jobid": "1"},
        lambda desk, taken: None,
        raising(RecursionError()),
    ],
)
@pytest.mark.parametrize(
    ("request_", "code"),
    [(asked(), "ServerException"), (asked_logs(), "ServiceUnavailableException"), (asked_sts(), "InternalFailure")],
)
def test_our_own_mistakes_are_in_the_report_and_not_in_the_answer(function, request_, code):
    reports = []
    answer = answered(function, request_, report=reports.append)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (500, code)
    assert b"Traceback" not in answer.body
    assert b"a-secret" not in answer.body
    assert len(reports) == 1
    assert "Traceback" in reports[0]
    assert answer.headers["x-amzn-RequestId"] in reports[0]
    assert answer.headers["x-amzn-RequestId"] in answer.body.decode()


def test_our_own_mistakes_are_raised_in_tests():
    with pytest.raises(RenderingError):
        answered(lambda desk, taken: {"jobid": "1"})
    with pytest.raises(KeyError):
        answered(raising(KeyError("x")))


def test_who_may_not_ask_learns_nothing_else():
    def verify(request, service):
        raise RefusedError(f"not for {service}", "MissingAuthenticationTokenException", 403)

    for request, name in (
        (asked(), "batch"),
        (asked({}), "batch"),
        (asked({}, "/v1/nothing"), "batch"),
        (asked_logs(), "logs"),
        (Asked("GET", "/v1/tags/%FF"), "batch"),
        (Asked("POST", "/", headers=(("x-amz-target", "\xff"),)), "logs"),
    ):
        assert told(answered(None, request, verify=verify)) == (
            403,
            "MissingAuthenticationTokenException",
            f"not for {name}",
        )
    for request in (asked_sts(), Asked("POST", "/", headers=STS, body=b"\xff=%FF&a.b=1&a=2")):
        sts = answered(None, request, verify=verify)
        assert b"<Code>MissingAuthenticationToken</Code>" in sts.body
