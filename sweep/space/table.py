"""A space whose points are listed in a table."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError
from sweep.space.base import Space, limited
from sweep.space.parameter import Parameter, named, typed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Table", "table"]


class Table(Space):
    """Points listed row by row. A plan names the table by its digest; the table itself is kept beside the plan."""

    def __init__(self, source: pa.Table) -> None:
        self._held: dict[str, NDArray[Any]] = {}
        parameters: list[Parameter] = []
        for name, column in zip(named("column", source.column_names), source.columns, strict=True):
            kind, categories, self._held[name] = _column(name, column)
            parameters.append(Parameter(name, kind, categories))
        self.parameters = tuple(parameters)
        self.size = limited(source.num_rows)
        self._digest = self._digested()

    def _digested(self) -> str:
        digest = hashlib.sha256()
        for each in self.parameters:
            digest.update(f"{each.name}\0{each.kind}\0{chr(1).join(each.categories)}\0".encode())
            digest.update(np.ascontiguousarray(self._held[each.name]).tobytes())
        return digest.hexdigest()

    def at(self, points: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return the values at some points."""
        return {name: held[points] for name, held in self._held.items()}

    def spec(self) -> dict[str, Any]:
        """Describe the table by its digest."""
        return {"table": {"sha256": self._digest, "rows": self.size, "columns": list(self.names)}}

    def tables(self) -> dict[str, pa.Table]:
        """Return the table, by its digest."""
        return {self._digest: self.arrow(0, self.size)}


def _column(name: str, column: Any) -> tuple[str, tuple[str, ...], NDArray[Any]]:
    import pyarrow as pa

    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise SpaceError(f"column {name!r} of the table has no value in row {row}")
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    plain = pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type)
    return typed(name, column.to_numpy() if plain else column.to_pylist())


def table(source: Any) -> Space:
    """Make a space of the rows of a table.

    Parameters
    ----------
    source
        A list of dicts, a pandas or polars DataFrame, an Arrow table, or the path of a ``.csv`` or ``.parquet`` file.

    Raises
    ------
    SpaceError
        If it cannot be read, has no rows, or lacks a value; names column and row.

    Examples
    --------
    >>> table([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])[1]
    {'a': 2, 'b': 'y'}
    """
    try:
        return Table(_arrow(source))
    except SpaceError as error:
        raise SpaceError(f"table {_said(source)}: {error}") from None


def _said(source: Any) -> str:
    return repr(str(source)) if isinstance(source, str | Path) else f"of type {type(source).__name__}"


def _arrow(source: Any) -> Any:
    import pyarrow as pa

    try:
        if isinstance(source, str | Path):
            return _file(Path(source))
        if isinstance(source, pa.Table):
            return source
        if isinstance(source, list):
            return _records(source)
        if hasattr(source, "__arrow_c_stream__") or hasattr(source, "to_arrow"):
            return _without_index(pa.table(source))
    except (pa.ArrowException, OSError) as error:
        said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error).partition("\n")[0]
        raise SpaceError(said) from None
    raise SpaceError("give a list of dicts, a DataFrame, an Arrow table, a .csv or a .parquet file")


def _without_index(given: Any) -> Any:
    return given.select([name for name in given.column_names if not name.startswith("__index_level_")])


def _file(path: Path) -> Any:
    sys.audit("open", str(path), "rb", 0)  # Arrow opens files without telling; `sweep submit` packs what is told
    if path.suffix == ".csv":
        from pyarrow import csv

        return csv.read_csv(path)
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return pq.read_table(path)
    raise SpaceError("the name must end in .csv or .parquet")


def _records(rows: list[Any]) -> Any:
    import pyarrow as pa

    if not rows:
        raise SpaceError("the table has no rows")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise SpaceError(f"row {number} of the table is {row!r}: each row is a dict of parameters")
        if row.keys() != rows[0].keys():
            odd = sorted(map(str, row.keys() ^ rows[0].keys()))
            raise SpaceError(f"row {number} of the table differs from row 0 in the column {odd[0]!r}")
    columns: dict[str, Any] = {}
    for name, key in zip(named("column", rows[0]), rows[0], strict=True):
        kind, categories, held = typed(name, [row[key] for row in rows])
        columns[name] = pa.array([categories[code] for code in held]) if kind == "str" else pa.array(held)
    return pa.table(columns)
