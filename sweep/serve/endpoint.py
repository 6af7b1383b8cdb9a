"""The dispatcher as an ASGI application."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sweep.serve.connection import PROMISING, TRUSTED
from sweep.serve.refusal import RefusedError
from sweep.serve.wire.messages import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sweep.serve.dispatch import Dispatcher
    from sweep.serve.guard import Guard

__all__ = ["Endpoint"]

LARGEST_BODY = 1 << 20
"""Bytes; the largest that AWS Batch takes, a job definition, has 24 KiB."""


class Endpoint:
    """Takes requests as a server has them; operations run on threads, for they may wait for the engine."""

    def __init__(self, dispatcher: Dispatcher, guard: Guard) -> None:
        self._dispatcher = dispatcher
        self._guard = guard

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        head = _head(scope)
        try:
            self._guard(head)
            self._dispatcher.glance(head)
            scope[PROMISING] = True
            asked = replace(head, body=await _body(head, Request(scope, receive)))
        except ClientDisconnect:
            return
        except RefusedError as refused:
            answer = self._dispatcher.refuse(refused, head)
        else:
            answer = await run_in_threadpool(self._dispatcher.answer, asked)
        scope[TRUSTED] = answer.is_trusted
        await _response(answer)(scope, receive, send)


def _head(scope: dict[str, Any]) -> Asked:
    """Return a request without its body."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Asked(scope["method"], path, query, headers, encrypted=scope["scheme"] == "https")


async def _body(head: Asked, request: Request) -> bytes:
    """Read the body of a request, and no more of it than may be."""
    if (length := head.header("content-length")) is not None and int(length) > LARGEST_BODY:
        raise _too_large()
    body = bytearray()
    async for each in request.stream():
        body += each
        if len(body) > LARGEST_BODY:
            raise _too_large()
    return bytes(body)


def _too_large() -> RefusedError:
    return RefusedError(f"The body has more than {LARGEST_BODY:,} bytes", "RequestEntityTooLargeException", 413)


def _response(answer: Answer) -> Response:
    headers = {**answer.headers, "Content-Type": answer.content_type}
    return Response(answer.body, answer.status, headers)
