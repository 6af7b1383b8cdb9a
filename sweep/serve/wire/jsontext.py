"""JSON as RFC 8259 has it, and nothing that Python's reader takes beside: no NaN, no name twice, UTF-8 only."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from sweep.serve.wire.words import UnreadableError

__all__ = ["read_object", "written"]


def read_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be an object; an empty one counts as ``{}``.

    Raises
    ------
    UnreadableError
        If it is none.
    """
    try:
        value = json.loads(body.decode() or "{}", parse_constant=_refuse, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"The body is not UTF-8: byte {error.start} of it") from None
    except json.JSONDecodeError as error:
        raise UnreadableError(f"The body is not JSON: {error}") from None
    except RecursionError:
        raise UnreadableError("The body is nested too deeply") from None
    except ValueError:  # a number of thousands of digits
        raise UnreadableError("The body holds a number that is too long") from None
    if type(value) is not dict:
        raise UnreadableError("The body is JSON, but no object")
    return value


def _refuse(constant: str) -> Any:
    raise UnreadableError(f"The body is not JSON: {constant} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise UnreadableError(f"The body holds '{twice[:100]}' twice in one object")
    return value


def written(value: Any) -> bytes:
    """Write a value, in as few bytes as may be."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
