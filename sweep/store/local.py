"""A store in a folder."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sweep.errors import ObjectExistsError, ObjectNotFoundError, StoreError
from sweep.store.base import Entry, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

__all__ = ["LocalStore"]

TEMPORARY = re.compile(r"\.sweep-[0-9a-f]{16}")
"""Names of files that are being written; a store may stand among a user's own files, and all other names are theirs."""

LEFTOVER_SECONDS = 3600.0

NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
"""What file systems without hard links answer to a link."""


def _temporary(folder: Path) -> Path:
    return folder / f".sweep-{secrets.token_hex(8)}"


class LocalStore:
    """Objects as files.

    An object is written under a temporary name in its own folder and then linked (create) or renamed (replace) to its own, both of
    which are atomic. Nothing is synced to the disk: after a power cut a file may be torn, and readers find that by its digest.

    Parameters
    ----------
    folder
        Absolute path; made when the first object is written.
    """

    def __init__(self, folder: Path) -> None:
        self.url = str(folder)
        self._folder = folder

    def get(self, key: str) -> bytes:
        """Read an object; see `sweep.store.base.Store.get`."""
        with self._errors("read"):
            try:
                return self._path(key).read_bytes()
            except (FileNotFoundError, IsADirectoryError):
                raise ObjectNotFoundError(f"{self.url} has no {key}") from None

    def path_of(self, key: str) -> Path:
        """Return where an object is, to be mapped instead of read."""
        return self._path(key)

    def create(self, key: str, data: bytes) -> None:
        """Write an object once; see `sweep.store.base.Store.create`."""

        def link(temporary: Path, path: Path) -> None:
            try:
                os.link(temporary, path)
            except FileExistsError:
                if temporary.samefile(path):
                    return  # ours: over a network an answer may be lost, and the request sent again
                raise ObjectExistsError(f"{self.url} already has {key}") from None
            except OSError as error:
                if error.errno not in NO_LINKS:
                    raise
                # No links, so no test and set either: of two writers in the same microseconds both may win here.
                if path.exists():
                    raise ObjectExistsError(f"{self.url} already has {key}") from None
                temporary.rename(path)

        self._write(key, lambda temporary: temporary.write_bytes(data), link)

    def replace(self, key: str, data: bytes) -> None:
        """Write an object."""
        self._write(key, lambda temporary: temporary.write_bytes(data), Path.replace)

    def replace_file(self, key: str, path: Path) -> None:
        """Write the contents of a file."""
        self._write(key, lambda temporary: shutil.move(path, temporary), Path.replace)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects whose keys begin with `prefix`, by key."""
        with self._errors("read"):
            start = self._folder / prefix.rpartition("/")[0]
            found = [entry for entry in self._walk(start, prefix) if entry.key.startswith(prefix)]
        yield from sorted(found)

    def _walk(self, folder: Path, prefix: str) -> Iterator[Entry]:
        """Walk the folders that may hold keys of the prefix, and no others: a store may stand among a user's own files."""
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            return
        for entry in entries:
            if TEMPORARY.fullmatch(entry.name):
                continue
            key = Path(entry.path).relative_to(self._folder).as_posix()
            if not entry.is_dir():
                with suppress(FileNotFoundError):  # deleted since, or a link to nothing: no reason to lose the others
                    yield Entry(key, entry.stat().st_size)
            elif f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                yield from self._walk(Path(entry.path), prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        with self._errors("write to"):
            for key in keys:
                self._path(key).unlink(missing_ok=True)

    def check_writable(self) -> None:
        """See that files can be made; see `sweep.store.base.Store.check_writable`. The folder stays: others may be about to write there."""
        probe = _temporary(self._folder)
        with self._errors("write to"):
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                probe.touch()
            finally:
                with suppress(OSError):
                    probe.unlink()
            self._sweep_leftovers()

    def _sweep_leftovers(self) -> None:
        """Delete temporary files that a killed writer left more than an hour ago."""
        for path in self._folder.rglob(".sweep-*"):
            with suppress(OSError):
                ours = TEMPORARY.fullmatch(path.name) and path.is_file() and not path.is_symlink()
                if ours and time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)

    def _write(self, key: str, fill: Callable[[Path], object], name: Callable[[Path, Path], object]) -> None:
        path = self._path(key)
        temporary = _temporary(path.parent)
        with self._errors("write to"):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                fill(temporary)
                name(temporary, path)
            finally:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)

    @contextmanager
    def _errors(self, doing: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"cannot {doing} {self.url}: {error.strerror or error}") from None
