"""Whether a request is signed with our key pair: AWS's Signature Version 4, in the ``Authorization`` header.

After the same source as `sweep.serve.canonical`. Errors have the names and, where they are known, the words of AWS.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from sweep.errors import brief
from sweep.serve.canonical import canonical_request, signed_value
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.serve.keys import KeyPair
    from sweep.serve.wire.messages import Asked

__all__ = ["Verifier"]

ALGORITHM = "AWS4-HMAC-SHA256"
END_OF_SCOPE = "aws4_request"
TIME = "%Y%m%dT%H%M%SZ"
SKEW = timedelta(minutes=15)

UNSIGNED = "UNSIGNED-PAYLOAD"
"""Stands for the hash of the body; clients say so only where TLS guards it, and it is taken only there."""

MAY_BE_UNSIGNED = frozenset({"x-amz-user-agent"})
"""Headers of AWS's that change nothing."""

GLOBAL_REGION = "us-east-1"
"""Old clients sign requests to STS for this one, wherever they are."""

_FIELDS = re.compile(rf"{ALGORITHM}\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([^,\s]+)\s*")


@dataclass(frozen=True)
class _Claim:
    """What an ``Authorization`` header says."""

    access: str
    day: str
    region: str
    service: str
    signed_headers: list[str]
    signature: str

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/{END_OF_SCOPE}"


class Verifier:
    """Looks whether requests are signed.

    Parameters
    ----------
    keys
        What they must be signed with.
    region
        What they must be signed for.
    clock
        Seconds since 1970.
    """

    def __init__(self, keys: KeyPair, region: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._region = region
        self._clock = clock

    def glance(self, head: Asked) -> None:
        """Look who says to have signed a request; the body need not be there yet.

        Raises
        ------
        RefusedError
            If it is not signed, or by somebody else; the status is 403.
        """
        self._claim(head)

    def __call__(self, asked: Asked, service: str) -> None:
        """Look at a request to a service.

        Raises
        ------
        RefusedError
            If it is not signed, or not as it should be; the status is 403.
        """
        claim = self._claim(asked)
        self._check_scope(claim, service)
        _check_headers(asked, claim)
        date = _date(asked, claim)
        self._check_date(date)
        wanted = _signature(
            self._keys.secret, claim, date, canonical_request(asked, claim.signed_headers, _payload_hash(asked))
        )
        if not hmac.compare_digest(wanted.encode(), claim.signature.encode("latin-1")):
            raise _wrong(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and"
                " signing method. Consult the service documentation for details."
            )

    def _claim(self, asked: Asked) -> _Claim:
        """Read what is said to be signed with our key pair."""
        claim = _claim(asked)
        if not hmac.compare_digest(claim.access.encode("latin-1"), self._keys.access.encode()):
            raise RefusedError(
                "The security token included in the request is invalid.", "UnrecognizedClientException", 403
            )
        return claim

    def _check_scope(self, claim: _Claim, service: str) -> None:
        if claim.service != service:
            raise _wrong(f"Credential should be scoped to correct service: '{service}', not '{brief(claim.service)}'.")
        regions = {self._region, GLOBAL_REGION} if service == "sts" else {self._region}
        if claim.region not in regions:
            raise _wrong(
                f"Credential should be scoped to a valid region: '{self._region}', not '{brief(claim.region)}'."
            )

    def _check_date(self, date: datetime) -> None:
        now = datetime.fromtimestamp(self._clock(), UTC)
        if date < now - SKEW:
            raise _wrong(
                f"Signature expired: {date:{TIME}} is now earlier than {now - SKEW:{TIME}} ({now:{TIME}} - 15 min.)"
            )
        if date > now + SKEW:
            raise _wrong(
                f"Signature not yet current: {date:{TIME}} is still later than {now + SKEW:{TIME}} ({now:{TIME}} + 15 min.)"
            )


def _wrong(message: str) -> RefusedError:
    return RefusedError(message, "InvalidSignatureException", 403)


def _incomplete(message: str) -> RefusedError:
    return RefusedError(message, "IncompleteSignatureException", 403)


def _claim(asked: Asked) -> _Claim:
    """Read who says to have signed what."""
    given = [value for name, value in asked.headers if name == "authorization"]
    if not given and "x-amz-signature=" in asked.query.lower():
        raise _incomplete("A signature in the query is not taken here: sign in the Authorization header.")
    if not given:
        raise RefusedError("Missing Authentication Token", "MissingAuthenticationTokenException", 403)
    fields = _FIELDS.fullmatch(given[0]) if len(given) == 1 else None
    if fields is None:
        raise _incomplete(
            f"Authorization header must be one, and read: {ALGORITHM} Credential=..., SignedHeaders=..., Signature=..."
        )
    credential, headers, signature = fields.groups()
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != END_OF_SCOPE:
        raise _incomplete(f"Credential must be KEY/DATE/REGION/SERVICE/{END_OF_SCOPE}.")
    access, day, region, service, _ = parts
    return _Claim(access, day, region, service, headers.split(";"), signature)


def _check_headers(asked: Asked, claim: _Claim) -> None:
    """See to it that all headers that matter are signed, and none is named twice."""
    signed = set(claim.signed_headers)
    if len(signed) < len(claim.signed_headers):
        raise _incomplete("SignedHeaders names a header twice.")
    there = {name for name, _ in asked.headers}
    needed = {"host"} | {name for name in there if name.startswith("x-amz-")} - MAY_BE_UNSIGNED
    for name in sorted(needed - signed):
        raise _wrong(f"'{brief(name)}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in sorted(signed - there):
        raise _wrong(f"'{brief(name)}' is a 'SignedHeader' in the AWS Authorization, and is not in the request.")


def _date(asked: Asked, claim: _Claim) -> datetime:
    """Return when a request says it was signed."""
    name = "x-amz-date" if asked.header("x-amz-date") is not None else "date"
    if name not in claim.signed_headers:
        raise _incomplete(
            "Authorization header requires existence of either a signed 'X-Amz-Date' or a signed 'Date' header."
        )
    date = _parsed_date(signed_value(asked, name))
    if f"{date:%Y%m%d}" != claim.day:
        raise _wrong(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{brief(claim.day)}' != '{date:%Y%m%d}'."
        )
    return date


def _parsed_date(text: str) -> datetime:
    """Read a time in ISO 8601's basic form, or as HTTP has it."""
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _incomplete(f"Date must be in ISO-8601 'basic format'. Got '{brief(text)}'.") from None


def _payload_hash(asked: Asked) -> str:
    """Return the hash that was signed, once it is known to be the body's."""
    own = hashlib.sha256(asked.body).hexdigest()
    given = asked.header("x-amz-content-sha256")
    if given is None:
        return own
    if given == UNSIGNED and asked.encrypted:
        return UNSIGNED
    if given == UNSIGNED or given.startswith("STREAMING-"):
        raise _wrong(f"x-amz-content-sha256: {brief(given)} is not taken here: sign the body.")
    if not hmac.compare_digest(given.encode("latin-1"), own.encode()):
        raise _wrong("The provided 'x-amz-content-sha256' header does not match what was computed.")
    return own


def _signature(secret: str, claim: _Claim, date: datetime, request: bytes) -> str:
    """Sign a request anew."""
    digest = hashlib.sha256(request).hexdigest()
    text = f"{ALGORITHM}\n{date:{TIME}}\n{claim.scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in claim.scope.split("/"):
        key = _mac(key, part)
    return _mac(key, text).hex()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("latin-1"), hashlib.sha256).digest()
