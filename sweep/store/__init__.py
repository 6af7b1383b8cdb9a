"""Where results are kept: a folder, an S3 bucket, or memory."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from sweep.errors import StoreError
from sweep.store.base import Entry, Store

__all__ = ["Entry", "Store", "open_store"]


def open_store(place: str | os.PathLike[str] | Store) -> Store:
    """Open a store; nothing is read or written yet.

    Parameters
    ----------
    place
        A folder (``results``, ``~/results``, ``file:///results``, a path object), ``s3://bucket/prefix``, or ``memory://name``; a store is
        given back as it is.

    Raises
    ------
    StoreError
        If it is none of these.

    Examples
    --------
    >>> open_store("s3://bucket/studies/radar/").url
    's3://bucket/studies/radar'
    """
    if isinstance(place, os.PathLike):
        return _local(os.fspath(place))
    if isinstance(place, str):
        scheme, separator, rest = place.partition("://")
        return _of_scheme(place, scheme, rest) if separator else _local(place)
    if isinstance(place, Store):  # pyright: ignore[reportUnnecessaryIsInstance] - the user's own argument
        return place
    raise StoreError(f"store {place!r}: give a folder or s3://bucket/prefix")


def _of_scheme(url: str, scheme: str, rest: str) -> Store:
    if scheme == "s3":
        return _s3(url)
    if scheme == "memory":
        from sweep.store.memory import MemoryStore

        return MemoryStore(rest)
    if scheme == "file":
        return _file(url, rest)
    raise StoreError(
        f"store {url!r}: no store is reached by {scheme}://; use a folder, s3://bucket/prefix or memory://name"
    )


def _file(url: str, rest: str) -> Store:
    if not rest.startswith("/"):
        raise StoreError(f"store {url!r} names a host: write file:///absolute/folder, or the folder alone")
    return _local(unquote(rest))


def _local(path: str) -> Store:
    from sweep.store.local import LocalStore

    if not path or "\0" in path:
        raise StoreError(f"store {path!r}: give a folder or s3://bucket/prefix")
    if path.startswith("s3:/"):
        raise StoreError(f"store {path!r}: a path cannot hold a URL; give s3://bucket/prefix as text")
    try:
        return LocalStore(Path(path).expanduser().absolute())
    except RuntimeError:
        raise StoreError(f"store {path!r}: there is no such user; ./{path} is a folder of that name") from None


def _s3(url: str) -> Store:
    from sweep.store.s3 import S3Store

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise StoreError(f"store {url!r} names no bucket, as in s3://bucket/prefix")
    return S3Store(bucket, "/".join(part for part in prefix.split("/") if part))
