"""What is to be said of estimates from weighted trials: on how many effective trials they rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.outputs import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.result.result import Result

__all__ = ["FEW", "small_sizes"]

FEW = 100
"""Effective trials below which an estimate's error, which is estimated from the same weights, may be far too small; also 10 % of relative error."""

MUCH = 0.05
"""Part of the sum of squares that one trial may be. Of weights with a variance it falls as trials grow; of those without it stays, often above it."""


def small_sizes(result: Result) -> Iterator[str]:
    """Say of which outputs the effective sample size is small, or the error not to be believed, a line each; a vector has one line."""
    drawn = {name for name, _ in result.plan.get("draws", [])}
    for name, length in grouped(result.outputs[:-1]).items():
        if name in drawn:
            continue
        components = [f"{name}[{i}]" for i in range(length)] if length else [name]
        each_of = np.array([result.table[f"{each}_ess"].to_numpy() for each in components])
        sizes, none = np.min(each_of, axis=0), int(np.count_nonzero(np.all(each_of == 0.0, axis=0)))
        few = sizes[sizes < FEW]
        if len(few):
            yield f"{name}: {_told(few, len(sizes), none)}"
        parts = np.max([result.table[f"{each}_heaviest"].to_numpy() for each in components], axis=0)
        much = int(np.count_nonzero((parts > MUCH) & (sizes >= FEW)))
        if much:
            yield f"{name}: {_much(much, len(sizes))}"
        lost = np.isnan(each_of) & np.isfinite([result.table[f"{each}_mean"].to_numpy() for each in components])
        if lost.any():
            yield f"{name}: {_lost(int(np.count_nonzero(lost.any(axis=0))), len(sizes))}"


def _told(sizes: np.ndarray, points: int, none: int) -> str:
    """Say at how many points how few there are, and what can be done."""
    if none == len(sizes):
        where = "" if none == points == 1 else f" at {none:,} of {points:,} points"
        return f"no trial with a weight above 0 has any of it{where}, so nothing is known of it there: choose a proposal that makes it happen"
    where = "its estimate rests" if points == 1 else f"at {len(sizes):,} of {points:,} points its estimate rests"
    least = f"{sizes.min():,.3g}" if points == 1 else f"fewer than {FEW}"
    of_several = "" if points == 1 else f" ({sizes.min():,.3g} at the least)"
    return f"{where} on {least} effective trials{of_several}, and may be further off than its interval says: choose another proposal, or more trials"


def _much(much: int, points: int) -> str:
    """Say at how many points an error rests on one trial."""
    where = "" if points == 1 else f"at {much:,} of {points:,} points "
    return f"{where}one trial is over {100.0 * MUCH:g} % of all that its error comes from, and the interval may be far too narrow: widen the proposal"


def _lost(lost: int, points: int) -> str:
    """Say at how many points weights have no squares."""
    where = "" if points == 1 else f"at {lost:,} of {points:,} points "
    return f"{where}its weights are too large or too small to be squared as floats, so its error is unknown: choose another proposal"
