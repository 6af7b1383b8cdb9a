"""Moto's server as a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

WAIT_SECONDS = 60

ONE_AT_A_TIME = """
import sys, threading
from moto import server

run, lock = server.run_simple, threading.Lock()

def run_locked(host, port, app, **options):
    def locked(environ, start_response):
        with lock:
            return list(app(environ, start_response))
    run(host, port, locked, **options)

server.run_simple = run_locked
server.main(sys.argv[1:])
"""
"""S3 looks whether an object is there and writes it in one step; Moto in two, between which another thread of it may write."""


@contextmanager
def moto_server():
    """Start a server; yield its endpoint; end it by its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", ONE_AT_A_TIME, "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(endpoint, server)
        yield endpoint
    finally:
        server.terminate()
        server.wait(WAIT_SECONDS)


def _wait_until_up(endpoint: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            urllib.request.urlopen(endpoint, timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            assert server.poll() is None, "the S3 server ended as it started"
            assert time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.05)  # polling with a deadline: there is no event to wait on
        else:
            return
