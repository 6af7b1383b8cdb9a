"""Two variants of a study on common random numbers, trial by trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.cases import kept_tables
from sweep.errors import UsageError, nearest
from sweep.holdings import require_plan
from sweep.paired import Difference, difference_of_means, difference_of_proportions, difference_of_weighted

if TYPE_CHECKING:
    import os

    import pyarrow as pa
    from numpy.typing import NDArray

    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """What two variants differ by, second minus first.

    Attributes
    ----------
    table
        Arrow, a row a pair of points: the parameters that both share; those that differ, as ``<name>_first`` and ``<name>_second``; ``n`` pairs of
        trials; ``first`` and ``second``, the means; ``difference`` with ``stderr``, ``ci_low`` and ``ci_high``; ``gain``, how many times as
        many trials with draws of their own would have been needed for that standard error.
    output
        What was compared.
    left_out
        How many pairs do not count: a trial of them failed, or has no finite value.
    confidence
        Of the intervals.
    """

    table: pa.Table
    output: str
    left_out: int
    confidence: float

    def __len__(self) -> int:
        return self.table.num_rows


@dataclass(frozen=True)
class _Side:
    """One sweep's kept trials of an output, by point and trial; of weighted trials, times the weight. And runs of a program that failed."""

    plan: Plan
    trials: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64]
    failed: NDArray[np.int64]
    failed_starts: NDArray[np.int64]
    is_proportion: bool
    is_weighted: bool

    def of(self, point: int, n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the kept trials below `n` of a point, and their values."""
        rows = slice(self.starts[point], self.starts[point + 1])
        below = int(np.searchsorted(self.trials[rows], n))
        return self.trials[rows][:below], self.values[rows][:below]

    def lacking(self, point: int, n: int) -> NDArray[np.int64]:
        """Return the trials below `n` of a point of which a program gave no value."""
        if not self.plan.kernel.is_program:
            return np.empty(0, np.int64)
        if self.plan.keep != "all":
            failed = self.failed[self.failed_starts[point] : self.failed_starts[point + 1]]
            return failed[failed < n]
        trials, values = self.of(point, n)
        return np.setdiff1d(np.arange(n), trials[~np.isnan(values)], assume_unique=True)


def compare(
    first: str | os.PathLike[str] | Store,
    second: str | os.PathLike[str] | Store | None = None,
    *,
    by: str | None = None,
    output: str | None = None,
) -> Comparison:
    """Compare two sweeps that had the same draws, point by point; or the points of one sweep along a parameter.

    Each trial is compared with the one that had its draws, so what chance does to both falls out of the difference. For this the trials must
    have been kept: ``keep="collision"`` is enough to compare collisions, ``keep="all"`` is needed for anything else. Pairs of which one
    trial is the run of a program that failed are left out.

    Parameters
    ----------
    first
        The store of a sweep that keeps trials.
    second
        Of another one with the same seed and as many points: point 0 is compared with point 0, and so on.
    by
        Without `second`: a parameter of a sweep with ``common_random_numbers=True``. The points with its first value are compared with those
        of each other value that have the same other parameters.
    output
        What to compare; when left out, the output whose trials are kept, or the first one.

    Raises
    ------
    PlanError
        If there is no sweep.
    UsageError
        If the sweeps had other draws, have not kept what is to be compared, or are not finished.

    Examples
    --------
    >>> from sweep import Sweep, grid, kernel
    >>> @kernel(outputs=["hit"])
    ... def shot(rng, spread):
    ...     return abs(spread * rng.normal()) < 1.0
    >>> study = Sweep(shot, grid(spread=[1.0, 1.1]), trials=10_000, keep="hit", common_random_numbers=True)
    >>> _ = study.run("memory://doctest-compare")
    >>> row = compare("memory://doctest-compare", by="spread").table.to_pylist()[0]
    >>> row["n"], row["ci_low"] < row["difference"] < row["ci_high"] < 0.0, row["gain"] > 5.0
    (10000, True, True)
    """
    from sweep.store import open_store

    if (second is None) == (by is None):
        raise UsageError("compare two sweeps, or one along a parameter: give a second store, or by='parameter'")
    plan = require_plan(open_store(first))
    name = _output(plan, output)
    a = _side(open_store(first), plan, name)
    if second is None:
        b, pairs = a, _along(plan, str(by))
    else:
        other = require_plan(open_store(second))
        _require_same_draws(plan, other)
        b, pairs = _side(open_store(second), other, _output(other, name)), [(i, i) for i in range(plan.points)]
    found = [_difference(a, b, *pair) for pair in pairs]
    left_out = sum(min(plan.trials, b.plan.trials) - each.n for each in found)
    return Comparison(_table(plan, b.plan, pairs, found), name, left_out, plan.confidence)


def _output(plan: Plan, output: str | None) -> str:
    """Return which output is compared, and see that what is kept is enough for it."""
    outputs = plan.kernel.outputs
    name = output or (plan.keep if plan.keep in outputs else next(iter(outputs)))
    if name not in outputs:
        raise UsageError(f"the sweep has no output {name!r}: {nearest(name, outputs)}")
    if plan.keep and plan.keep not in {"all", name}:
        raise UsageError(
            f"the sweep keeps the trials where {plan.keep!r} is true, which tell nothing of {name!r} in the others: run it with keep='all'"
        )
    return name


def _require_same_draws(first: Plan, second: Plan) -> None:
    for name, a, b in (
        ("seed", first.seed, second.seed),
        ("common_random_numbers", first.common_random_numbers, second.common_random_numbers),
        ("points", first.points, second.points),
    ):
        if a != b:
            raise UsageError(f"the sweeps have no trials in common: {name}={a} in the first, {name}={b} in the second")


def _along(plan: Plan, by: str) -> list[tuple[int, int]]:
    """Pair the points of the parameter's first value with those of the others."""
    names = [each.name for each in plan.space.parameters]
    if by not in names:
        raise UsageError(f"the sweep has no parameter {by!r}: {nearest(by, names)}")
    if not plan.common_random_numbers:
        raise UsageError(
            "the sweep's points have draws of their own: run it with common_random_numbers=True to compare them"
        )
    first: dict[tuple[Any, ...], int] = {}
    pairs: list[tuple[int, int]] = []
    rows = plan.space.arrow(0, plan.points).to_pylist()
    base = rows[0][by]
    for point, row in enumerate(rows):
        if row[by] == base:
            first.setdefault(tuple(value for name, value in row.items() if name != by), point)
    for point, row in enumerate(rows):
        fellow = first.get(tuple(value for name, value in row.items() if name != by))
        if row[by] != base and fellow is not None:
            pairs.append((fellow, point))
    if not pairs:
        raise UsageError(f"no two points differ in {by!r} alone from those with {by}={base!r}")
    return pairs


def _side(store: Store, plan: Plan, output: str) -> _Side:
    """Read the kept trials of an output."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from sweep.failed import read_failures
    from sweep.holdings import Holdings

    weight = plan.kernel.outputs[-1] if plan.kernel.is_weighted else ""
    columns = [output, *({weight} - {"", output})]
    tables = [each.select(["point", "trial", *columns]) for each in kept_tables(store, plan)]
    held = Holdings.look(store, lambda _: None, plan)
    if held.missing(plan) or not tables:
        raise UsageError(f"the sweep in {store.url} is not finished: run it again to finish it")
    table = pa.concat_tables(tables).sort_by([("point", "ascending"), ("trial", "ascending")])
    values = table[output].combine_chunks()
    numbers = values.to_numpy(zero_copy_only=False).astype(np.float64)
    failures = read_failures(store, plan, held).filter(pc.field("failed"))
    failed_starts = np.searchsorted(failures["point"].to_numpy(), np.arange(plan.points + 1))
    if plan.kernel.is_program and plan.keep == output:
        _require_no_other_lacks(store, plan, output, np.diff(failed_starts))
    return _Side(
        plan,
        table["trial"].to_numpy(),
        numbers * table[weight].to_numpy() if len(columns) > 1 else numbers,
        np.searchsorted(table["point"].to_numpy(), np.arange(plan.points + 1)),
        failures["trial"].to_numpy(),
        failed_starts,
        is_proportion=pa.types.is_boolean(values.type),
        is_weighted=plan.kernel.is_weighted,
    )


def _require_no_other_lacks(store: Store, plan: Plan, output: str, failed: NDArray[np.int64]) -> None:
    """See that only failed trials lack an output: those that were not kept, and did not fail, are taken to be false."""
    from sweep.result.opening import open_result

    result = open_result(store)
    if result.plan.get("hash") != plan.hash:  # of fewer trials: the run that added some was ended before its last step
        raise UsageError(f"the sweep in {store.url} is not finished: run it again to finish it")
    if np.any(result.table[f"{output}_nonfinite"].to_numpy() > failed):
        raise UsageError(
            f"some trials of the sweep in {store.url} have no {output!r}, though they did not fail, and are not kept: run it with keep='all'"
        )


def _difference(a: _Side, b: _Side, first: int, second: int) -> Difference:
    """Compare two points; pairs of which a program gave no value are left out."""
    n, confidence = min(a.plan.trials, b.plan.trials), a.plan.confidence
    (trials_a, values_a), (trials_b, values_b) = a.of(first, n), b.of(second, n)
    lacking = np.union1d(a.lacking(first, n), b.lacking(second, n))
    is_weighted = a.is_weighted or b.is_weighted
    if is_weighted or not (a.is_proportion and b.is_proportion):
        compared = difference_of_weighted if is_weighted else difference_of_means
        one, other = (
            np.delete(_filled(n, trials, values), lacking)
            for trials, values in ((trials_a, values_a), (trials_b, values_b))
        )
        return compared(one, other, confidence)
    hits_a, hits_b = (
        np.setdiff1d(trials[values != 0.0], lacking, assume_unique=True)
        for trials, values in ((trials_a, values_a), (trials_b, values_b))
    )
    both = len(np.intersect1d(hits_a, hits_b, assume_unique=True))
    return difference_of_proportions(both, len(hits_a) - both, len(hits_b) - both, n - len(lacking), confidence)


def _filled(n: int, trials: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a value for each of `n` trials: 0 for those that were not kept, of which the output was not true."""
    if len(trials) == n:
        return values
    filled = np.zeros(n)
    filled[trials] = values
    return filled


def _table(first: Plan, second: Plan, pairs: list[tuple[int, int]], found: list[Difference]) -> pa.Table:
    """Lay out parameters and differences."""
    import pyarrow as pa

    a, b = (
        plan.space.arrow(0, plan.points).take(pa.array([pair[side] for pair in pairs]))
        for side, plan in enumerate((first, second))
    )
    columns: dict[str, Any] = {}
    for name in dict.fromkeys([*a.column_names, *b.column_names]):
        given = {suffix: each[name] for suffix, each in (("first", a), ("second", b)) if name in each.column_names}
        if len(given) > 1 and given["first"].equals(given["second"]):
            columns[name] = given["first"]
        else:
            columns |= {f"{name}_{suffix}": each for suffix, each in given.items()}
    names = {"value": "difference", "low": "ci_low", "high": "ci_high"}
    for field, values in zip(Difference._fields, zip(*found, strict=True), strict=True):
        columns[names.get(field, field)] = pa.array(values)
    order = ("n", "first", "second", "difference", "stderr", "ci_low", "ci_high", "gain")
    return pa.table({name: columns[name] for name in (*(each for each in columns if each not in order), *order)})
