"""Bytes that a run writes, and the seconds that writing and merging take: from what was timed, in the formats of a run."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.forecast.requests import kept_objects
from sweep.forecast.rows import map_rows, reduce_rows
from sweep.forecast.timing import seconds_of
from sweep.ledger import Wave
from sweep.rectangle import Rectangle
from sweep.shares import Cut
from sweep.work import keys
from sweep.work.label import label
from sweep.work.merge import result_table
from sweep.work.parquet import decode, encode
from sweep.work.rows import Rows, concatenated, finished
from sweep.work.simulate import KINDS
from sweep.work.tallied import tallied
from sweep_kernels.statistics import FINITE, SQUARES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sweep.forecast.pilot import Pilot
    from sweep.plan import Plan
    from sweep.work.study import Study

__all__ = ["Volume", "Weights", "volume_of", "wave_of", "weigh"]

MOST_ROWS = 4096
FEWEST_ROWS = 512

TIMING_BYTES, NPY_BYTES = 96, 128
"""Of what a shard says it took, and of what stands before an array's values."""


@dataclass(frozen=True)
class Line:
    """What an object of so many rows takes: something in any case, and something for each row."""

    fixed: float
    each: float

    def __call__(self, rows: float) -> float:
        """Return what one object of `rows` rows takes."""
        return self.fixed + self.each * rows

    def plus(self, each: float) -> Line:
        """Add something for each row."""
        return Line(self.fixed, self.each + each)

    @classmethod
    def through(cls, one: float, many: float, rows: int) -> Line:
        """Draw the line through an object of one row and one of `rows`."""
        slope = max(many - one, 0.0) / (rows - 1) if rows > 1 else one
        return cls(max(one - slope, 0.0), slope)


@dataclass(frozen=True)
class Weights:
    """Bytes and seconds of the objects of a study.

    Attributes
    ----------
    map_bytes, reduce_bytes, result_bytes
        By rows.
    map_seconds, reduce_seconds
        That map and reduce take for an object, beside the trials.
    merge_seconds
        That merge takes for a shard and for each of its rows.
    kept_bytes, kept_seconds
        Of an object of kept trials, by trials.
    kept_share
        Part of the trials that are kept.
    """

    map_bytes: Line
    reduce_bytes: Line
    result_bytes: Line
    map_seconds: Line
    reduce_seconds: Line
    merge_seconds: Line
    kept_bytes: Line
    kept_seconds: Line
    kept_share: float


@dataclass(frozen=True)
class Volume:
    """What a store holds after a run: bytes by kind of object, and how many objects."""

    map: float
    reduce: float
    result: float
    trials: float
    other: float
    objects: int

    @property
    def bytes(self) -> float:
        """All of it."""
        return self.map + self.reduce + self.result + self.trials + self.other


def wave_of(plan: Plan, cut: Cut) -> Wave:
    """Return the wave of a run of a whole plan in a fresh store."""
    whole = Rectangle(0, plan.points, 0, plan.blocks_per_point)
    return Wave.of(plan, 1, Cut(whole.blocks) if cut.shards > whole.blocks else cut, [whole])


def weigh(pilot: Pilot) -> Weights:
    """Write what was timed as a run writes it."""
    study, timing = pilot.study, pilot.timing
    plan, kinds = study.plan, study.driver.output_kinds
    rows = _as_of_run(study, [timing.rows[unit] for unit in sorted(timing.rows)])
    wave, count = wave_of(plan, Cut(1)), len(rows)
    name = keys.shard_key(keys.MAP, 1, 0)
    metadata = {KINDS: json.dumps(kinds).encode()} | label(name, wave, 0)

    def written(some: Rows) -> bytes:
        return encode(some.to_arrow(plan.kernel.columns, kinds, tallied(plan, kinds)), metadata)

    def reduced(data: bytes) -> bytes:
        return written(finished(_read(study, data), plan.block_size))

    def result(some: Rows) -> bytes:
        return encode(result_table(plan, some, kinds, 0, len(some)), {b"sweep.plan": plan.to_json()})

    def line(of: Callable[[Any], Any], small: Any, large: Any, by: Callable[..., float]) -> Line:
        return Line.through(by(of, small), by(of, large), len(many))

    one, many = rows.take(slice(0, 1)), _enough(rows)
    small, large = written(one), written(many)
    return Weights(
        map_bytes=line(written, one, many, _size),
        reduce_bytes=line(reduced, small, large, _size),
        result_bytes=Line.through(_size(result, one), _size(result, rows), count),
        map_seconds=line(written, one, many, _seconds),
        reduce_seconds=line(reduced, small, large, _seconds),
        merge_seconds=line(lambda each: finished(_read(study, each), plan.block_size), small, large, _seconds).plus(
            Line.through(_seconds(result, one), _seconds(result, rows), count).each
        ),
        kept_share=pilot.kept_share,
        **_of_kept(timing.tables),
    )


