"""Columns of lists, as Arrow lays them out: values one after the other, and where each list ends in 32 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST", "lists_of"]

MOST = 2**31 - 1
"""Values of a column of one object."""


def lists_of(lengths: NDArray[np.int64], values: NDArray[Any], most: int = MOST) -> Any:
    """Return values as a column of lists of these lengths.

    Raises
    ------
    UsageError
        If there are more than `most` of them.
    """
    import pyarrow as pa

    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    if ends[-1] > most:
        raise UsageError(
            f"{ends[-1]:,} counts or moments of quantiles, histograms and covariances are in one object, which holds {most:,}: cut the sweep into "
            "more shards, ask for fewer, or run its points in several sweeps"
        )
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), pa.array(values))
