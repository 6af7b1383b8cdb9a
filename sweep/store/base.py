"""What a store is: whole objects by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Entry", "Store", "checked"]


class Entry(NamedTuple):
    """A listed object: its key and its size in bytes."""

    key: str
    size: int


@runtime_checkable
class Store(Protocol):
    """Objects by key, each written whole or not at all.

    Opening a store touches neither disk nor net; the first use does. A store can be pickled and opened again in another process,
    unless it is in memory.
    """

    url: str

    def get(self, key: str) -> bytes:
        """Read an object.

        Raises
        ------
        ObjectNotFoundError
            If there is none.
        """
        ...

    def create(self, key: str, data: bytes) -> None:
        """Write an object once. Of many who call this for one key, one returns; for all others it raises, whatever they bring.

        Raises
        ------
        ObjectExistsError
            If there is one already, were it the same to the byte; it is left as it is.
        """
        ...

    def replace(self, key: str, data: bytes) -> None:
        """Write an object, whether or not there is one."""
        ...

    def replace_file(self, key: str, path: Path) -> None:
        """Write the contents of a file, which may be larger than memory; the file may be moved away."""
        ...

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects whose keys begin with `prefix`, by key; never one that is being written."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there are no error."""
        ...

    def check_writable(self) -> None:
        """See that objects can be written, and leave no object behind.

        Raises
        ------
        StoreError
            If they cannot.
        """
        ...


def checked(key: str) -> str:
    """Return `key` if it is a relative path without empty or dotted parts.

    Raises
    ------
    ValueError
        If it is not: a mistake of ours, not of the user's.
    """
    if not key or any(part in {"", ".", ".."} for part in key.split("/")):
        raise ValueError(f"{key!r} is not a key")
    return key