def _size(of: Callable[[Any], bytes], given: Any) -> float:
    return float(len(of(given)))


def _seconds(of: Callable[[Any], Any], given: Any) -> float:
    return seconds_of(lambda: of(given))


def _read(study: Study, data: bytes) -> Rows:
    kinds = study.driver.output_kinds
    return Rows.from_arrow(decode(data, "forecast"), study.kernel.columns, kinds, tallied(study.plan, kinds))


def _as_of_run(study: Study, timed: list[Rows]) -> Rows:
    """Make the rows of the first points of what was found at others, with the numbers of trials that a run's have."""
    rows = finished(concatenated(timed), study.plan.block_size).take(slice(0, MOST_ROWS))
    count, plan = len(rows), study.plan
    where = {"point": np.arange(count), "block": np.zeros(count, np.int64)}
    if plan.request.counts:  # which must be those of the trials that were counted
        return dataclasses.replace(rows, **where)
    factor = plan.trials / rows.trials
    statistics = rows.statistics.copy()
    statistics[:, :, FINITE] = np.round(statistics[:, :, FINITE] * factor[:, None])
    statistics[:, :, SQUARES] *= factor[:, None]
    return dataclasses.replace(
        rows,
        **where,
        blocks=np.full(count, plan.blocks_per_point),
        trials=np.full(count, plan.trials),
        hits=np.round(rows.hits * factor[:, None]).astype(np.int64),
        statistics=statistics,
    )


def _enough(rows: Rows) -> Rows:
    """Repeat few rows with other digits, so that they weigh what as many unlike ones do; whole numbers stay what they are."""
    times = -(-FEWEST_ROWS // len(rows))
    if times == 1 or (rows.counts and len(rows) > 1):
        return rows  # counts are whole numbers, and repeated ones would weigh nothing
    many = rows.take(np.tile(np.arange(len(rows)), times))
    dice = np.random.default_rng(0)

    def unlike(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(values == np.rint(values), values, values * (1.0 + 1e-3 * dice.random(values.shape)))

    statistics, comoments = unlike(many.statistics), unlike(many.comoments)
    return dataclasses.replace(many, point=np.arange(len(many)), statistics=statistics, comoments=comoments)


def _of_kept(kept: list[Any]) -> dict[str, Line]:
    """Weigh kept trials."""
    import pyarrow as pa

    if not kept:
        return {"kept_bytes": Line(0.0, 0.0), "kept_seconds": Line(0.0, 0.0)}
    table = pa.concat_tables(kept)
    count = max(table.num_rows, 1)
    return {
        "kept_bytes": Line.through(_size(encode, table.slice(0, 1)), _size(encode, table), count),
        "kept_seconds": Line.through(_seconds(encode, table.slice(0, 1)), _seconds(encode, table), count),
    }


def volume_of(study: Study, wave: Wave, weights: Weights) -> Volume:
    """Add up the objects of a run."""
    plan = study.plan
    mapped, reduced = map_rows(plan, wave), reduce_rows(plan, wave)
    kept = kept_objects(plan, wave)
    kept_rows = plan.points * plan.trials * weights.kept_share
    other = len(plan.to_json()) + len(wave.to_json()) + TIMING_BYTES * wave.shards + _given_bytes(study)
    return Volume(
        map=sum(map(weights.map_bytes, mapped)),
        reduce=sum(map(weights.reduce_bytes, reduced)),
        result=weights.result_bytes(plan.points),
        trials=kept * weights.kept_bytes.fixed + kept_rows * weights.kept_bytes.each if kept else 0.0,
        other=float(other),
        objects=3 * wave.shards + kept + 3 + len(plan.data) + len(plan.space.tables()),
    )


def _given_bytes(study: Study) -> int:
    """Return the bytes of the tables that come with a plan."""
    tables = sum(len(encode(each)) for each in study.plan.space.tables().values())
    return tables + sum(np.asarray(each).nbytes + NPY_BYTES for each in study.tables.values())
