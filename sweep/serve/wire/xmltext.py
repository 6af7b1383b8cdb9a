"""Answers of the query protocol."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["escaped", "written"]

_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def written(name: str, value: Any, shape: Any) -> str:
    """Write a value that was rendered after a shape as an element.

    >>> from botocore.model import Shape
    >>> written("Arn", "a<b", Shape("Text", {"type": "string"}))
    '<Arn>a&lt;b</Arn>'
    """
    return f"<{name}>{_inside(value, shape)}</{name}>"


def _inside(value: Any, shape: Any) -> str:
    match shape.type_name:
        case "structure":
            return "".join(written(name, value[name], each) for name, each in shape.members.items() if name in value)
        case "list":
            return "".join(written("member", each, shape.member) for each in value)
        case "map":
            entries = (
                written("key", key, shape.key) + written("value", each, shape.value) for key, each in value.items()
            )
            return "".join(f"<entry>{each}</entry>" for each in entries)
        case "boolean":
            return "true" if value else "false"
        case _:
            return escaped(str(value))


def escaped(text: str) -> str:
    """Write a text that may stand in an element; what XML cannot hold is replaced.

    >>> escaped("a<b" + chr(0))
    'a&lt;b\ufffd'
    """
    return escape(_NO_CHARACTER.sub("\ufffd", text), {"\r": "&#13;"})
