"""``sweep serve`` as a process, and clients of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

WAIT = 60
NAMES = {"batch": "BATCH", "logs": "CLOUDWATCH_LOGS", "sts": "STS"}


@dataclass
class Endpoint:
    """One that answers."""

    url: str
    folder: Path
    process: subprocess.Popen
    said: str
    variables: dict = field(repr=False)

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    @property
    def keys(self):
        return self.variables["AWS_ACCESS_KEY_ID"], self.variables["AWS_SECRET_ACCESS_KEY"]

    def client(self, service="batch", **options):
        """Make a client as a user would who has set the variables."""
        import boto3
        from botocore.config import Config

        access, secret = self.keys
        given = {
            "endpoint_url": self.variables[f"AWS_ENDPOINT_URL_{NAMES[service]}"],
            "region_name": self.variables["AWS_DEFAULT_REGION"],
            "aws_access_key_id": access,
            "aws_secret_access_key": secret,
            "config": Config(retries={"max_attempts": 0}),
        }
        return boto3.session.Session().client(service, **{**given, **options})

    def environment(self):
        """Return the variables of a user's shell who has set ours."""
        own = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
        return {**own, **self.variables, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}

    def aws(self, *words):
        """Run the AWS command line."""
        return subprocess.run(
            ["aws", *words], env=self.environment(), capture_output=True, text=True, timeout=WAIT, check=False
        )


def command(folder, *options):
    return [sys.executable, "-c", "from sweep.cli.main import main; main()", "serve", "--engine", str(folder), *options]


@contextmanager
def serving(folder, *options):
    """Start an endpoint over an engine's folder, at a free port unless one is given; end it by a signal."""
    ready = Path(f"{folder}.ready")
    ready.unlink(missing_ok=True)
    ports = () if "--port" in options else ("--port", "0")
    process = subprocess.Popen(
        command(folder, *ports, "--ready-file", str(ready), *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _when_ready(process, ready, Path(folder))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@contextmanager
def answering(operations, *, keys=None, guard=None, files=(None, None)):
    """Have a table of operations answered over a socket, by this process; yield its port, and what it has reported of itself."""
    from sweep.serve.dispatch import Dispatcher
    from sweep.serve.endpoint import Endpoint as Application
    from sweep.serve.guard import Guard
    from sweep.serve.signature import Verifier
    from sweep.serve.web import Web, listening_socket

    reports = []
    verify = None if keys is None else Verifier(keys, "us-east-1")
    glance = None if verify is None else verify.glance
    dispatcher = Dispatcher(None, operations, verify=verify, glance=glance, report=reports.append)
    with listening_socket("127.0.0.1", 0) as listening:
        web = Web(Application(dispatcher, guard or Guard()), listening, *files, ended=lambda: None)
        web.start()
        try:
            yield listening.getsockname()[1], reports
        finally:
            web.stop()


def _when_ready(process, ready, folder):
    deadline = time.monotonic() + WAIT
    while not ready.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "the endpoint does not come up"
        time.sleep(0.02)  # a file tells of no event
    lines = []
    while len(lines) < 8:
        lines.append(process.stdout.readline())
    variables = dict(
        each.removeprefix("export ").rstrip().split("=", 1) for each in lines if each.startswith("export ")
    )
    return Endpoint(json.loads(ready.read_text())["url"], folder, process, "".join(lines), variables)
