"""List a folder, or a prefix of a bucket, as an axis."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import translate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import SpaceError
from sweep.space.objects import Objects, Pin

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

__all__ = ["objects", "pinned"]

MOST = 1_000_000
_PINNED: ContextVar[tuple[Objects, ...]] = ContextVar("_PINNED", default=())


def objects(place: str | os.PathLike[str]) -> Objects:
    """Make an axis of the files of a folder, or of the objects of a bucket, one value each, in the order of their names.

    They are listed once, here, and pinned in the plan: a name that is added later is another plan, which continues this one if it comes last; one
    whose content changes is refused. A `sweep.command` that names the axis, as ``{log}``, is given the path of a file: the file itself, or a
    download of the object.

    Parameters
    ----------
    place
        A folder, ``folder/*.pcap``, ``s3://bucket/prefix/`` or ``s3://bucket/prefix/*.pcap``; ``**/`` stands for any folders below. Names that begin
        with a dot are left out.

    Raises
    ------
    SpaceError
        If there is nothing, or it cannot be read.
    """
    text = os.fspath(place)
    url, pattern = _parted(text)
    for each in _PINNED.get():
        if each.url == url:
            return each
    pins = tuple(_of_bucket(url, pattern) if url.startswith("s3://") else _of_folder(url, pattern))
    if not pins:
        raise SpaceError(f"collection {text!r}: nothing of that name is in {url!r}")
    return Objects(url, pins)


@contextmanager
def pinned(collections: Iterable[Objects]) -> Generator[None]:
    """Have `objects` answer with what a plan has pinned, where it has pinned it, and not look again."""
    token = _PINNED.set(tuple(collections))
    try:
        yield
    finally:
        _PINNED.reset(token)


def _parted(text: str) -> tuple[str, str]:
    """Return where names count from, and the pattern that they must fit."""
    is_bucket = text.startswith("s3://")
    fixed: list[str] = []
    parts = text.removeprefix("s3://").split("/")
    while parts and not any(each in parts[0] for each in "*?["):
        fixed.append(parts.pop(0))
    pattern = "/".join(parts) or "*"
    if is_bucket:
        if not fixed or not fixed[0]:
            raise SpaceError(f"collection {text!r} names no bucket, as in s3://bucket/prefix/*.pcap")
        return "s3://" + "/".join(fixed).rstrip("/"), pattern
    return str(Path("/".join(fixed) or ("/" if text.startswith("/") else ".")).expanduser().absolute()), pattern


def _fits(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which ``*`` does not reach over a slash, and ``**/`` does.

    >>> bool(_fits("*.pcap").match("a.pcap")), bool(_fits("*.pcap").match("b/a.pcap")), bool(_fits("**/*.pcap").match("b/a.pcap"))
    (True, False, True)
    """
    pieces = [
        translate(each).replace(".*", "[^/]*").removesuffix("\\Z").removesuffix("\\z") for each in pattern.split("**/")
    ]
    return re.compile("(?:.*/)?".join(pieces) + r"\Z", re.DOTALL)


def _is_wanted(name: str, fits: re.Pattern[str]) -> bool:
    return bool(fits.match(name)) and not any(part.startswith(".") for part in name.split("/"))


def _of_folder(url: str, pattern: str) -> Iterator[Pin]:
    root, fits = Path(url), _fits(pattern)
    if not root.is_dir():
        raise SpaceError(f"collection: there is no folder {url!r}")
    names = sorted(each.relative_to(root).as_posix() for each in root.rglob("*") if each.is_file())
    for name in _few(url, [name for name in names if _is_wanted(name, fits)]):
        try:
            with (root / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                yield Pin(name, os.fstat(file.fileno()).st_size, f"sha256:{digest}")
        except OSError as error:
            raise SpaceError(f"collection: {root / name} cannot be read: {error.strerror}") from None


def _of_bucket(url: str, pattern: str) -> Iterator[Pin]:
    from botocore.exceptions import BotoCoreError, ClientError

    from sweep.s3client import new_client

    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    prefix, fits = f"{prefix}/" if prefix else "", _fits(pattern)
    found: dict[str, Any] = {}
    try:
        for page in new_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            found |= {each["Key"].removeprefix(prefix): each for each in page.get("Contents", ())}
    except (BotoCoreError, ClientError) as error:
        raise SpaceError(f"collection {url!r} cannot be listed: {' '.join(str(error).split())}") from None
    for name in _few(url, sorted(name for name in found if _is_wanted(name, fits) and not name.endswith("/"))):
        yield Pin(name, int(found[name]["Size"]), f"etag:{found[name]['ETag']}")


def _few(url: str, names: list[str]) -> list[str]:
    if len(names) > MOST:
        raise SpaceError(
            f"collection {url!r} has {len(names):,} objects, and at most {MOST:,} can be pinned; narrow its pattern"
        )
    return names
