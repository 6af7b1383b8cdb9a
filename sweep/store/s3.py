"""A store in a bucket of any S3-compatible service, reached through boto3."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sweep.errors import ObjectExistsError, ObjectNotFoundError, StoreError
from sweep.s3client import new_client
from sweep.store.base import Entry, checked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

__all__ = ["S3Store"]

DELETED_AT_ONCE = 1000
CONFLICT_TRIES = 5
READ_TRIES = 5

WRITER = "sweep-writer"
"""Metadata of created objects: who wrote it, so that a request sent twice is not taken for somebody else's."""


class S3Store:
    """Objects under a prefix of a bucket.

    Endpoint, region and credentials come from the standard AWS environment variables and profiles. An object is written by one PUT, or by a
    multipart upload that appears when it is completed. `create` sends ``If-None-Match: *``; where the service knows no conditional
    writes it looks first, so two writers at once may then both win.

    Parameters
    ----------
    bucket
        The bucket's name.
    prefix
        Without slashes at its ends; may be empty.
    """

    def __init__(self, bucket: str, prefix: str) -> None:
        self.url = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._lock = threading.Lock()
        self._made: Any = None

    def __reduce__(self) -> tuple[type[S3Store], tuple[str, str]]:
        return (S3Store, (self._bucket, self._prefix.rstrip("/")))

    @property
    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = new_client()
            return self._made

    def get(self, key: str) -> bytes:
        """Read an object; see `sweep.store.base.Store.get`."""
        with self._errors("read"):
            return self._read(key)

    def _read(self, key: str) -> bytes:
        """Read an object; the client's own retries end where the body begins, so a body cut short is asked for again here."""
        from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

        for attempt in range(READ_TRIES):
            try:
                return self._client.get_object(**self._at(key))["Body"].read()
            except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                if attempt == READ_TRIES - 1:
                    raise
        raise AssertionError

    def create(self, key: str, data: bytes) -> None:
        """Write an object once; see `sweep.store.base.Store.create`."""
        with self._errors("write to"):
            writer = uuid.uuid4().hex
            try:
                self._put_once(key, data, writer)
            except ObjectExistsError:
                if self._writer_of(key) != writer:
                    raise

    def _writer_of(self, key: str) -> str | None:
        """Return who created an object: an answer may be lost on its way and the request sent again, to meet what it wrote itself."""
        return self._client.head_object(**self._at(key)).get("Metadata", {}).get(WRITER)

    def _put_once(self, key: str, data: bytes, writer: str) -> None:
        from botocore.exceptions import ClientError

        for attempt in range(CONFLICT_TRIES):
            try:
                self._client.put_object(**self._at(key), Body=data, IfNoneMatch="*", Metadata={WRITER: writer})
            except ClientError as error:
                code = _code(error)
                if code in {"PreconditionFailed", "412"}:
                    raise ObjectExistsError(f"{self.url} already has {key}") from None
                if code in {"NotImplemented", "501"}:
                    self._put_if_absent(key, data)
                elif code not in {"ConditionalRequestConflict", "409"} or attempt == CONFLICT_TRIES - 1:
                    raise
                else:
                    continue
            return

    def _put_if_absent(self, key: str, data: bytes) -> None:
        if any(entry.key == key for entry in self.list(key)):
            raise ObjectExistsError(f"{self.url} already has {key}")
        self._client.put_object(**self._at(key), Body=data)

    def replace(self, key: str, data: bytes) -> None:
        """Write an object."""
        with self._errors("write to"):
            self._client.put_object(**self._at(key), Body=data)

    def replace_file(self, key: str, path: Path) -> None:
        """Write the contents of a file, in parts if it is large."""
        with self._errors("write to"):
            self._client.upload_file(str(path), self._bucket, self._prefix + checked(key))

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects whose keys begin with `prefix`, by key."""
        with self._errors("read"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [each for page in pages for each in page.get("Contents", ())]
        yield from sorted(Entry(each["Key"].removeprefix(self._prefix), each["Size"]) for each in found)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        names = [{"Key": self._prefix + checked(key)} for key in keys]
        with self._errors("write to"):
            for start in range(0, len(names), DELETED_AT_ONCE):
                some = {"Objects": names[start : start + DELETED_AT_ONCE], "Quiet": True}
                answer = self._client.delete_objects(Bucket=self._bucket, Delete=some)
                self._check_deleted(answer.get("Errors", []))

    def _check_deleted(self, errors: list[dict[str, str]]) -> None:
        if errors:
            first = errors[0]
            raise StoreError(
                f"cannot delete {len(errors):,} objects of {self.url}: "
                f"{first.get('Key')}: {first.get('Code')}: {first.get('Message')}"
            )

    def check_writable(self) -> None:
        """Write an empty object and delete it; see `sweep.store.base.Store.check_writable`."""
        import secrets

        key = f".sweep-{secrets.token_hex(8)}"
        self.replace(key, b"")
        self.delete([key])

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked(key)}

    @contextmanager
    def _errors(self, doing: str) -> Generator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError, Boto3Error) as error:
            raise self._explained(doing, error) from None

    def _explained(self, doing: str, error: Exception) -> StoreError:
        from botocore.exceptions import (
            ClientError,
            EndpointConnectionError,
            NoCredentialsError,
            PartialCredentialsError,
        )

        code = _code(error) if isinstance(error, ClientError) else ""
        if code in {"NoSuchKey", "404"}:
            return ObjectNotFoundError(f"{self.url} has no such object: {error}")
        if code == "NoSuchBucket" or "NoSuchBucket" in str(error):
            return StoreError(f"cannot {doing} {self.url}: there is no bucket {self._bucket!r}")
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return StoreError(
                f"cannot {doing} {self.url}: no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        if isinstance(error, EndpointConnectionError):
            return StoreError(f"cannot {doing} {self.url}: {error}")
        return StoreError(f"cannot {doing} {self.url}: {code or type(error).__name__}: {' '.join(str(error).split())}")


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
