"""What comes over a socket that is no good request: it is refused or cut off, and others are answered."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, suppress

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from sweep.serve.connection import PatientProtocol
from sweep.serve.keys import KeyPair
from tests.serve.processes import WAIT, answering

GOOD = b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
LONG = "x" * 200_000
KEYS = KeyPair("SWEEPABCDEFGHIJKLMNO", "secret")
NONE = KeyPair("a", "s")


def large(desk, taken):
    return {"tags": {"a": LONG}}


@pytest.fixture(scope="module")
def port():
    operations = {"batch": {"ListJobs": lambda desk, taken: {"jobSummaryList": []}, "ListTagsForResource": large}}
    with answering(operations) as (made, reports):
        yield made
        assert reports == []


@pytest.fixture
def hurried(monkeypatch):
    """Have a request arrive in half a second, or not at all."""
    monkeypatch.setattr(PatientProtocol, "patience", 0.5)


def connected(port):
    made = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
    made.settimeout(WAIT)
    return made


def client(port, keys=NONE):
    """Make a client of the service whose answers are XML."""
    given = {
        "aws_access_key_id": keys.access,
        "aws_secret_access_key": keys.secret,
        "config": Config(retries={"max_attempts": 0}),
    }
    return boto3.client("sts", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}", **given)


def spoken(port, *parts):
    """Say something, and return the first answer; nothing if the other side has hung up instead."""
    with connected(port) as line:
        try:
            for each in parts:
                line.sendall(each)
        except ConnectionError:
            pass  # the answer may be there already
        return heard(line)


def heard(line):
    """Return one answer, or what there is of it when the other side has hung up."""
    said = b""
    try:
        while not _is_whole(said) and (more := line.recv(1 << 16)):
            said += more
    except ConnectionResetError:
        pass
    return said


def _is_whole(said):
    head, end, body = said.partition(b"\r\n\r\n")
    lengths = [each.partition(b":")[2] for each in head.lower().split(b"\r\n") if each.startswith(b"content-length:")]
    return bool(end) and (not lengths or len(body) >= int(lengths[0]) or head.startswith(b"HEAD"))


def status(said):
    return int(said.split(b" ", 2)[1])


def is_alive(port):
    return status(spoken(port, GOOD)) == 200


def test_a_good_request_is_answered(port):
    said = spoken(port, GOOD)
    assert status(said) == 200
    assert b"x-amzn-requestid: " in said.lower()
    assert said.endswith(b'{"jobSummaryList":[]}')


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n\r\n",
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\n folded: a\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nbad name: a\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nname: a\x00b\r\n\r\n",
        b"POST /v1/list jobs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/listjobs\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 40_000 + b"\r\n\r\n",
        b"POST /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\n"
        + b"".join(b"X-%d: 1\r\n" % n for n in range(101))
        + b"Content-Length: 0\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(port, hurried, sent):
    said = spoken(port, sent)
    if said:
        assert 400 <= status(said) < 500, said[:200]
        assert b"x-amzn-requestid" in said.lower()
        assert json.loads(said.partition(b"\r\n\r\n")[2])["message"]
    assert is_alive(port)


def test_any_cut_of_a_request_leaves_the_endpoint_alive(port):
    for cut in range(len(GOOD)):
        with connected(port) as line:
            line.sendall(GOOD[:cut])
            line.shutdown(socket.SHUT_WR)
            assert heard(line) == b"", cut
    assert is_alive(port)


def test_a_request_may_come_in_single_bytes_and_two_at_once(port):
    with connected(port) as line:
        for n in range(len(GOOD)):
            line.sendall(GOOD[n : n + 1])
        line.sendall(GOOD)
        said = heard(line)
        while said.count(b"HTTP/1.1 200") < 2:
            more = heard(line)
            assert more, said
            said += more


def test_a_body_may_come_in_chunks(port):
    head = b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status(spoken(port, head, b"1\r\n{\r\n", b"1\r\n}\r\n0\r\n\r\n")) == 200


def test_a_body_that_is_too_large_is_refused_whether_its_size_is_told_or_not(port):
    told = b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
    chunked = b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    for said in (
        spoken(port, told, b" " * 2_000_000),
        spoken(port, chunked, *([b"10000\r\n" + b" " * 0x10000 + b"\r\n"] * 20), b"0\r\n\r\n"),
    ):
        assert status(said) == 413
        assert b"has more than 1,048,576 bytes" in said
    assert is_alive(port)


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"P",
        GOOD[:40],
        GOOD[:-1],
        b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n",
    ],
)
def test_who_does_not_go_on_is_cut_off(port, hurried, begun):
    with connected(port) as line:
        line.sendall(begun)
        said = heard(line)
        while more := heard(line):
            said += more
        assert said == b"" or status(said) == 413


def test_a_second_request_on_a_connection_has_no_more_time_than_the_first(port, hurried):
    with connected(port) as line:
        line.sendall(GOOD)
        assert status(heard(line)) == 200
        line.sendall(GOOD[:40])
        assert heard(line) == b""


def test_who_dribbles_is_cut_off(port, hurried):
    with connected(port) as line:
        line.sendall(GOOD[:40])
        with pytest.raises(ConnectionError):
            _dribble(line)
    assert is_alive(port)


def _dribble(line):
    """Say one byte after the other, until nobody listens any more."""
    line.settimeout(0.05)
    for _ in range(WAIT * 20):
        line.sendall(b"x")
        with suppress(TimeoutError):
            if line.recv(1) == b"":
                raise ConnectionResetError


def test_who_does_not_fetch_his_answers_is_cut_off(port, hurried):
    asked = b"GET /v1/tags/x HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(port) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.setblocking(False)
        with pytest.raises(ConnectionError):
            _fill(line, asked)
    assert is_alive(port)


def _fill(line, asked):
    """Ask and ask, without listening, until the other side has had enough."""
    import select
    import time

    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        _, writable, _ = select.select([], [line], [], 0.1)
        if writable:
            line.send(asked)


def test_an_answer_that_takes_its_time_is_waited_for(hurried):
    gate = threading.Event()

    def waits(desk, taken):
        threading.Timer(1.0, gate.set).start()  # twice as long as a request may take to arrive
        assert gate.wait(WAIT)
        return {"jobSummaryList": []}

    with answering({"batch": {"ListJobs": waits}}) as (port, reports):
        assert status(spoken(port, GOOD)) == 200
        assert reports == []


def test_more_connections_than_there_may_be_are_told_to_come_again(port, monkeypatch):
    monkeypatch.setattr(PatientProtocol, "most_connections", 5)
    with ExitStack() as stack:
        for _ in range(5):
            line = stack.enter_context(connected(port))
            line.sendall(GOOD)
            assert status(heard(line)) == 200  # who need not sign is no stranger once he is answered
        with pytest.raises(
            (ClientError, HTTPClientError)
        ):  # both of which are tried again; what cannot be parsed is not
            client(port).get_caller_identity()


UNSIGNED = {
    "nothing": b"",
    "half a head": GOOD[:40],
    "half a body": GOOD[:-1],
    "a whole request": GOOD,
    "one that says it is long": b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n",
    "many at once": GOOD * 200,
    "no request": b"hello\r\n\r\n",
}


@pytest.mark.parametrize("said", UNSIGNED.values(), ids=UNSIGNED)
def test_who_does_not_sign_cannot_use_up_the_connections(said, monkeypatch):
    monkeypatch.setattr(PatientProtocol, "most_connections", 5)
    identity = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root", "UserId": "123456789012"}
    with answering({"sts": {"GetCallerIdentity": lambda desk, taken: identity}}, keys=KEYS) as (port, reports):
        early, late = (client(port, KEYS) for _ in range(2))
        early.get_caller_identity()
        with ExitStack() as stack:
            for _ in range(20):
                line = stack.enter_context(connected(port))
                with suppress(ConnectionError):
                    line.sendall(said)
            for _ in range(2):
                assert late.get_caller_identity()["Account"] == early.get_caller_identity()["Account"]
        assert reports == []


def test_who_does_not_sign_is_refused_before_he_has_said_all():
    head = b"POST /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with answering({}, keys=KEYS) as (port, _), connected(port) as line:
        line.sendall(head)
        assert b"Missing Authentication Token" in heard(line)


def test_many_at_once_are_all_answered(port):
    answers = []

    def ask():
        answers.extend(status(spoken(port, GOOD)) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(WAIT)
    assert answers == [200] * 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ((b"Host: evil.example",), 403),
        ((b"Host: evil.example:8642",), 403),
        ((b"Host: localhost.evil.example",), 403),
        ((b"Host:",), 403),
        ((b"Host: localhost", b"Origin: http://localhost"), 403),
        ((b"Host: localhost", b"Origin: null"), 403),
        ((b"Host: localhost", b"Sec-Fetch-Site: cross-site"), 403),
        ((b"Host: 127.0.0.1:1",), 200),
        ((b"Host: [::1]:1",), 200),
        ((b"Host: LocalHost",), 200),
    ],
)
def test_pages_in_a_browser_and_names_that_are_not_ours_are_refused(port, headers, code):
    head = b"\r\n".join((b"POST /v1/listjobs HTTP/1.1", *headers, b"Content-Length: 2", b"", b"{}"))
    assert status(spoken(port, head)) == code


@pytest.mark.parametrize("method", [b"OPTIONS", b"PUT", b"TRACE", b"PATCH", b"CONNECT"])
def test_other_methods_are_refused(port, method):
    head = b"%s /v1/listjobs HTTP/1.1\r\nHost: localhost\r\n\r\n" % method
    assert status(spoken(port, head)) in {400, 404, 405}
    assert is_alive(port)


def test_a_websocket_is_not_opened(port):
    head = b"GET /v1/listjobs HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    assert status(spoken(port, head)) == 405
