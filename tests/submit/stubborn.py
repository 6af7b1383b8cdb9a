"""An endpoint over HTTP that answers as it is told to: jobs that never end, refusals that moto does not know."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

QUEUE = {"jobQueueName": "q", "state": "ENABLED", "status": "VALID"}


class Stubborn:
    """What has been asked, and what is answered.

    ``refuse`` maps an operation, or an operation and its how-maniest call, to code and message. A call named by ``hold`` so is not answered
    until `release` is set; with ``takes_held`` it is done all the same. Jobs stay PENDING until they are terminated, and then too if it `is_slow`.
    The operation that ``breaks`` is done once, and always answered with a 500; while it `is_hiding`, no job is listed.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refuse: dict[Any, tuple[str, str]] = {}
        self.queue: dict[str, Any] = dict(QUEUE)
        self.jobs: dict[str, dict[str, Any]] = {}
        self.children: list[dict[str, Any]] = []
        self.hold: tuple[str, int] | None = None
        self.takes_held = False
        self.is_slow = False
        self.breaks = ""
        self.is_hiding = False
        self.release = threading.Event()

    def named(self, operation: str) -> list[dict[str, Any]]:
        return [told for name, told in self.calls if name == operation]

    def answer(self, operation: str, told: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
        self.calls.append((operation, told))
        if (operation, len(self.named(operation))) == self.hold:
            if self.takes_held:
                getattr(self, f"_{operation}")(told)
            self.release.wait(60)
            return 500, {"message": "held, and given up"}, "ServerException"
        if operation == self.breaks:
            if len(self.named(operation)) == 1:
                getattr(self, f"_{operation}")(told)
            return 500, {"message": "something broke"}, "ServerException"
        refusal = self.refuse.get((operation, len(self.named(operation)))) or self.refuse.get(operation)
        if refusal is not None:
            return 400, {"message": refusal[1]}, refusal[0]
        return 200, getattr(self, f"_{operation}", lambda _: {})(told), ""

    def _describejobqueues(self, told):
        wanted = told.get("jobQueues", [self.queue["jobQueueName"]])
        return {"jobQueues": [self.queue] if self.queue["jobQueueName"] in wanted else []}

    def _describejobdefinitions(self, told):
        return {"jobDefinitions": []}

    def _registerjobdefinition(self, told):
        return {"jobDefinitionName": told["jobDefinitionName"], "jobDefinitionArn": "arn", "revision": 7}

    def _submitjob(self, told):
        job_id = f"job-{len(self.jobs)}"
        size = told.get("arrayProperties", {}).get("size")
        array = (
            {"arrayProperties": {"size": size, "statusSummary": {"PENDING": size - 1, "RUNNING": 1}}} if size else {}
        )
        self.jobs[job_id] = {
            "jobId": job_id,
            "jobName": told["jobName"],
            "status": "PENDING",
            "tags": told["tags"],
            **array,
        }
        return {"jobId": job_id, "jobName": told["jobName"]}

    def _describejobs(self, told):
        return {"jobs": [self.jobs[each] for each in told["jobs"] if each in self.jobs]}

    def _terminatejob(self, told):
        self.jobs[told["jobId"]] |= {"statusReason": told["reason"], "isTerminated": True}
        if self.is_slow:
            return {}
        self.jobs[told["jobId"]]["status"] = "FAILED"
        self.jobs[told["jobId"]].pop("arrayProperties", None)
        return {}

    def _listjobs(self, told):
        names = [value for each in told.get("filters", []) for value in each["values"]]
        named = [{"jobId": key, "jobName": job["jobName"]} for key, job in self.jobs.items() if job["jobName"] in names]
        return {"jobSummaryList": [] if self.is_hiding else named if names else self.children}


@contextmanager
def serving():
    """Serve on a port of this machine."""
    stubborn = Stubborn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            status, body, code = stubborn.answer(self.path.rpartition("/")[2], told)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if code:
                self.send_header("x-amzn-ErrorType", code)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stubborn.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield stubborn
    finally:
        stubborn.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
