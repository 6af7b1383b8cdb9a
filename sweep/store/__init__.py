"""Where results are kept: a folder, an S3 bucket, or memory."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from sweep.errors import StoreError
from sweep.store.base import Entry, Store

__all__ = ["Entry", "Store", "open_store"]


def open_store(url: str) -> Store:
    """Open a store; nothing is read or written yet.

    Parameters
    ----------
    url
        A folder (``results``, ``~/results``, ``file:///results``), ``s3://bucket/prefix``, or ``memory://name``.

    Raises
    ------
    StoreError
        If the URL is none of these.

    Examples
    --------
    >>> open_store("s3://bucket/studies/radar/").url
    's3://bucket/studies/radar'
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return _local(url)
    if scheme == "s3":
        return _s3(url)
    if scheme == "memory":
        from sweep.store.memory import MemoryStore

        return MemoryStore(rest)
    if scheme == "file":
        return _local(unquote(urlsplit(url).path))
    raise StoreError(
        f"store {url!r}: no store is reached by {scheme}://; use a folder, s3://bucket/prefix or memory://name"
    )


def _local(path: str) -> Store:
    from sweep.store.local import LocalStore

    if not path:
        raise StoreError("store '': give a folder or s3://bucket/prefix")
    return LocalStore(Path(path).expanduser().absolute())


def _s3(url: str) -> Store:
    from sweep.store.s3 import S3Store

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise StoreError(f"store {url!r} names no bucket, as in s3://bucket/prefix")
    return S3Store(bucket, "/".join(part for part in prefix.split("/") if part))
