"""A store in this process's memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NoReturn

from sweep.errors import ObjectExistsError, ObjectNotFoundError, StoreError
from sweep.store.base import Entry, checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["MemoryStore"]

_stores: dict[str, dict[str, bytes]] = {}
_lock = threading.Lock()


class MemoryStore:
    """Objects in a dictionary; stores of one name share theirs as long as the process lives, and one without a name keeps its own."""

    def __init__(self, name: str) -> None:
        self.url = f"memory://{name}"
        with _lock:
            self._objects = _stores.setdefault(name, {}) if name else {}

    def get(self, key: str) -> bytes:
        """Read an object; see `sweep.store.base.Store.get`."""
        try:
            return self._objects[checked(key)]
        except KeyError:
            raise ObjectNotFoundError(f"{self.url} has no {key}") from None

    def create(self, key: str, data: bytes) -> None:
        """Write an object once; see `sweep.store.base.Store.create`."""
        with _lock:
            if checked(key) in self._objects:
                raise ObjectExistsError(f"{self.url} already has {key}")
            self._objects[key] = bytes(data)

    def replace(self, key: str, data: bytes) -> None:
        """Write an object."""
        with _lock:
            self._objects[checked(key)] = bytes(data)

    def replace_file(self, key: str, path: Path) -> None:
        """Write the contents of a file."""
        self.replace(key, path.read_bytes())

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects whose keys begin with `prefix`."""
        with _lock:
            found = sorted((key, len(data)) for key, data in self._objects.items() if key.startswith(prefix))
        yield from (Entry(*each) for each in found)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        with _lock:
            for key in keys:
                self._objects.pop(checked(key), None)

    def check_writable(self) -> None:
        """Memory can be written."""

    def __reduce__(self) -> NoReturn:
        raise StoreError(
            f"{self.url} is in the memory of one process; other processes need a folder or s3://bucket/prefix"
        )
