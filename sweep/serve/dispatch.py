"""From a request to its answer: who asks, for what, and what an operation says to it."""

from __future__ import annotations

import traceback
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import JobError
from sweep.serve.refusal import RefusedError
from sweep.serve.wire.answering import error, result
from sweep.serve.wire.parsing import InvalidError, parsed
from sweep.serve.wire.routing import Lost, addressed, route
from sweep.serve.wire.unavailable import why_unavailable
from sweep.serve.wire.words import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.serve.desk import Desk
    from sweep.serve.wire.messages import Answer, Asked
    from sweep.serve.wire.routing import Route

    Operations = Mapping[str, Mapping[str, Callable[[Desk, dict[str, Any]], dict[str, Any]]]]

__all__ = ["Dispatcher"]


class Dispatcher:
    """Answers requests, one at a time or on many threads at once.

    Parameters
    ----------
    verify
        Looks at who has signed a request for a service, before anything else is, and raises `RefusedError`; without it anybody may ask for
        anything.
    glance
        Looks who says to have signed a request of which only the head is there yet, and raises `RefusedError`.
    report
        Takes the text of what has gone wrong with ourselves; without it such errors are raised, which is for tests.
    """

    def __init__(
        self,
        desk: Desk,
        operations: Operations,
        *,
        verify: Callable[[Asked, str], None] | None = None,
        glance: Callable[[Asked], None] | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self._desk = desk
        self._operations = operations
        self._verify = verify
        self._glance = glance
        self._report = report

    def answer(self, asked: Asked) -> Answer:
        """Answer a request; whatever happens."""
        service, request_id, is_trusted = addressed(asked), str(uuid.uuid4()), False
        try:
            if self._verify is not None:
                self._verify(asked, service)
            is_trusted = True
            answer = self._answer(asked, request_id)
        except RefusedError as refused:
            answer = error(service, refused.code, refused.message, refused.status, request_id)
        except Exception:
            if self._report is None:
                raise
            self._report(f"request {request_id}, {service} {asked.path[:100]}: {traceback.format_exc()}")
            told = (
                f"The request could not be carried out, for a reason that is in the engine's log: request {request_id}"
            )
            answer = error(service, "ServerException", told, 500, request_id)
        return replace(_named(answer, request_id), is_trusted=is_trusted)

    def glance(self, head: Asked) -> None:
        """Look at the head of a request, of which the body is not there yet.

        Raises
        ------
        RefusedError
            If nothing more of it need be read.
        """
        if self._glance is not None:
            self._glance(head)

    def refuse(self, refused: RefusedError, asked: Asked) -> Answer:
        """Answer a request that is not looked at any further."""
        request_id = str(uuid.uuid4())
        return _named(error(addressed(asked), refused.code, refused.message, refused.status, request_id), request_id)

    def _answer(self, asked: Asked, request_id: str) -> Answer:
        found = _routed(asked)
        if isinstance(found, Lost):
            return _nowhere(found, request_id)
        given = self._carried_out(asked, found)
        return result(found.operation, given, request_id)

    def _carried_out(self, asked: Asked, found: Route) -> dict[str, Any]:
        operation = found.operation
        function = self._operations.get(operation.service.name, {}).get(operation.name)
        if function is None:
            raise RefusedError(f"{operation.name} is not available here: {why_unavailable(operation.name)}")
        try:
            return function(self._desk, parsed(asked, found))
        except (InvalidError, JobError) as invalid:
            raise RefusedError(str(invalid)) from None
        except UnreadableError as unreadable:
            raise RefusedError(str(unreadable), "SerializationException") from None


def _routed(asked: Asked) -> Route | Lost:
    try:
        return route(asked)
    except UnreadableError as unreadable:
        raise RefusedError(str(unreadable), "SerializationException") from None


def _nowhere(lost: Lost, request_id: str) -> Answer:
    if not lost.methods:
        return error(lost.service, "UnknownOperationException", lost.reason, 404, request_id)
    answer = error(lost.service, "UnknownOperationException", lost.reason, 405, request_id)
    return replace(answer, headers={**answer.headers, "Allow": ", ".join(lost.methods)})


def _named(answer: Answer, request_id: str) -> Answer:
    return replace(answer, headers={**answer.headers, "x-amzn-RequestId": request_id})
