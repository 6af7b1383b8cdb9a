"""How many requests a second does `sweep serve` answer while an array of 10,000 children runs?

    python benchmarks/endpoint_rate.py [--requests N] [--children N] [--clients N] [--json FILE]

A server of its own, in a folder that is thrown away, with SigV4 checked. Three requests: SubmitJob of a plain job, DescribeJobs of 100 children, and
ListJobs of the array's queue. Each is asked by boto3, as users have it, and by a bare client that signs with botocore's signer and keeps one
connection: what is left of boto3's time is its own. Latencies are of single requests, one after the other on each connection; the array goes on
running all the time on two vCPUs. Clients share the machine's cores with the server and with the children.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

MAIN = "from sweep.cli.main import main; main()"
QUEUE, DEFINITION = "benchmark", "benchmark"
NEEDS = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]


class Bare:
    """Signs as any client of AWS does, sends, and reads the answer; nothing else."""

    def __init__(self, url, settings):
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"))
        self.url = url
        keys = botocore.credentials.Credentials(settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"])
        self.signer = botocore.auth.SigV4Auth(keys, "batch", settings["AWS_REGION"])

    def __call__(self, operation, told):
        path, body = f"/v1/{operation.lower()}", json.dumps(told)
        request = botocore.awsrequest.AWSRequest("POST", self.url + path, {"content-type": "application/json"}, body)
        self.signer.add_auth(request)
        self.connection.request("POST", path, body, dict(request.headers))
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{operation}: {answer.status} {text.decode()}")
        return json.loads(text)


class Boto3:
    def __init__(self, url, settings):
        self.client = boto3.client(
            "batch",
            endpoint_url=url,
            region_name=settings["AWS_REGION"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(retries={"total_max_attempts": 1}),
        )
        self.methods = {"SubmitJob": "submit_job", "DescribeJobs": "describe_jobs", "ListJobs": "list_jobs"}

    def __call__(self, operation, told):
        return getattr(self.client, self.methods[operation])(**told)


def started(folder):
    """Start a server; return its process, its URL and what it tells clients."""
    ready = folder / "ready.json"
    command = [sys.executable, "-c", MAIN, "serve", "--engine", str(folder / "engine"), "--port", "0"]
    with (folder / "exports").open("w") as said:
        server = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=said, stderr=sys.stderr)
    while not ready.exists():
        if server.poll() is not None:
            raise SystemExit("the server did not start")
        time.sleep(0.05)
    lines = [each.removeprefix("export ") for each in (folder / "exports").read_text().splitlines()]
    settings = dict(each.split("=", 1) for each in lines if "=" in each and not each.startswith("#"))
    return server, json.loads(ready.read_text())["url"], settings


def furnished(client, children):
    """Make what jobs need, and submit the array; return its id once it runs."""
    client("CreateComputeEnvironment", {
        "computeEnvironmentName": QUEUE, "type": "MANAGED",
        "computeResources": {"type": "EC2", "minvCpus": 0, "maxvCpus": 2, "instanceTypes": ["optimal"], "subnets": ["s"], "instanceRole": "r"},
    })  # fmt: skip
    time.sleep(1)  # it is CREATING for a moment
    order = [{"order": 1, "computeEnvironment": QUEUE}]
    client("CreateJobQueue", {"jobQueueName": QUEUE, "priority": 1, "computeEnvironmentOrder": order})
    time.sleep(1)
    properties = {"image": "busybox", "command": ["sleep", "1"], "resourceRequirements": NEEDS}
    client(
        "RegisterJobDefinition",
        {"jobDefinitionName": DEFINITION, "type": "container", "containerProperties": properties},
    )
    array = client("SubmitJob", job("array", arrayProperties={"size": children}))["jobId"]
    while not client("ListJobs", {"arrayJobId": array, "jobStatus": "RUNNING"})["jobSummaryList"]:
        time.sleep(0.05)
    return array


def job(name, **options):
    return {"jobName": name, "jobQueue": QUEUE, "jobDefinition": DEFINITION, **options}


def measured(make, server, clients, requests, operation, told):
    """Ask so many requests on each of so many connections; return requests a second and the latencies."""
    latencies = [[] for _ in range(clients)]
    asking = [make(*server) for _ in range(clients)]
    for each in asking:
        each(operation, told)  # connect
    gate = threading.Barrier(clients + 1)

    def work(client, mine):
        gate.wait()
        for _ in range(requests // clients):
            begun = time.perf_counter()
            client(operation, told)
            mine.append(time.perf_counter() - begun)

    threads = [threading.Thread(target=work, args=each) for each in zip(asking, latencies, strict=True)]
    for each in threads:
        each.start()
    gate.wait()
    begun = time.perf_counter()
    for each in threads:
        each.join()
    elapsed = time.perf_counter() - begun
    return requests // clients * clients / elapsed, sorted(each for mine in latencies for each in mine)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--children", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        server, url, settings = started(Path(name))
        try:
            array = furnished(Bare(url, settings), options.children)
            asked = {
                "SubmitJob": job("plain"),
                "DescribeJobs": {"jobs": [f"{array}:{i * options.children // 100}" for i in range(100)]},
                "ListJobs": {"arrayJobId": array, "jobStatus": "RUNNABLE", "maxResults": 100},
            }
            print(f"{'operation':<14}{'client':<8}{'connections':>12}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}")
            for operation, told in asked.items():
                for make in (Bare, Boto3):
                    for clients in (1, options.clients):
                        rate, times = measured(make, (url, settings), clients, options.requests, operation, told)
                        p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
                        print(
                            f"{operation:<14}{make.__name__.lower():<8}{clients:>12}{rate:>12,.0f}{p50 * 1e3:>9.2f}{p99 * 1e3:>9.2f}"
                        )
                        rows.append(
                            {
                                "operation": operation,
                                "client": make.__name__,
                                "connections": clients,
                                "per_second": rate,
                                "p50_s": p50,
                                "p99_s": p99,
                            }
                        )
            (there,) = Bare(url, settings)("DescribeJobs", {"jobs": [array]})["jobs"]
            print(f"the array at the end: {there['arrayProperties']['statusSummary']}")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    if options.json:
        told = {"cores": os.cpu_count(), "children": options.children, "requests": options.requests, "rows": rows}
        options.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
