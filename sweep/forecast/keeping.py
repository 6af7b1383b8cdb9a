"""A forecast is kept in the store of its run, and not replaced once that is there: it was made before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.errors import CorruptError, PlanError
from sweep.forecast.forecast import read_forecast
from sweep.holdings import read_plan
from sweep.work import keys

if TYPE_CHECKING:
    from sweep.forecast.forecast import Forecast
    from sweep.store import Store

__all__ = ["keep", "refuse_run"]


def refuse_run(store: Store) -> None:
    """See that a store does not hold a forecast whose run has begun.

    Raises
    ------
    PlanError
        If it does.
    """
    plan = read_plan(store)
    if plan is None or not any(True for _ in store.list(keys.MAP)):
        return
    if _forecasted(store) == plan.hash:
        raise PlanError(
            f"{store.url} holds the forecast of its run already, and the run: `sweep forecast --compare {store.url}` "
            "sets them side by side; keep another one in another --store"
        )


def _forecasted(store: Store) -> str | None:
    """Return the hash of the plan that a store's forecast is of, if it holds one."""
    try:
        return str(read_forecast(store)["plan"])
    except (PlanError, CorruptError, KeyError):
        return None


def keep(store: Store, found: Forecast) -> str:
    """Write a forecast into a store; return where it is."""
    store.replace(keys.FORECAST, found.to_json())
    return f"{store.url.rstrip('/')}/{keys.FORECAST}"
