"""How what a plan asks for beyond statistics is named in a shard's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.work.rows import Tallied
from sweep_kernels.tallies import Sketch

if TYPE_CHECKING:
    from sweep.plan import Plan

__all__ = ["tallied"]


def tallied(plan: Plan, kinds: tuple[str, ...]) -> Tallied:
    """Return the names: ``<output>_sketch``, ``<output>_histogram``, in the order of `sweep_kernels.tallies.Tallies`."""
    tallies = plan.request.tallies(plan.kernel.columns, kinds)
    names = (
        f"{plan.kernel.columns[each.output]}_{'sketch' if isinstance(each, Sketch) else 'histogram'}"
        for each in tallies.counted
    )
    return Tallied(len(tallies.pairs), tuple(names))
