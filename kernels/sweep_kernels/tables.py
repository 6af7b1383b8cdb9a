"""Read-only tables that all trials share: arrays that a kernel gets as an argument, named by what is in them.

A table is never a constant of the machine code: compiled trials get its address and its shape, so its size does not matter, and another table of
the same type needs no compiling. Its elements are numbers as Python has them, in plain Python and compiled alike, however narrow they are kept:
whole numbers, floats of 64 bits, bools.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_kernels.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Table", "TableReference", "as_table", "read_only", "table_kind", "table_words"]

TYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
DIMENSIONS = 3


class _File(NamedTuple):
    """A file at one moment; time in nanoseconds."""

    name: str
    inode: int
    size: int
    written: int


class Table(np.ndarray):
    """An array that cannot be written to, and whose elements come out as Python's own numbers."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return found.item() if isinstance(found, np.generic) else found

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return what NumPy has computed from it as a plain array or a number."""
        plain = np.asarray(array)
        return plain[()] if return_scalar or plain.ndim == 0 else plain

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (read_only, (np.asarray(self),))  # of a plain array pickle hands the memory on, without a copy

    @property
    def sha256(self) -> str:
        """64 hexadecimal digits: the hash of its type, shape and bytes.

        Raises
        ------
        KernelError
            If it is mapped from a file that was written to since it was hashed.
        """
        digest, before = self._hashed
        now = _file_of(self)
        if before and now and before.inode == now.inode and before != now:
            raise KernelError(
                f"the file {now.name!r} of a table was written to after it was read, so that it is not what the plan says: read it again, "
                "and keep it as it is"
            )
        return digest

    @functools.cached_property
    def _hashed(self) -> tuple[str, _File | None]:
        """The hash, and the file that was hashed."""
        file = _file_of(self)
        digest = hashlib.sha256(f"{self.dtype.newbyteorder('<').str} {self.shape}\n".encode())
        digest.update(np.asarray(self).reshape(-1).view(np.uint8))  # type: ignore[arg-type] - an array is a buffer
        return digest.hexdigest(), file


class TableReference(NamedTuple):
    """What a plan says of a table.

    Attributes
    ----------
    dtype
        NumPy's name of its elements' type.
    shape
        Its lengths.
    sha256
        See `Table.sha256`.
    """

    dtype: str
    shape: tuple[int, ...]
    sha256: str

    @classmethod
    def of(cls, table: Table) -> TableReference:
        """Describe a table; its bytes are read once."""
        return cls(table.dtype.name, table.shape, table.sha256)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> TableReference:
        """Read what `to_json` wrote; KeyError or TypeError where it is not that."""
        return cls(fields["dtype"], tuple(fields["shape"]), fields["sha256"])

    def to_json(self) -> dict[str, Any]:
        """Write it as a plan does."""
        return {"dtype": self.dtype, "shape": list(self.shape), "sha256": self.sha256}

    @property
    def kind(self) -> str:
        """What the table is as a kind of parameter, as in ``"float64[2]"``; see `table_kind`."""
        return f"{self.dtype}[{len(self.shape)}]"

    def __str__(self) -> str:
        return f"{self.dtype} {' x '.join(map(str, self.shape))}, {self.sha256[:8]}"


def as_table(name: str, values: Any) -> Table:
    """Make a table of an array.

    Parameters
    ----------
    name
        What to call it in an error.
    values
        An array, or what NumPy makes one of; 1 to 3 dimensions of float64, float32, int64, int32, uint8 or bool; NaN may be among them. It is copied,
        unless it is in C order and neither it nor what it is a view of can be written to: a file that ``np.load(..., mmap_mode="r")`` maps
        stays where it is.

    Raises
    ------
    KernelError
        If it is of another type, has other dimensions, is empty, or has masked elements.
    """
    if np.ma.is_masked(values):
        raise KernelError(
            f"table {name!r} is a masked array, and a kernel would read what is behind the mask: fill it, as .filled(np.nan) does"
        )
    try:
        array = np.asarray(values)
    except ValueError:
        raise KernelError(f"table {name!r} is no array: its rows differ in length") from None
    if array.dtype.name not in TYPES:
        raise KernelError(
            f"table {name!r} is of type {array.dtype}: a kernel can read {', '.join(TYPES[:-1])} and {TYPES[-1]}, as .astype(np.float64) makes one"
        )
    if not 1 <= array.ndim <= DIMENSIONS:
        raise KernelError(f"table {name!r} has {array.ndim} dimensions: 1 to {DIMENSIONS} can be read")
    if not array.size:
        raise KernelError(f"table {name!r} has the shape {array.shape}: there is nothing in it")
    is_fit = array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative and _is_settled(array)
    if is_fit and isinstance(values, Table):
        return values  # its hash is known already
    if not is_fit:
        array = np.array(array, dtype=array.dtype.newbyteorder("="), order="C", copy=True, subok=False)
        array.flags.writeable = False
    return read_only(array)


def _file_of(array: Any) -> _File | None:
    """Return the file that an array is mapped from; None for one in memory, or whose file is gone: what is mapped stays."""
    at = array
    while isinstance(at, np.ndarray) and not isinstance(at, np.memmap):
        at = at.base
    name = getattr(at, "filename", None)
    if name is None:
        return None
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return _File(str(name), found.st_ino, found.st_size, found.st_mtime_ns)


def _is_settled(array: NDArray[Any]) -> bool:
    """Whether no array that shares its memory, as far as NumPy knows, can be written to: neither it nor those that it is a view of."""
    at: Any = array
    while isinstance(at, np.ndarray) and not at.flags.writeable:
        at = at.base
    return not isinstance(at, np.ndarray)


def read_only(array: NDArray[Any]) -> Table:
    """See an array as a table; nothing is copied."""
    table = array.view(Table)
    table.flags.writeable = False
    return table


def table_kind(kind: str) -> tuple[str, int] | None:
    """Return type and number of dimensions of a kind of table; None for that of a number.

    >>> table_kind("float32[2]"), table_kind("float")
    (('float32', 2), None)
    """
    found = re.fullmatch(r"(\w+)\[(\d)\]", kind)
    return (found[1], int(found[2])) if found else None


def table_words(
    tables: Mapping[str, Table], order: Sequence[str], addresses: Mapping[str, int] | None = None
) -> NDArray[np.int64]:
    """Write down where tables are, as the compiled driver reads it: for each the address, then the shape. The tables must outlive it.

    `addresses` says where they are, if not where NumPy has them.
    """
    at = {name: each.ctypes.data for name, each in tables.items()} if addresses is None else addresses
    words = [word for name in order if name in tables for word in (at[name], *tables[name].shape)]
    return np.array(words or [0], dtype=np.int64)
