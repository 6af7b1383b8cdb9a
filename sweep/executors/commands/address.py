"""Unix sockets in folders with long names.

The kernel takes 107 bytes of path. A folder is therefore opened, and the socket named through the descriptor.
"""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["connect", "listen"]


def listen(path: Path) -> socket.socket:
    """Return a socket that listens at `path`, for this user alone."""
    server = socket.socket(socket.AF_UNIX)
    os.fchmod(server.fileno(), 0o700)  # what bind(2) makes has these rights, less what the umask takes
    with _short(path) as short:
        server.bind(short)
    server.listen()
    return server


def connect(path: Path) -> socket.socket:
    """Return a connection to whoever listens at `path`.

    Raises
    ------
    OSError
        If nobody does.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        with _short(path) as short:
            connection.connect(short)
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def _short(path: Path) -> Generator[str]:
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
