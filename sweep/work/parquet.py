"""Tables as Parquet bytes that prove themselves when they are read back.

Pages carry their checksums, and the footer carries a digest of the values as they were written, so that a flipped bit is found wherever
it is, in the footer too. The files are ordinary Parquet to everybody else.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import CorruptError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

__all__ = ["DIGEST", "TableWriter", "decode", "encode"]

DIGEST = b"sweep.sha256"
_OPTIONS: Any = {"compression": "zstd", "write_page_checksum": True, "use_dictionary": False, "store_schema": False}


def encode(table: pa.Table, metadata: dict[bytes, bytes] | None = None) -> bytes:
    """Write a table as Parquet: zstd, statistics, page checksums, digest. The same table gives the same bytes.

    Parameters
    ----------
    table
        Columns of numbers, booleans and strings, and of lists of numbers, without nulls.
    metadata
        Further key-value pairs for the footer.
    """
    import pyarrow as pa

    # Arrow's own buffers, here and in `decode`: its threads must never call into Python, which may be at its end by then.
    sink = pa.BufferOutputStream()
    writer = TableWriter(sink, table.schema, metadata)
    writer.write(table)
    writer.close()
    return sink.getvalue().to_pybytes()


class TableWriter:
    """Write a table piece by piece; every piece is a row group."""

    def __init__(
        self, sink: pa.BufferOutputStream | Path, schema: pa.Schema, metadata: dict[bytes, bytes] | None = None
    ) -> None:
        import pyarrow.parquet as pq

        self._digest = hashlib.sha256()
        self._metadata = metadata or {}
        for key, value in sorted(self._metadata.items()):
            self._digest.update(key + b"\0" + value + b"\0")
        self._writer = pq.ParquetWriter(sink, schema.remove_metadata(), **_OPTIONS)

    def write(self, table: pa.Table) -> None:
        """Append a row group."""
        _update(self._digest, table)
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))

    def close(self, late: dict[bytes, bytes] | None = None) -> None:
        """Write the footer; `late` are key-value pairs that were not known at the start."""
        late = late or {}
        for key, value in sorted(late.items()):
            self._digest.update(key + b"\0" + value + b"\0")
        self._writer.add_key_value_metadata({**self._metadata, **late, DIGEST: self._digest.hexdigest().encode()})
        self._writer.close()


def decode(data: bytes, name: str) -> pa.Table:
    """Read what `encode` wrote and check every bit of it.

    Raises
    ------
    CorruptError
        If it is truncated, damaged, or not ours; names it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        pieces = [file.read_row_group(i, use_threads=False) for i in range(file.num_row_groups)]
        table = _concatenated(pieces, file)
    except Exception as error:  # noqa: BLE001 - pyarrow raises OSError, ValueError and its own for what cannot be read
        raise CorruptError(
            f"{name} is damaged: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from None
    metadata = {k: v for k, v in (table.schema.metadata or {}).items() if k.startswith(b"sweep.")}
    written = metadata.pop(DIGEST, b"")
    if _digest_of(pieces, metadata) != written.decode(errors="replace"):
        raise CorruptError(f"{name} is damaged: its values are not those that were written")
    return table


def _concatenated(pieces: list[Any], file: Any) -> Any:
    import pyarrow as pa

    if len(pieces) == 1:
        return pieces[0].replace_schema_metadata(file.schema_arrow.metadata)
    return pa.concat_tables(pieces).replace_schema_metadata(file.schema_arrow.metadata) if pieces else file.read()


def _digest_of(pieces: list[Any], metadata: dict[bytes, bytes]) -> str:
    digest = hashlib.sha256()
    early = {k: v for k, v in metadata.items() if k not in LATE}
    late = {k: v for k, v in metadata.items() if k in LATE}
    for key, value in sorted(early.items()):
        digest.update(key + b"\0" + value + b"\0")
    for piece in pieces:
        _update(digest, piece)
    for key, value in sorted(late.items()):
        digest.update(key + b"\0" + value + b"\0")
    return digest.hexdigest()


LATE = frozenset({b"sweep.nonfinite"})
"""Metadata that is known only when all rows are written."""


def _update(digest: Any, table: Any) -> None:
    for name, column in zip(table.column_names, table.itercolumns(), strict=True):
        kind = str(column.type)
        if "list<" in kind:  # a list's items have another name once they were written and read
            values = column.combine_chunks()
            digest.update(f"{name}\0list of {column.type.value_type}\0{len(column)}\0".encode())
            digest.update(np.ascontiguousarray(values.value_lengths().to_numpy(), dtype=np.int32).tobytes())
            digest.update(np.ascontiguousarray(values.flatten().to_numpy()).tobytes())
            continue
        digest.update(f"{name}\0{kind}\0{len(column)}\0".encode())
        if column.null_count:
            digest.update(np.ascontiguousarray(column.is_null().to_numpy()).tobytes())
            column = column.fill_null(_zero(column.type))  # noqa: PLW2901 - what stands in the place of a null is nobody's business
        if kind in {"string", "large_string"}:
            digest.update("\0".join(column.to_pylist()).encode())
        else:
            digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())


def _zero(kind: Any) -> Any:
    import pyarrow as pa

    return pa.scalar(0).cast(kind)
