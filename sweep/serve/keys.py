"""The key pair that requests are signed with: made at the first start, kept in the engine's folder."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KeyPair", "key_pair"]

FILE = "keys.json"
PREFIX = "SWEEP"
"""So that nobody takes it for a key of AWS's, which begin with AKIA or ASIA."""


@dataclass(frozen=True)
class KeyPair:
    """An access key id, which is no secret, and the secret that goes with it."""

    access: str
    secret: str = field(repr=False)


def key_pair(folder: Path) -> KeyPair:
    """Return the key pair of an engine's folder, made if there is none.

    Raises
    ------
    UsageError
        If the file is not a pair, or others than its owner may read it.
    """
    path = folder / FILE
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read or written: {error.strerror}") from None


def _make(path: Path) -> None:
    """Write a new pair: whole, or not at all, and readable for nobody else at any time."""
    made = {
        "accessKeyId": PREFIX + base64.b32encode(secrets.token_bytes(10)).decode()[:15],
        "secretAccessKey": secrets.token_urlsafe(30),
    }
    half = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _read(path: Path) -> KeyPair:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor) as file:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & 0o077:
            raise UsageError(
                f"{path} has mode {mode:04o}, so others may read it: make it 0600, or remove it for a new one"
            )
        text = file.read()
    try:
        told = json.loads(text)
        access, secret = told["accessKeyId"], told["secretAccessKey"]
    except (ValueError, LookupError, TypeError):
        access = secret = None
    if not (isinstance(access, str) and isinstance(secret, str) and access and secret):
        raise UsageError(f"{path} does not hold an accessKeyId and a secretAccessKey: remove it for a new one")
    return KeyPair(access, secret)
