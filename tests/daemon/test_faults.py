"""What may go wrong around an engine: with itself, with its clients, with its socket, with who has started it."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import threading
import time
from pathlib import Path

import pytest

from sweep.daemon.client import Client
from sweep.daemon.server import LONGEST_LINE
from sweep.errors import JobError, UsageError
from sweep.executors.commands.address import connect, listen
from sweep.jobs.environment import Environment
from sweep.jobs.events import PutEnvironment, PutQueue
from sweep.jobs.queue import Queue
from tests.daemon.asking import WAIT, counts, define, submit, wait


def wait_running(client, job):
    deadline = time.monotonic() + WAIT
    while counts(client, job).get("RUNNING") is None:
        assert time.monotonic() < deadline


def test_an_engine_that_has_failed_ends_and_says_why_and_commands_go_on(client, folder, tmp_path):
    go = tmp_path / "go"
    define(client, "d", ["sh", "-c", f"while [ ! -e {go} ]; do sleep 0.05; done"])
    job = submit(client, "d")
    wait_running(client, job)
    resource.prlimit(client.pid, resource.RLIMIT_FSIZE, (20_000, 20_000))  # as a full disk: the journal is larger
    with pytest.raises(JobError, match="journal.sqlite cannot be read or written: "):
        submit(client, "d")
    client.wait_for_end()
    assert "journal.sqlite cannot be read or written" in (Path(folder) / "engine.log").read_text()
    with Client(folder) as again:
        assert counts(again, job) == {"RUNNING": 1}
        go.touch()
        wait(again, job)
        (told,) = again.view("describe", job_ids=[job])
    assert (told["status"], len(told["attempts"])) == ("SUCCEEDED", 1)


@pytest.mark.parametrize("kind", ["Tick", "Begun", "Ended", "Unserved", "Nope", 5])
def test_only_what_users_bring_about_may_be_told(client, kind):
    with pytest.raises(JobError, match="nobody may tell the engine"):
        client._ask({"event": kind, "body": {}})
    assert client.view("jobs") == []


def test_a_line_without_an_end_is_refused(client, folder):
    with connect(Path(folder) / "engine.sock") as caller:
        caller.settimeout(WAIT)
        caller.sendall(b"x" * (LONGEST_LINE + 1))
        assert b"a question of more than 4,194,304 bytes" in caller.recv(1000)
        assert caller.recv(1) == b""


def test_waiting_for_a_child(client, tmp_path):
    go = tmp_path / "go"
    script = f"while [ $AWS_BATCH_JOB_ARRAY_INDEX = 1 ] || [ ! -e {go} ]; do sleep 0.05; done"
    define(client, "d", ["sh", "-c", script])
    client.tell(PutEnvironment(Environment("wide", 4, 4000), new=True))
    client.tell(PutQueue(Queue("wide", 1, ("wide",)), new=True))
    job = submit(client, "d", size=2, queue="wide")
    assert not client.wait([f"{job}:0"], 0.3)
    go.touch()
    wait(client, f"{job}:0")
    assert counts(client, job)["SUCCEEDED"] == 1
    assert not client.wait([f"{job}:1", f"{job}:0"], 0.1)


def test_an_engine_that_is_stopped_is_named(client, folder, monkeypatch):
    monkeypatch.setattr("sweep.daemon.client.HELLO_SECONDS", 0.5)
    pid = client.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(JobError, match=rf"the engine \(process {pid}\) has not answered for 0\.5 s"):
            Client(folder)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert client.view("jobs") == []


def test_too_many_clients_at_once(client, folder):
    resource.prlimit(client.pid, resource.RLIMIT_NOFILE, (30, 4096))
    callers = [connect(Path(folder) / "engine.sock") for _ in range(60)]
    for each in callers:
        each.close()
    with Client(folder) as again:
        assert again.pid == client.pid


def test_a_command_while_the_engine_goes_down(client, folder):
    define(client, "d", ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
    job = submit(client, "d")
    wait_running(client, job)
    pid = client.end()
    with Client(folder) as again:
        assert again.pid != pid
        assert len(again.view("jobs")) == 1


def test_an_engine_whose_socket_was_removed_is_found_again(client, folder):
    (Path(folder) / "engine.sock").unlink()
    with Client(folder) as again:
        assert again.pid == client.pid


def test_an_engine_of_another_version_can_be_stopped(client, folder, monkeypatch):
    monkeypatch.setattr("sweep.daemon.client.VERSION", 99)
    with pytest.raises(JobError, match="is of another version of sweep: stop it"):
        Client(folder, start=False)
    with Client(folder, start=False, any_version=True) as other:
        other.end()
        other.wait_for_end()
    with pytest.raises(JobError, match="no engine is at work"):
        Client(folder, start=False)


def test_half_an_answer_is_none(tmp_path):
    def answer():
        caller, _ = server.accept()
        with caller:
            caller.recv(100)
            caller.sendall(b'{"answer": 1')

    with listen(tmp_path / "engine.sock") as server:
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(JobError, match="no engine is at work in"):
            Client(str(tmp_path), start=False)
        thread.join(WAIT)


def test_everything_is_the_users_own(folder):
    before = os.umask(0)
    try:
        with Client(folder) as client:
            define(client, "d", ["true"])
            wait(client, submit(client, "d"))
    finally:
        os.umask(before)
    place = Path(folder)
    local = place / "environments/local"
    private = (place, place / "engine.sock", local.parent, local, local / "runner.sock")
    assert {stat.S_IMODE(each.stat().st_mode) for each in private} == {0o700}
    assert stat.S_IMODE((place / "journal.sqlite").stat().st_mode) == 0o600


def test_the_engine_does_not_live_where_the_first_command_was_given(folder, tmp_path, monkeypatch):
    for each in ("sweep.py", "queue.py"):
        (tmp_path / each).write_text("raise SystemExit('the user has a module of this name')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "a job that gave the command")
    monkeypatch.setenv("SWEEP_RUNNER", "/the runner of that job")
    with Client(folder) as client:
        define(client, "d", ["true"])
        wait(client, submit(client, "d"))
        process = Path(f"/proc/{client.pid}")
        assert str((process / "cwd").readlink()) == "/"
        variables = (process / "environ").read_bytes().split(b"\0")
    assert b"SWEEP_RUNNER=free" in variables
    assert not [each for each in variables if each.startswith(b"AWS_BATCH")]


def test_a_folder_of_nobody_is_one_line():
    with pytest.raises(UsageError, match="there is no such user"):
        Client("~nosuchuser/x")


def test_a_cluster_that_is_not_there_makes_its_environment_invalid_and_nothing_else(client):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        far = Environment("far", 1, 1000, address=f"127.0.0.1:{closed.getsockname()[1]}", managed=False)
        client.tell(PutEnvironment(far, new=True))
        client.tell(PutQueue(Queue("far", 1, ("far",)), new=True))
        define(client, "d", ["true"])
        submit(client, "d", queue="far")
        wait(client, submit(client, "d"))
        deadline = time.monotonic() + WAIT
        status = None
        while status != "INVALID":
            assert time.monotonic() < deadline
            (status,) = [
                each["status"] for each in client.view("environments") if each["computeEnvironmentName"] == "far"
            ]
