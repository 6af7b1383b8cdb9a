"""Long lists in pages.

A token says which entry the last page ended with, so that what is added or removed meanwhile shifts nothing; and of which request it is the
continuation. A digest over both tells one that a client has altered. It keeps nobody out, and need not: it holds no secret.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

from sweep.errors import brief
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["invalid_token", "page", "read_token", "token_for"]

T = TypeVar("T")

_PAGING = ("nextToken", "maxResults", "limit")
_DIGEST = 12
"""Bytes."""


def page(
    request: Mapping[str, Any],
    entries: Iterable[T],
    key: Callable[[T], Any],
    most: int,
    code: str = "ClientException",
    *,
    descending: bool = False,
) -> tuple[list[T], dict[str, str]]:
    """Return a page of some entries, and ``nextToken`` where there are more.

    Parameters
    ----------
    request
        What was asked; ``maxResults`` above `most` counts as `most`.
    entries
        All of them, by ascending `key`.
    key
        Numbers, strings and lists of these; of no two entries the same.
    code
        AWS's name for the error that a token is invalid.
    descending
        Whether the keys descend.
    """
    size = request.get("maxResults")
    if size is not None and size < 1:
        raise RefusedError(f"maxResults must be at least 1, got {size}")
    after = read_token(request, code)
    found: list[T] = []
    for each in entries:
        if after is not None and not _is_beyond(key(each), after, request, code, descending=descending):
            continue
        if len(found) == min(size or most, most):
            return found, {"nextToken": token_for(request, key(found[-1]))}
        found.append(each)
    return found, {}


def _is_beyond(key: Any, after: Any, request: Mapping[str, Any], code: str, *, descending: bool) -> bool:
    """Whether an entry comes after the last one that was told: a token that somebody has made up may name no entry at all."""
    try:
        return key < after if descending else key > after
    except TypeError:
        raise invalid_token(request, code) from None


def token_for(request: Mapping[str, Any], after: Any) -> str:
    """Return the token of a request's next page, which begins after an entry's key."""
    body = json.dumps(after, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(request, body) + body).decode()


def read_token(request: Mapping[str, Any], code: str = "ClientException") -> Any:
    """Return the key after which a request's page begins; None for the first page.

    Raises
    ------
    RefusedError
        If the token was not given for this request.
    """
    token = request.get("nextToken")
    if not token:
        return None
    try:
        told = base64.urlsafe_b64decode(token.encode())
    except ValueError:
        told = b""
    digest, body = told[:_DIGEST], told[_DIGEST:]
    whole = base64.urlsafe_b64encode(told).decode() == token
    if not whole or not body or digest != _digest(request, body):
        raise invalid_token(request, code)
    try:
        after = json.loads(body)
    except (ValueError, RecursionError):
        after = None
    if after is None:
        raise invalid_token(request, code)
    return after


def invalid_token(request: Mapping[str, Any], code: str = "ClientException") -> RefusedError:
    """Return the refusal of a request's token."""
    return RefusedError(f"Invalid nextToken: {brief(request['nextToken'])} was not given for this request", code)


def _digest(request: Mapping[str, Any], body: bytes) -> bytes:
    asked = json.dumps({name: value for name, value in request.items() if name not in _PAGING}, sort_keys=True)
    return hashlib.blake2b(asked.encode() + b"\0" + body, digest_size=_DIGEST).digest()
