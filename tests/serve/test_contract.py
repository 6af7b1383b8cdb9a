"""What holds for every operation of botocore's model: requests by the hundred, right ones and wrong ones."""

from __future__ import annotations

import json
import random

import pytest
from botocore.awsrequest import AWSRequest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator

from sweep.serve.dispatch import Dispatcher
from sweep.serve.operations import OPERATIONS
from sweep.serve.settling import Settling
from sweep.serve.wire.messages import Asked
from sweep.serve.wire.model import service
from tests.serve.requests_from_model import Maker, asked_for, broken_promises, idle_desk
from tests.serve.sensible_requests import Asker, furnish, one_round

EACH = 12
WITH_TIMES = {"AssumeRole", "GetSessionToken"}  # which chance writes as numbers
BATCH = service("batch").operations


class Everything:
    """A table of operations that takes whatever it is asked, and gives what chance says that the output shape allows."""

    def __init__(self, maker):
        self.taken, self.given = None, None
        self._maker = maker

    def table(self):
        return {
            name: {each: self._function(operation) for each, operation in service(name).operations.items()}
            for name in ("batch", "logs", "sts")
        }

    def _function(self, operation):
        def carry_out(desk, taken):
            shape = operation.model.output_shape
            self.taken = taken
            self.given = {} if shape is None or operation.name in WITH_TIMES else self._maker.valid(shape)
            return self.given

        return carry_out


@pytest.fixture
def maker(request):
    return Maker(request.node.name)


@pytest.mark.parametrize("name", BATCH)
def test_a_right_request_is_taken_as_it_is_and_its_answer_is_what_was_given(name, maker):
    everything = Everything(maker)
    dispatcher = Dispatcher(None, everything.table())
    for _ in range(EACH):
        value = maker.valid(BATCH[name].model.input_shape)
        if "resourceArn" in value:
            value["resourceArn"] = value["resourceArn"] or "x"
        answer = dispatcher.answer(asked_for(BATCH[name], value))
        assert answer.status == 200, (value, answer)
        assert everything.taken == value
        assert json.loads(answer.body) == everything.given


@pytest.mark.parametrize("name", BATCH)
def test_a_wrong_request_is_refused_with_a_reason(name, maker):
    dispatcher = Dispatcher(None, Everything(maker).table())
    for _ in range(EACH):
        found, _ = broken_promises(dispatcher, BATCH[name], maker)
        assert not found


@pytest.mark.parametrize("name", BATCH)
def test_the_operations_that_there_are_keep_to_the_model(name, maker, tmp_path):
    with idle_desk(tmp_path) as desk:
        dispatcher = Dispatcher(desk, OPERATIONS)
        for _ in range(EACH):
            found, _ = broken_promises(dispatcher, BATCH[name], maker)
            assert not found


@pytest.mark.parametrize("name", BATCH)
def test_what_botocore_writes_is_read_and_what_is_written_botocore_reads(name, maker):
    everything = Everything(maker)
    dispatcher = Dispatcher(None, everything.table())
    operation = BATCH[name]
    for _ in range(EACH):
        value = maker.valid(operation.model.input_shape)
        report = ParamValidator().validate(value, operation.model.input_shape)
        assert not report.has_errors(), report.generate_report()
        if value.get("resourceArn") == "":
            continue  # botocore writes a path with nothing in it, which is none
        answer = dispatcher.answer(_serialized(operation, value, "rest-json"))
        assert answer.status == 200, answer
        assert everything.taken == value
        assert _parsed(operation, answer, "rest-json") == everything.given


@pytest.mark.parametrize(
    "name",
    ["CreateLogGroup", "DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents", "PutLogEvents"],
)
def test_the_json_protocol_reads_what_botocore_writes(name, maker):
    everything = Everything(maker)
    dispatcher = Dispatcher(None, everything.table())
    operation = service("logs").operations[name]
    for _ in range(EACH):
        value = maker.valid(operation.model.input_shape)
        answer = dispatcher.answer(_serialized(operation, value, "json"))
        if answer.status == 400:
            assert "regular expression pattern" in answer.body.decode(), answer  # chance knows nothing of patterns
            continue
        assert everything.taken == value
        if operation.model.output_shape is not None:
            assert _parsed(operation, answer, "json") == everything.given


@pytest.mark.parametrize("name", ["GetCallerIdentity", "GetSessionToken", "AssumeRole"])
def test_the_query_protocol_reads_what_botocore_writes(name, maker):
    everything = Everything(maker)
    dispatcher = Dispatcher(None, everything.table())
    operation = service("sts").operations[name]
    values = {
        "GetCallerIdentity": {},
        "GetSessionToken": {"DurationSeconds": 3600, "SerialNumber": "GAHT12345678"},
        "AssumeRole": {
            "RoleArn": "arn:aws:iam::123456789012:role/demo",
            "RoleSessionName": "me",
            "PolicyArns": [
                {"arn": "arn:aws:iam::123456789012:policy/a"},
                {"arn": "arn:aws:iam::123456789012:policy/b"},
            ],
            "Tags": [{"Key": "a", "Value": "b c&d"}],
        },
    }
    answer = dispatcher.answer(_serialized(operation, values[name], "query"))
    assert answer.status == 200, answer
    assert everything.taken == values[name]
    if name == "GetCallerIdentity":
        assert _parsed(operation, answer, "query") == everything.given


def _serialized(operation, value, protocol):
    made = create_serializer(protocol, include_validation=False).serialize_to_request(value, operation.model)
    url = f"http://x{made['url_path']}"
    sent = AWSRequest(made["method"], url, made["headers"], made["body"], made["query_string"]).prepare()
    path, _, query = sent.url.removeprefix("http://x").partition("?")
    headers = tuple((name.lower(), _text(text)) for name, text in sent.headers.items())
    return Asked(made["method"], path, query, headers, _bytes(sent.body))


def _text(header):
    return header.decode() if isinstance(header, bytes) else header


def _bytes(body):
    return body.encode() if isinstance(body, str) else body or b""


def _parsed(operation, answer, protocol):
    told = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    parsed = create_parser(protocol).parse(told, operation.model.output_shape)
    parsed.pop("ResponseMetadata")
    return parsed


def test_what_is_nearly_right_is_carried_out_or_refused_and_what_was_taken_can_be_told(tmp_path):
    chance, earlier = random.Random(5), []
    with idle_desk(tmp_path) as desk:
        desk.settling = Settling(span=0.0)
        ask = Asker(desk)
        furnish(ask)
        for number in range(100):
            one_round(ask, chance, number, earlier)
    assert ask.broken == []
    for operation in ("RegisterJobDefinition", "SubmitJob", "CreateComputeEnvironment"):
        assert ask.came[operation, 200] > 5
        assert ask.came[operation, 400] > 5
