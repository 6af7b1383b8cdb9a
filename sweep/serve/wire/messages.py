"""A request and an answer, as they are on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Answer", "Asked"]


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes
    ----------
    method
        In capitals.
    path
        As sent, still percent-encoded, without the query.
    query
        As sent, without the question mark.
    headers
        Names in lower case; in the order sent, and one may come more than once.
    body
        Whole.
    encrypted
        Whether it came over TLS.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    encrypted: bool = False

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next((value for each, value in self.headers if each == name), None)


@dataclass(frozen=True)
class Answer:
    """An answer; ``Content-Length`` and the request's id are added as it is sent.

    Attributes
    ----------
    is_trusted
        Whether it is for somebody who has signed, or need not sign.
    """

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)
    is_trusted: bool = False
