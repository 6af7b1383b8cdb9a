"""Which points of a result are the worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep.errors import UsageError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep.result.result import Result

__all__ = ["worst"]


def worst(result: Result, count: int, by: str | None, *, smallest: bool) -> pa.Table:
    """Return the rows; see `sweep.result.Result.worst`."""
    import pyarrow as pa

    if count < 1:
        raise UsageError(f"the worst {count} points: give 1 or more")
    values = result.table[_column(result, by)].to_numpy().astype(np.float64)
    order = np.argsort(np.where(np.isnan(values), np.inf, values if smallest else -values), kind="stable")
    return result.table.take(pa.array(order[:count]))


def _column(result: Result, by: str | None) -> str:
    """Return the column that is meant."""
    import pyarrow as pa

    name = next(iter(result.outputs)) if by is None else by
    if name in result.outputs:
        return f"{name}_mean"
    columns = [
        each.name for each in result.table.schema if pa.types.is_integer(each.type) or pa.types.is_floating(each.type)
    ]
    if name not in columns:
        raise UsageError(f"the result has no output {name!r}: {nearest(name, [*result.outputs, *columns])}")
    return name
