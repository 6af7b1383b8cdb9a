"""The socket under HTTP."""

from __future__ import annotations

import socket

import pytest

from sweep.errors import UsageError
from sweep.serve.guard import Guard
from sweep.serve.web import Web, listening_socket


def test_answers_are_not_held_back_for_an_acknowledgement():
    with listening_socket("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP  # by which asyncio knows that TCP_NODELAY can be set


def test_a_port_that_is_taken_is_named():
    with listening_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}: it is in use"), listening_socket("127.0.0.1", port):
            pass


def test_an_address_that_is_not_ours_is_refused():
    with pytest.raises(UsageError, match=r"cannot listen at 192\.0\.2\.1, port 0"), listening_socket("192.0.2.1", 0):
        pass


def test_what_goes_wrong_as_it_begins_is_raised_when_it_is_stopped(tmp_path):
    ended = []
    with listening_socket("127.0.0.1", 0) as listening:
        web = Web(
            Guard(), listening, tmp_path / "no-certificate", tmp_path / "no-key", ended=lambda: ended.append(True)
        )
        web.start()
        with pytest.raises(OSError, match="No such file"):
            web.stop()
    assert ended == [True]
