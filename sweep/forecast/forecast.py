"""A forecast: everything that can be said of a sweep before it is run."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, ObjectNotFoundError, PlanError
from sweep.forecast.money import Bill, bills, requests_cost
from sweep.forecast.pilot import run_pilot
from sweep.forecast.requests import Requests, requests_of
from sweep.forecast.schedule import Costs, Schedule, best, scheduled
from sweep.forecast.startup import process_seconds
from sweep.forecast.volume import Volume, volume_of, wave_of, weigh
from sweep.forecast.widths import Width, widths_of
from sweep.ledger import MAX_SHARDS
from sweep.machine import processors
from sweep.shares import Cut
from sweep.work import keys
from sweep.work.pilot import cut_of
from sweep.work.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.forecast.pilot import Pilot
    from sweep.forecast.prices import Prices
    from sweep.plan import Plan
    from sweep.store import Store
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["CONFIDENCE", "Forecast", "Sampled", "forecast", "read_forecast"]

CONFIDENCE = 0.95
"""Of the intervals of a forecast; those of a result have the study's own."""

WRITING_ERROR = 0.2
"""Standard error, as part of it, of what shards take beside their trials: read off few rows (`benchmarks/forecast.py`, 10^6 points)."""

FORMAT = 1


@dataclass(frozen=True)
class Sampled:
    """How the pilot went.

    Attributes
    ----------
    points, of
        Points that were timed, and that there are.
    is_census
        Whether that is all of them.
    trials
        How many were run.
    seconds, compile_seconds
        By the clock: the pilot, and before it the compilation.
    noise, crowding
        See `sweep.forecast.pilot.Pilot`.
    slowest_decile
        Part of the core-seconds that the slowest tenth of the points takes.
    slowest, fastest
        The slowest and the fastest point that were timed: index, parameters, core-seconds.
    """

    points: int
    of: int
    is_census: bool
    trials: int
    seconds: float
    compile_seconds: float
    noise: float
    crowding: float
    slowest_decile: float
    slowest: tuple[int, dict[str, Any], float]
    fastest: tuple[int, dict[str, Any], float]


@dataclass(frozen=True)
class Forecast:
    """What is expected of a run of a whole plan in a fresh store.

    Attributes
    ----------
    kernel, plan, points, trials
        What of: the kernel's name, the plan's hash, its points, the trials of each.
    core_seconds, low, high
        Of map, on this machine, with an interval of `CONFIDENCE`.
    other_seconds
        Of reduce and merge.
    sampled
        How the pilot went.
    here
        A run on this machine, cut as `sweep run` cuts it.
    elsewhere
        Runs on other numbers of processors, cut as is best there.
    speed, startup
        What was said, or measured, of these: speed of a processor beside one of this machine; seconds before a child begins.
    volume, requests
        Of the run here.
    requests_elsewhere
        Of the others.
    confidence
        Of the intervals of the result.
    wished
        Half the relative width that trials are counted for.
    widths
        Of the outputs' intervals.
    prices, bills, request_costs
        What money there was to tell; `missing` says why there is none.
    """

    kernel: str
    plan: str
    points: int
    trials: int
    core_seconds: float
    low: float
    high: float
    other_seconds: float
    sampled: Sampled
    here: Schedule
    elsewhere: tuple[Schedule, ...]
    speed: float
    startup: float
    volume: Volume
    requests: Requests
    requests_elsewhere: tuple[Requests, ...]
    confidence: float
    wished: float | None
    widths: tuple[Width, ...]
    prices: Prices | None = None
    missing: str = ""
    bills: tuple[Bill, ...] = ()
    request_costs: tuple[float | None, ...] = field(default=())

    def to_json(self) -> bytes:
        """Write it as JSON; what is infinite or unknown is null."""
        fields = {"format": FORMAT, "interval": CONFIDENCE, **_plain(dataclasses.asdict(self))}
        return (json.dumps(fields, indent=1) + "\n").encode()


