"""``sweep serve`` as a process: how it begins, what it says, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

from sweep.daemon.client import Client
from sweep.jobs.definition import Retry
from sweep.serve import web
from tests.daemon.asking import define, submit
from tests.serve.processes import WAIT, answering, command, serving


def refused(folder, *options):
    done = subprocess.run(command(folder, *options), capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_what_it_prints_a_shell_can_read(endpoint):
    done = subprocess.run(
        ["sh", "-c", f"{endpoint.said}\nenv"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    there = dict(each.split("=", 1) for each in done.stdout.splitlines())
    assert there["AWS_ENDPOINT_URL_BATCH"] == endpoint.url
    assert there["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] == endpoint.url
    assert there["AWS_ENDPOINT_URL_STS"] == endpoint.url
    assert there["AWS_DEFAULT_REGION"] == there["AWS_REGION"] == "us-east-1"
    assert "AWS_ENDPOINT_URL" not in there


def test_the_secret_is_in_the_key_file_alone(endpoint):
    secret = endpoint.keys[1]
    with pytest.raises(ClientError):
        endpoint.client().list_service_jobs()
    for path in endpoint.folder.rglob("*"):
        if path.is_file() and path.name != "keys.json":
            assert secret.encode() not in path.read_bytes(), path
    assert json.loads((endpoint.folder / "keys.json").read_text())["secretAccessKey"] == secret


def test_the_commands_of_the_engine_work_at_the_same_time(endpoint):
    with Client(str(endpoint.folder), start=False) as client:
        assert client.pid == endpoint.process.pid
        assert [each["jobQueueName"] for each in client.view("queues")] == ["default"]


def test_a_job_is_taken_up_again_by_the_next_start(tmp_path):
    folder, mark = tmp_path / "engine", tmp_path / "mark"
    with serving(folder) as first, Client(str(folder), start=False) as client:
        define(
            client,
            "waits",
            ["sh", "-c", f"echo $AWS_BATCH_JOB_ATTEMPT >> {mark}; test -e {mark}.go || exec sleep 600"],
            retry=Retry(2),
        )
        job = submit(client, "waits")
        _until(mark.exists)
        keys = first.keys
    assert first.process.returncode == 0
    (tmp_path / "mark.go").touch()
    with serving(folder) as second, Client(str(folder), start=False) as client:
        assert second.keys == keys
        assert client.wait([job], WAIT)
        assert client.view("describe", job_ids=[job])[0]["status"] == "SUCCEEDED"


def _until(condition):
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # a file tells of no event


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(tmp_path, sent):
    with serving(tmp_path / "engine") as made:
        os.killpg(made.process.pid, sent)  # as a terminal does
        said = made.process.communicate(timeout=WAIT)
    assert (made.process.returncode, *said) == (0, "", "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", made.port)) != 0


def test_stopping_the_engine_ends_it(tmp_path):
    with serving(tmp_path / "engine") as made:
        with Client(str(made.folder), start=False) as client:
            client.end()
        assert made.process.wait(WAIT) == 0


def test_an_engine_that_another_holds_is_refused(endpoint):
    said = refused(endpoint.folder, "--port", "0")
    assert "another engine is at work" in said
    assert "`sweep engine stop`" in said


def test_a_port_that_is_taken_is_refused(endpoint, tmp_path):
    assert f"port {endpoint.port}: it is in use" in refused(tmp_path / "other", "--port", str(endpoint.port))
    assert not (tmp_path / "other").exists()


def test_settings_that_are_not_safe_are_refused_before_anything_is_made(tmp_path):
    assert "give --certificate FILE and --key FILE" in refused(tmp_path / "engine", "--port", "0", "--host", "0.0.0.0")
    assert not (tmp_path / "engine").exists()


def test_keys_that_others_may_read_are_refused(tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    keys.chmod(0o640)
    assert "keys.json has mode 0640, so others may read it" in refused(tmp_path, "--port", "0")


def test_relaxations_of_an_engine_are_for_a_new_one(tmp_path):
    with serving(tmp_path / "engine", "--relax", "short-timeouts,list-default-all"):
        pass
    assert "only a new one takes --relax large-arrays" in refused(
        tmp_path / "engine", "--port", "0", "--relax", "large-arrays"
    )
    with serving(tmp_path / "engine", "--relax", "short-timeouts"):
        pass


def test_without_signatures_it_says_so_loudly(tmp_path):
    from botocore import UNSIGNED
    from botocore.config import Config

    with serving(tmp_path / "engine", "--insecure-no-auth") as made:
        with pytest.raises(ClientError, match="not available here"):
            made.client(config=Config(signature_version=UNSIGNED)).list_service_jobs()
        os.killpg(made.process.pid, signal.SIGTERM)
        _, warned = made.process.communicate(timeout=WAIT)
    assert "WARNING" in warned
    assert made.url in warned


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    place = tmp_path_factory.mktemp("tls")
    words = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout {place}/key -out {place}/cert"
    subprocess.run(
        ["openssl", *words.split(), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    return place / "cert", place / "key"


def test_over_tls_it_may_be_reached_from_outside(tmp_path, certificate):
    cert, key = map(str, certificate)
    with serving(tmp_path / "engine", "--host", "0.0.0.0", "--certificate", cert, "--key", key) as made:
        assert made.url.startswith("https://")
        client = made.client(endpoint_url=f"https://127.0.0.1:{made.port}", verify=cert)
        with pytest.raises(ClientError, match="not available here"):
            client.list_service_jobs()


def test_who_does_not_begin_with_tls_is_cut_off(certificate, monkeypatch):
    monkeypatch.setattr(web, "HANDSHAKE_SECONDS", 0.5)
    with answering({}, files=certificate) as (port, _), socket.create_connection(("127.0.0.1", port), WAIT) as line:
        line.sendall(b"\x16\x03\x01")  # how a client's greeting begins
        assert line.recv(1) == b""


def test_what_goes_wrong_with_us_is_in_the_log_and_not_in_the_answer(tmp_path):
    from sweep.serve.server import Log

    Log(tmp_path).write("request 1, SubmitJob: Traceback\nKeyError: 'x'\n")
    told = (tmp_path / "engine.log").read_text()
    assert told.startswith("sweep: 20")
    assert told.endswith("KeyError: 'x'\n")


def test_what_cannot_be_logged_is_said(tmp_path, capsys):
    from sweep.serve.server import Log

    Log(tmp_path / "nowhere").write("the disk is full")
    assert "the disk is full" in capsys.readouterr().err


def test_help_imports_no_server():
    program = "import sys; from sweep.cli.main import app; sys.exit(any(each in sys.modules for each in ('starlette', 'uvicorn', 'botocore')))"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=WAIT)
