"""The canonical form of a request, which is what is signed.

After "Create a signed AWS API request" in the IAM User Guide, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv4-create-signed-request.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from sweep.serve.wire.messages import Asked

__all__ = ["canonical_request", "signed_value"]

UNRESERVED = "-_.~"


def canonical_request(asked: Asked, signed_headers: list[str], payload_hash: str) -> bytes:
    """Write a request in its canonical form.

    Parameters
    ----------
    signed_headers
        Names in lower case; their order does not matter.
    payload_hash
        Of the body, SHA-256 in hexadecimals, or what stands for it.
    """
    names = sorted(signed_headers)
    parts = (
        asked.method,
        _path(asked.path),
        _query(asked.query),
        *(f"{name}:{signed_value(asked, name)}" for name in names),
        "",
        ";".join(names),
        payload_hash,
    )
    return "\n".join(parts).encode("latin-1")


def signed_value(asked: Asked, name: str) -> str:
    """Return what a header says: its values with commas between, and one space for many."""
    return ",".join(" ".join(value.split()) for each, value in asked.headers if each == name)


def _path(path: str) -> str:
    """Encode a path once more than it is sent; S3 alone does not do so."""
    kept: list[str] = []
    for each in path.split("/"):
        if each == "..":
            kept = kept[:-1]
        elif each not in {"", "."}:
            kept.append(each)
    ends_open = path.endswith("/") and kept
    return quote(f"/{'/'.join(kept)}{'/' if ends_open else ''}", safe=f"/{UNRESERVED}")


def _query(query: str) -> str:
    pairs = (each.partition("=") for each in query.split("&") if each)
    return "&".join(
        f"{name}={value}" for name, value in sorted((_encoded(name), _encoded(value)) for name, _, value in pairs)
    )


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=UNRESERVED)