def forecast(
    kernel: Kernel,
    plan: Plan,
    store: Store,
    *,
    data: Mapping[str, Table] | None = None,
    budget: float = 10.0,
    vcpus: tuple[int, ...] = (),
    workers: int | None = None,
    speed: float = 1.0,
    startup: float | None = None,
    wished: float | None = None,
    prices: Prices | None = None,
    missing: str = "",
    seed: int = 0,
) -> Forecast:
    """Time a study and say what a run of it takes.

    Parameters
    ----------
    kernel, plan, store, data
        What is to be run; nothing is written.
    budget
        Seconds for the pilot.
    vcpus
        Numbers of processors to work out times for, beside this machine's.
    workers
        Processors of this machine; all when left out.
    speed
        Of a processor there beside one of this machine.
    startup
        Seconds before a child begins there; that of a fresh Python process here when left out.
    wished
        Half the width of intervals, as part of the estimates, for which trials are counted.
    prices, missing
        What machines cost, or why nobody knows.
    seed
        Of the choice of points.

    Raises
    ------
    UsageError
        If the budget is no time, or a trial raises.
    """
    workers = workers or processors()
    pilot = run_pilot(Study(kernel, plan, store, data), budget, workers, seed)
    timing, survey, study = pilot.timing, pilot.survey, pilot.study
    weights = weigh(pilot)
    startup = (process_seconds() if vcpus else 0.0) if startup is None else startup
    mean = pilot.mean_trial_seconds * plan.points * plan.trials
    kept = plan.points * plan.trials if plan.keep == "all" else 0
    cut = cut_of(mean, plan.points * plan.blocks_per_point, workers, kept, MAX_SHARDS)
    shards = cut.shards
    costs = Costs(pilot, weights)
    here = scheduled(costs, workers, cut, 0.0)
    there = Costs(pilot, weights, speed)
    elsewhere = tuple(best(there, each, startup) for each in vcpus)
    of_map, of_reduce = costs.beside(shards)
    total = survey.total.plus(of_map * shards, WRITING_ERROR)
    low, high = total.interval(CONFIDENCE)
    volume = volume_of(study, wave_of(plan, cut), weights)
    cuts = (cut, *(Cut(each.shards) for each in elsewhere))
    requests = tuple(requests_of(plan, wave_of(plan, each), volume.result) for each in cuts)
    runs = list(elsewhere)
    even = [timing.rows[unit] for unit in survey.even if unit in timing.rows]
    return Forecast(
        kernel=plan.kernel.name,
        plan=plan.hash,
        points=plan.points,
        trials=plan.trials,
        core_seconds=total.seconds,
        low=low,
        high=high,
        other_seconds=of_reduce * shards + costs.of_merge(shards),
        sampled=_sampled(pilot),
        here=here,
        elsewhere=elsewhere,
        speed=speed,
        startup=startup,
        volume=volume,
        requests=requests[0],
        requests_elsewhere=requests[1:],
        confidence=plan.confidence,
        wished=wished,
        widths=tuple(widths_of(plan, study.driver.output_kinds, even, wished)),
        prices=prices,
        missing=missing,
        bills=tuple(bills(prices, runs, low / total.seconds, high / total.seconds)) if prices else (),
        request_costs=tuple(requests_cost(prices, each) for each in requests[1:]) if prices else (),
    )


def _sampled(pilot: Pilot) -> Sampled:
    survey, units = pilot.survey, pilot.units
    space = pilot.study.plan.space

    def end(unit: int) -> tuple[int, dict[str, Any], float]:
        first, last = units.bounds(unit)
        seconds = survey.timed[unit].seconds / (last - first) * pilot.crowding
        return first, space.point(first), seconds

    ends = [end(unit) for unit in survey.timed]
    points = sum(last - first for first, last in map(units.bounds, survey.timed))
    return Sampled(
        points,
        units.points,
        survey.is_census,
        pilot.timing.trials,
        pilot.seconds,
        pilot.compile_seconds,
        pilot.noise,
        pilot.crowding,
        survey.slowest_decile,
        max(ends, key=lambda each: each[2]),
        min(ends, key=lambda each: each[2]),
    )


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not -float("inf") < value < float("inf") else value


def read_forecast(store: Store) -> dict[str, Any]:
    """Read the forecast that is kept in a store.

    Raises
    ------
    PlanError
        If there is none.
    CorruptError
        If it is no forecast.
    """
    try:
        data = store.get(keys.FORECAST)
    except ObjectNotFoundError:
        raise PlanError(
            f"{store.url} holds no forecast: `sweep forecast STUDY --store {store.url}` keeps one, before the run"
        ) from None
    try:
        fields = json.loads(data)
        if fields["format"] != FORMAT:
            raise CorruptError(f"{keys.FORECAST} has format {fields['format']}; this version reads format {FORMAT}")
        return {**fields, "core_seconds": float(fields["core_seconds"])}
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptError(f"{keys.FORECAST} is no forecast: {type(error).__name__}: {error}") from None
