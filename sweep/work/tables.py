"""The tables that a kernel reads, as objects of a store: written once by whoever runs the sweep, for workers on other machines and for replays."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import CorruptError, ObjectExistsError, ObjectNotFoundError
from sweep.store.local import LocalStore
from sweep.work import keys
from sweep_kernels.errors import KernelError
from sweep_kernels.tables import as_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.plan import Plan
    from sweep.store import Store
    from sweep_kernels.tables import Table, TableReference

__all__ = ["load_tables", "require_unchanged", "write_tables"]


def write_tables(store: Store, tables: Mapping[str, Table]) -> None:
    """Write tables that a store does not hold yet; those of a store in this process's memory are in it already."""
    if store.url.startswith("memory:"):
        return
    for each in tables.values():
        name = keys.data_key(each.sha256)
        if any(entry.key == name for entry in store.list(name)):
            continue
        with suppress(ObjectExistsError):
            store.create(name, _npy(each))


def require_unchanged(tables: Mapping[str, Table]) -> None:
    """See that no file that a table is mapped from was written to since it was hashed.

    Raises
    ------
    KernelError
        If one was: trials may have read either.
    """
    for each in tables.values():
        _ = each.sha256


def _npy(table: Table) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(table), allow_pickle=False)
    return out.getvalue()


def load_tables(store: Store, plan: Plan) -> dict[str, Table]:
    """Read the tables of a plan, checked; those in a folder are mapped, and shared by all processes that do so.

    Raises
    ------
    CorruptError
        If one is damaged or not there.
    """
    return {name: _loaded(store, name, each) for name, each in plan.data.items()}


def _loaded(store: Store, name: str, wanted: TableReference) -> Table:
    key = keys.data_key(wanted.sha256)
    try:
        table = as_table(name, _array(store, key))
    except (ObjectNotFoundError, FileNotFoundError):
        raise CorruptError(f"{store.url} has no {key}, the table {name!r}: run the study again") from None
    except (OSError, ValueError, EOFError, KernelError) as error:
        raise CorruptError(
            f"{key}, the table {name!r}, cannot be read: {error}; delete it and run the study again"
        ) from None
    if table.sha256 != wanted.sha256:
        raise CorruptError(f"{key} is not the table {name!r} that was written: delete it and run the study again")
    return table


def _array(store: Store, key: str) -> Any:
    if isinstance(store, LocalStore):
        return np.load(store.path_of(key), mmap_mode="r", allow_pickle=False)
    array = np.load(io.BytesIO(store.get(key)), allow_pickle=False)
    for each in (array, array.base):  # nobody else knows of it, so it need not be copied
        if isinstance(each, np.ndarray):
            each.flags.writeable = False
    return array
