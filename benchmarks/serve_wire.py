"""What does the wire of `sweep serve` cost: signature, validation, and an answer checked after its shape?

Requests a second over kept connections, beside uvicorn with an application that looks at nothing and sends the same bytes. The operations
answer at once, so this is the wire and not the engine. Server and client are two processes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import threading
import time
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sweep.serve.dispatch import Dispatcher
from sweep.serve.endpoint import Endpoint
from sweep.serve.guard import Guard
from sweep.serve.keys import KeyPair
from sweep.serve.signature import Verifier
from sweep.serve.web import Web, listening_socket

KEYS = KeyPair("SWEEPABCDEFGHIJKLMNO", "secret")
ARN = "arn:aws:batch:us-east-1:123456789012"


def detail(number: int) -> dict:
    """Make a job as DescribeJobs shows it."""
    job_id = f"6f1c1a5e-3b0f-4f7e-9f4e-{number:012}"
    variables = [{"name": f"NAME_{n}", "value": f"value {n}"} for n in range(5)]
    container = {
        "image": "image",
        "command": ["a", "b", "c"],
        "environment": variables,
        "exitCode": 0,
        "logStreamName": "d/default/1",
    }
    attempt = {
        "container": {"exitCode": 0, "logStreamName": "d/default/1"},
        "startedAt": 1,
        "stoppedAt": 2,
        "statusReason": "done",
    }
    return {
        "jobArn": f"{ARN}:job/{job_id}",
        "jobName": f"job-{number}",
        "jobId": job_id,
        "jobQueue": f"{ARN}:job-queue/default",
        "status": "SUCCEEDED",
        "attempts": [attempt],
        "statusReason": "Essential container in task exited",
        "createdAt": 1_700_000_000_000,
        "startedAt": 1_700_000_000_001,
        "stoppedAt": 1_700_000_000_002,
        "dependsOn": [],
        "jobDefinition": f"{ARN}:job-definition/d:1",
        "parameters": {"a": "b"},
        "container": container
        | {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]},
        "tags": {},
    }


JOBS = {"jobs": [detail(n) for n in range(100)]}
OPERATIONS = {
    "batch": {
        "DescribeJobs": lambda _desk, _taken: JOBS,
        "SubmitJob": lambda _desk, taken: {"jobName": taken["jobName"], "jobId": "1"},
    },
}
REQUESTS = {
    "SubmitJob": {
        "jobName": "a",
        "jobQueue": "q",
        "jobDefinition": "d",
        "arrayProperties": {"size": 10},
        "containerOverrides": {"command": ["a", "b"], "environment": [{"name": "A", "value": "b"}]},
    },
    "DescribeJobs, 100 jobs": {"jobs": [each["jobId"] for each in JOBS["jobs"]]},
}
ANSWERS = {
    "SubmitJob": b'{"jobName":"a","jobId":"1"}',
    "DescribeJobs, 100 jobs": json.dumps(JOBS, separators=(",", ":")).encode(),
}


def bare(body: bytes):
    """Make an application that sends what it is told to."""

    async def application(_scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def served(pipe, name: str | None) -> None:
    """Answer until told otherwise."""
    application = (
        bare(ANSWERS[name])
        if name
        else Endpoint(Dispatcher(None, OPERATIONS, verify=Verifier(KEYS, "us-east-1")), Guard())
    )
    with listening_socket("127.0.0.1", 0) as listening:
        web = Web(application, listening, ended=lambda: None)
        web.start()
        pipe.send(listening.getsockname()[1])
        pipe.recv()
        web.stop()


def signed(port: int, name: str) -> bytes:
    """Write a signed request."""
    url = f"http://127.0.0.1:{port}/v1/{name.partition(',')[0].lower()}"
    request = AWSRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(REQUESTS[name]).encode())
    SigV4Auth(Credentials(KEYS.access, KEYS.secret), "batch", "us-east-1").add_auth(request)
    sent = request.prepare()
    headers = {"Host": f"127.0.0.1:{port}", **sent.headers}
    lines = [f"{key}: {value.decode() if isinstance(value, bytes) else value}" for key, value in headers.items()]
    head = "\r\n".join((f"POST {url.partition(str(port))[2]} HTTP/1.1", *lines, "", ""))
    return head.encode() + sent.body


def rate(name: str, seconds: float, connections: int, *, through_wire: bool) -> float:
    """Return requests a second."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(
        target=served, args=(there, None if through_wire else name), daemon=True
    )
    server.start()
    request = signed(here.recv(), name)
    port = int(request.partition(b"127.0.0.1:")[2].partition(b"\r")[0])
    ask(port, request, time.monotonic() + 1.0)
    counts: list[int] = []
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=lambda: counts.append(ask(port, request, end))) for _ in range(connections)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    here.send(None)
    server.join()
    return sum(counts) / seconds


def ask(port: int, request: bytes, end: float) -> int:
    """Ask over one connection until then; return how many times."""
    count = 0
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < end:
            line.sendall(request)
            answer = line.recv(1 << 20)
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(answer[:1000])
            left = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]) - len(body)
            while left:
                left -= len(line.recv(left))
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    raw = {}
    print(f"{'request':24} {'sweep serve/s':>14} {'bare uvicorn/s':>15} {'ratio':>6}")
    for name in REQUESTS:
        ours, theirs = (
            rate(name, arguments.seconds, arguments.connections, through_wire=each) for each in (True, False)
        )
        raw[name] = {"requests_per_second": ours, "bare_uvicorn_per_second": theirs}
        print(f"{name:24} {ours:14,.0f} {theirs:15,.0f} {ours / theirs:6.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


if __name__ == "__main__":
    main()
