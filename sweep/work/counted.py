"""The columns of a result that come from counts: quantiles and histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import CorruptError
from sweep.work.lists import lists_of
from sweep.work.quantiles import quantile_columns
from sweep_kernels.statistics import FINITE, LARGEST, SMALLEST
from sweep_kernels.tallies import Histogram

if TYPE_CHECKING:
    from sweep.plan import Plan
    from sweep.work.counts import Counts
    from sweep.work.rows import Rows

__all__ = ["counted_columns"]


def counted_columns(plan: Plan, rows: Rows, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return each output's columns.

    Parameters
    ----------
    plan
        What is asked for.
    rows
        One a point.
    kinds
        Of the outputs.

    Raises
    ------
    CorruptError
        If a point's counts are not those of its trials.
    """
    request, outputs = plan.request, plan.kernel.columns
    columns: list[dict[str, Any]] = [{} for _ in outputs]
    for tally, counts in zip(request.tallies(outputs, kinds).counted, rows.counts, strict=True):
        name, kind, slots = outputs[tally.output], kinds[tally.output], rows.statistics[:, tally.output]
        _check_total(counts, slots[:, FINITE], rows, name)
        if isinstance(tally, Histogram):
            columns[tally.output][f"{name}_histogram"] = _lists(counts, tally)
            continue
        columns[tally.output] |= quantile_columns(
            name,
            kind,
            counts=counts,
            levels=request.levels(name, kind),
            relative_error=request.relative_error,
            smallest=slots[:, SMALLEST],
            largest=slots[:, LARGEST],
            confidence=plan.confidence,
        )
    return columns


def _check_total(counts: Counts, finite: Any, rows: Rows, name: str) -> None:
    total = counts.total
    wrong = np.flatnonzero(total != finite)
    if len(wrong):
        point = int(rows.point[wrong[0]])
        raise CorruptError(
            f"{int(total[wrong[0]]):,} values of {name} are counted at point {point}, not {int(finite[wrong[0]]):,}"
        )


def _lists(counts: Counts, histogram: Histogram) -> Any:
    """Lay out how many values are below, in each bin, and above, as a list for each point."""
    width = histogram.bins + 2
    dense = np.zeros(len(counts.length) * width, dtype=np.int64)
    dense[counts.row * width + counts.bin + 1] = counts.count
    return lists_of(np.full(len(counts.length), width), dense)
