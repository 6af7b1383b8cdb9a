"""Read a finished sweep's result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.errors import ObjectNotFoundError, PlanError
from sweep.result.result import Result

if TYPE_CHECKING:
    import os

    from sweep.store import Store

__all__ = ["open_result"]


def open_result(store: str | os.PathLike[str] | Store) -> Result:
    """Read the result in a store, checked.

    Parameters
    ----------
    store
        A folder, ``s3://bucket/prefix``, or a store.

    Raises
    ------
    PlanError
        If it holds no finished sweep.
    CorruptError
        If the result is damaged.
    """
    from sweep.store import open_store
    from sweep.work.keys import RESULT
    from sweep.work.parquet import decode

    place = open_store(store)
    try:
        data = place.get(RESULT)
    except ObjectNotFoundError:
        raise PlanError(f"{place.url} holds no result: the sweep there is not finished, or there is none") from None
    return Result(decode(data, RESULT), place.url)
