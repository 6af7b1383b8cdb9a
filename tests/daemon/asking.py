"""What the tests of an engine ask of it."""

from __future__ import annotations

import time
import uuid

from sweep.jobs.definition import Container, Definition, Resources
from sweep.jobs.events import Register, Submit
from sweep.jobs.request import Request

WAIT = 120


def define(client, name, command, **options):
    resources = options.pop("resources", Resources(1.0, 256))
    return client.tell(Register(Definition(name, container=Container(tuple(command), resources=resources), **options)))


def submit(client, definition, **options):
    return client.tell(
        Submit(str(uuid.uuid4()), Request("job", options.pop("queue", "default"), definition, **options))
    )


def wait(client, *jobs):
    deadline = time.monotonic() + WAIT
    while not client.wait(list(jobs), 5.0):
        assert time.monotonic() < deadline, client.view("describe", job_ids=list(jobs))


def counts(client, job):
    (told,) = client.view("progress", job_ids=[job])
    return {state: n for state, n in told["counts"].items() if n}
