"""Services, as botocore's models tell of them."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.model import ServiceModel

from sweep.serve.wire.model import SERVICES, Service, service

WAIT = 60


def test_each_service_speaks_its_protocol():
    assert [service(each).protocol for each in SERVICES] == ["rest-json", "json", "query"]


def test_a_protocol_that_a_newer_botocore_prefers_does_not_matter():
    metadata = {"protocol": "smithy-rpc-v2-cbor", "protocols": ["smithy-rpc-v2-cbor", "rest-json"]}
    assert (
        Service("batch", ServiceModel({"metadata": metadata, "operations": {}, "shapes": {}})).protocol == "rest-json"
    )


@pytest.mark.parametrize("name", SERVICES)
def test_every_shape_can_be_read_and_written(name):
    for operation in service(name).operations.values():
        assert callable(operation.read)
        assert callable(operation.write)


@pytest.fixture
def hasty():
    """Have threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


NODES = {
    "jobDefinitionName": "d",
    "type": "multinode",
    "nodeProperties": {"numNodes": 1, "mainNode": 0, "nodeRangeProperties": [{"targetNodes": "0"}]},
}
JOBS = {"jobDefinitions": [{**NODES, "jobDefinitionArn": "a", "revision": 1}]}


def test_threads_that_are_the_first_to_ask_all_have_readers_and_writers_that_are_whole(hasty):
    for _ in range(10):
        fresh = service.__wrapped__("batch")
        register, describe = (
            fresh.model.operation_model(each) for each in ("RegisterJobDefinition", "DescribeJobDefinitions")
        )
        begin = threading.Barrier(8)

        def ask(_, fresh=fresh, read=register.input_shape, write=describe.output_shape, begin=begin):
            begin.wait(WAIT)
            assert fresh.readers.reader(read)(NODES, None, []) == NODES
            assert fresh.writers.writer(write)(JOBS, None) == JOBS

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(ask, range(8)))


def test_a_users_own_models_are_not_read(tmp_path, monkeypatch):
    place = tmp_path / ".aws" / "models" / "batch" / "2030-01-01"
    place.mkdir(parents=True)
    (place / "service-2.json").write_text("{}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / ".aws" / "models"))
    assert "SubmitJob" in service.__wrapped__("batch").operations
