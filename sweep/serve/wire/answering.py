"""Answers of the three protocols, with results and with errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.serve.wire import jsontext, xmltext
from sweep.serve.wire.messages import Answer
from sweep.serve.wire.model import service

if TYPE_CHECKING:
    from sweep.serve.wire.model import Operation

__all__ = ["client_error", "error", "result"]

CLIENT_ERRORS = {"batch": "ClientException", "logs": "InvalidParameterException", "sts": "ValidationError"}
"""What each service calls a request that it cannot carry out."""
SERVER_ERRORS = {"batch": "ServerException", "logs": "ServiceUnavailableException", "sts": "InternalFailure"}

_QUERY_CODES = {
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "IncompleteSignature",
    "AccessDeniedException": "AccessDenied",
    "UnknownOperationException": "InvalidAction",
    "SerializationException": "MalformedInput",
}
"""The protocol is older than the other two, and has names of its own."""

_JSON = {"rest-json": "application/json", "json": "application/x-amz-json-1.1"}
_XML = "text/xml"


def client_error(service_name: str) -> str:
    """Return the code of a client's mistake."""
    return CLIENT_ERRORS[service_name]


def result(operation: Operation, given: dict[str, Any], request_id: str) -> Answer:
    """Write what an operation has given.

    Raises
    ------
    RenderingError
        If it does not fit the output shape.
    """
    written = operation.write(given, None)
    protocol = operation.service.protocol
    if protocol == "query":
        return Answer(200, _xml_result(operation, written, request_id), _XML)
    return Answer(200, b"" if written is None else jsontext.written(written), _JSON[protocol])


def _xml_result(operation: Operation, written: Any, request_id: str) -> bytes:
    name, shape = operation.name, operation.model.output_shape
    inside = (
        ""
        if shape is None
        else xmltext.written(shape.serialization.get("resultWrapper", f"{name}Result"), written, shape)
    )
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    space = operation.service.model.metadata["xmlNamespace"]
    return f'<{name}Response xmlns="{space}">{inside}{metadata}</{name}Response>'.encode()


def error(service_name: str, code: str, message: str, status: int, request_id: str) -> Answer:
    """Write an error, as the service in question has it.

    Parameters
    ----------
    code
        In the spelling of the JSON protocols.
    """
    asked = service(service_name)
    code = _own_code(service_name, code)
    if asked.protocol == "query":
        code = _QUERY_CODES.get(code, code)
        body = _xml_error(asked.model.metadata["xmlNamespace"], code, message, status, request_id).encode()
        return Answer(status, body, _XML, {"x-amzn-ErrorType": code})
    told = {"message": message} if asked.protocol == "rest-json" else {"__type": code, "message": message}
    return Answer(status, jsontext.written(told), _JSON[asked.protocol], {"x-amzn-ErrorType": code})


def _own_code(service_name: str, code: str) -> str:
    if code == CLIENT_ERRORS["batch"]:
        return CLIENT_ERRORS[service_name]
    return SERVER_ERRORS[service_name] if code == SERVER_ERRORS["batch"] else code


def _xml_error(space: str, code: str, message: str, status: int, request_id: str) -> str:
    side = "Sender" if status < 500 else "Receiver"
    inside = f"<Type>{side}</Type><Code>{xmltext.escaped(code)}</Code><Message>{xmltext.escaped(message)}</Message>"
    return f'<ErrorResponse xmlns="{space}"><Error>{inside}</Error><RequestId>{request_id}</RequestId></ErrorResponse>'
