"""Who may not ask at all: pages in a browser, whatever name they have given this machine (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from itertools import chain
from typing import TYPE_CHECKING

from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from sweep.serve.wire.messages import Asked

__all__ = ["LARGEST_HEAD", "Guard"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
BROWSERS = ("origin", "sec-fetch-site", "sec-fetch-mode")
"""Headers that browsers send and no page can take away; no client of AWS's has a use for them."""
ONCE = frozenset({"host", "authorization", "content-type", "x-amz-target", "x-amz-date", "x-amz-content-sha256"})
"""Headers that, if they came twice, two readers might take for different ones."""
MOST_HEADERS = 100
LARGEST_HEAD = 32 << 10
"""Bytes of the first line and the headers."""


class Guard:
    """Looks at the headers of a request.

    Parameters
    ----------
    names
        By which the machine may be called, beside those for itself.
    by_number
        Whether it may be called by any address in figures: nobody can give those to another machine.
    """

    def __init__(self, names: frozenset[str] = frozenset(), *, by_number: bool = False) -> None:
        self._names = LOOPBACK | {each.lower() for each in names}
        self._by_number = by_number

    def __call__(self, asked: Asked) -> None:
        """Look at a request, of which the body need not be there yet.

        Raises
        ------
        RefusedError
            If it must not be answered.
        """
        if len(asked.headers) > MOST_HEADERS:
            raise RefusedError(f"There are more than {MOST_HEADERS} headers", "RequestHeaderTooLargeException", 431)
        if len(asked.path) + len(asked.query) + sum(map(len, chain(*asked.headers))) > LARGEST_HEAD:
            told = f"The request line and the headers have more than {LARGEST_HEAD:,} bytes"
            raise RefusedError(told, "RequestHeaderTooLargeException", 431)
        for name in BROWSERS:
            if asked.header(name) is not None:
                raise _denied(f"Requests with the header '{name}' come from a browser, and are not answered here")
        names = [name for name, _ in asked.headers if name in ONCE]
        for name in ONCE:
            if names.count(name) > 1:
                raise RefusedError(f"The header '{name}' comes twice", "SerializationException")
        if asked.header("content-length") is not None and asked.header("transfer-encoding") is not None:
            raise RefusedError("There are both a Content-Length and a Transfer-Encoding", "SerializationException")
        host = asked.header("host") or ""
        if not self._is_ours(_name(host)):
            raise _denied(f"The header 'Host: {host[:100]}' does not name this endpoint")

    def _is_ours(self, name: str) -> bool:
        return name in self._names or (self._by_number and _is_address(name))


def _denied(message: str) -> RefusedError:
    return RefusedError(message, "AccessDeniedException", 403)


def _name(host: str) -> str:
    """Return a host without its port.

    >>> _name("[::1]:8080"), _name("localhost:8080"), _name("LOCALHOST.")
    ('::1', 'localhost', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
