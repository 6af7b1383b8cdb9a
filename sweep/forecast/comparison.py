"""A forecast beside what its run took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import PlanError
from sweep.forecast.forecast import read_forecast
from sweep.holdings import Holdings, require_plan
from sweep.work import keys
from sweep.work.timings import read_timings

if TYPE_CHECKING:
    from sweep.store import Store

__all__ = ["Comparison", "Line", "compare"]

SHARDS = (keys.MAP, keys.REDUCE, keys.TRIALS, keys.TIMINGS, keys.WAVES, keys.TABLES, keys.DATA, keys.PLAN, keys.RESULT)


@dataclass(frozen=True)
class Line:
    """One quantity: what was said, between what it should lie where that was said too, and what came of it."""

    name: str
    unit: str
    forecast: float
    low: float | None
    high: float | None
    actual: float

    @property
    def ratio(self) -> float:
        """The actual as part of the forecast."""
        return self.actual / self.forecast if self.forecast else float("inf")

    @property
    def is_inside(self) -> bool | None:
        """Whether it lies where it should; None where nothing was said of that."""
        return None if self.low is None or self.high is None else self.low <= self.actual <= self.high


@dataclass(frozen=True)
class Comparison:
    """A forecast and a run.

    Attributes
    ----------
    lines
        Quantities.
    shards, recorded
        How many shards of the run there are, and of how many it is known what they took.
    occupied_seconds
        That they took by the clock: more than their core-seconds where others used the machine as well.
    """

    lines: tuple[Line, ...]
    shards: int
    recorded: int
    occupied_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        lines = [{**asdict(each), "ratio": each.ratio, "is_inside": each.is_inside} for each in self.lines]
        return {**asdict(self), "lines": lines}


def compare(store: Store, forecast: dict[str, Any] | None = None) -> Comparison:
    """Set a forecast against the run in a store.

    Parameters
    ----------
    store
        Which holds a finished sweep.
    forecast
        From `read_forecast`; that in the store when left out.

    Raises
    ------
    PlanError
        If the store holds no forecast or no finished run, the forecast is of another plan, or no shard says what it took.
    """
    forecast = read_forecast(store) if forecast is None else forecast
    plan = require_plan(store)
    if forecast["plan"] != plan.hash:
        raise PlanError(
            f"the forecast is of plan {str(forecast['plan'])[:12]}, {store.url} holds plan {plan.hash[:12]}: forecast that one"
        )
    held = Holdings.look(store, lambda _: None, plan)
    if held.missing(plan) or not held.has_result:
        raise PlanError(f"{store.url} holds no finished run: `sweep run` goes on with it")
    timings = [each for each in read_timings(store, set(held.waves)) if (each.wave, each.shard) in held.simulated]
    if not timings:
        raise PlanError(
            f"{store.url} does not say what its shards took ({keys.TIMINGS} is empty): they were run by an earlier version, or it was deleted"
        )
    entries = {prefix: [entry.size for entry in store.list(prefix)] for prefix in SHARDS}
    sizes = [size for each in entries.values() for size in each]
    volume = forecast["volume"]
    told = sum(volume[name] for name in ("map", "reduce", "result", "trials", "other"))
    cpu = sum(each.cpu_seconds for each in timings) * len(held.simulated) / len(timings)
    return Comparison(
        (
            Line("core time", "s", forecast["core_seconds"], forecast["low"], forecast["high"], cpu),
            Line("shards", "", forecast["here"]["shards"], None, None, len(held.simulated)),
            Line("longest shard", "s", forecast["here"]["longest"], None, None, max(t.cpu_seconds for t in timings)),
            Line("objects", "", volume["objects"], None, None, len(sizes)),
            Line("bytes", "B", told, None, None, sum(sizes)),
            Line("result", "B", volume["result"], None, None, sum(entries[keys.RESULT])),
        ),
        len(held.simulated),
        len(timings),
        sum(each.seconds for each in timings),
    )
