"""A store in a folder."""

from __future__ import annotations

import errno
import os
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

TEMPORARY = ".sweep-"
LEFTOVER_SECONDS = 3600.0


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

    def create(self, key: str, data: bytes) -> None:
        """Write an object once; see `sweep.store.base.Store.create`."""

        def link(temporary: Path, path: Path) -> None:
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise ObjectExistsError(f"{self.url} already has {key}") from None
            except OSError as error:
                if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV}:
                    raise
                # A file system without links: two writers at once may both win here. What they write is the same.
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
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(TEMPORARY):
                    continue
                key = Path(entry.path).relative_to(self._folder).as_posix()
                if not entry.is_dir():
                    yield Entry(key, entry.stat().st_size)
                elif f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._walk(Path(entry.path), prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        with self._errors("write to"):
            for key in keys:
                self._path(key).unlink(missing_ok=True)

    def check_writable(self) -> None:
        """See that files can be made; see `sweep.store.base.Store.check_writable`."""
        made = [each for each in [self._folder, *self._folder.parents] if not each.exists()]
        probe = self._folder / f"{TEMPORARY}{secrets.token_hex(8)}"
        with self._errors("write to"):
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                probe.touch()
            finally:
                with suppress(OSError):
                    probe.unlink()
                for each in made:
                    with suppress(OSError):
                        each.rmdir()
            self._sweep_leftovers()

    def _sweep_leftovers(self) -> None:
        """Delete temporary files that a killed writer left more than an hour ago."""
        for path in self._folder.rglob(f"{TEMPORARY}*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)

    def _write(self, key: str, fill: Callable[[Path], object], name: Callable[[Path, Path], object]) -> None:
        path = self._path(key)
        temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
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
