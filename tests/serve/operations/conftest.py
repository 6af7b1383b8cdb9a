"""An engine that runs commands, and a way to ask it as AWS is asked: both ways held to botocore's model."""

from __future__ import annotations

import functools
import json
import re
import threading
import time

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from sweep.daemon.workers import worker_maker
from sweep.jobs.journal import Journal
from sweep.jobs.loop import Engine
from sweep.serve.desk import Desk
from sweep.serve.operations import OPERATIONS
from sweep.serve.settling import Settling
from sweep.serve.wire.model import service as served

WAIT = 120

NO_START = r'Missing required parameter in (input|jobs\[[0-9]+\]): "startedAt"'
"""AWS's model says that a job always has a startedAt, and AWS tells none of one that never ran."""


@functools.cache
def model(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def problems(value, shape, name):
    """What is wrong with a value, by botocore's validator."""
    lines = ParamValidator().validate(value, shape).generate_report().splitlines()
    return [f"{name}: {each}" for each in lines if not re.fullmatch(NO_START, each)]


def parsed(service, answer, shape):
    """What botocore makes of an answer on the wire; of STS, which speaks XML, that JSON can tell it."""
    body = json.dumps(answer)
    if service == "sts":
        return json.loads(body)
    parser = create_parser(model(service).metadata["protocol"])
    told = parser.parse({"status_code": 200, "headers": {}, "body": body.encode()}, shape)
    del told["ResponseMetadata"]
    return told


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Asking:
    """Asks a desk."""

    def __init__(self, desk, clock):
        self.desk = desk
        self.clock = clock

    def __call__(self, service, operation, /, **request):
        shapes = model(service).operation_model(operation)
        assert not problems(request, shapes.input_shape, "input")
        answer = OPERATIONS[service][operation](self.desk, request)
        if shapes.output_shape is None:
            assert answer == {}
        else:
            assert not problems(answer, shapes.output_shape, "output")
            assert parsed(service, answer, shapes.output_shape) == answer
            served(service).operations[operation].write(answer, None)
        return answer

    def batch(self, operation, /, **request):
        return self("batch", operation, **request)

    def settle(self):
        """Let what was changed come to be VALID."""
        self.clock.now += 60.0

    def job(self, job_id):
        (told,) = self.batch("DescribeJobs", jobs=[job_id])["jobs"]
        return told

    def wait(self, *jobs):
        assert self.desk.engine.wait(list(jobs), WAIT), [self.job(each) for each in jobs]

    def await_status(self, job_id, status):
        self.until(lambda: self.job(job_id)["status"] == status)

    def until(self, look):
        """Look again and again until there is something to be seen; return it."""
        deadline = time.monotonic() + WAIT
        changed = threading.Event()
        while not (seen := look()):
            assert time.monotonic() < deadline
            changed.wait(0.02)  # nobody tells of what a command has written
        return seen

    def run(self, command, **options):
        """Submit a job of a new definition and wait for its end."""
        job_id = self.submit(command, **options)
        self.wait(job_id)
        return self.job(job_id)

    def submit(self, command, queue="q", define=None, name="task", **options):
        self.batch("RegisterJobDefinition", **definition(name, command, **(define or {})))
        told = self.batch(
            "SubmitJob", jobName=options.pop("jobName", "job"), jobQueue=queue, jobDefinition=name, **options
        )
        return told["jobId"]


def definition(name="task", command=("true",), *, container=None, **options):
    """What RegisterJobDefinition takes for a command."""
    properties = {
        "image": "busybox",
        "command": list(command),
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    } | (container or {})
    return {"jobDefinitionName": name, "type": "container", "containerProperties": properties} | options


@pytest.fixture
def relaxed():
    return frozenset()


@pytest.fixture
def engine_relaxed():
    return ("short-timeouts",)


@pytest.fixture
def desk(tmp_path, relaxed, engine_relaxed):
    folder = tmp_path / "engine"
    clock = Clock()
    with Engine(worker_maker(folder), Journal(folder, engine_relaxed)) as engine:
        yield Desk(engine, folder, "eu-central-1", "111122223333", relaxed, Settling(clock=clock))


@pytest.fixture
def empty(desk):
    """Ask a desk where there is nothing yet."""
    return Asking(desk, desk.settling._clock)


@pytest.fixture
def ask(empty):
    """Ask a desk that has a compute environment ``here`` of four vCPUs, and a queue ``q``."""
    empty.batch(
        "CreateComputeEnvironment",
        computeEnvironmentName="here",
        type="MANAGED",
        computeResources={"type": "EC2", "maxvCpus": 4, "subnets": ["subnet-1"], "instanceTypes": ["optimal"]},
    )
    empty.batch(
        "CreateJobQueue",
        jobQueueName="q",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "here"}],
    )
    empty.settle()
    return empty
