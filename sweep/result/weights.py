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


def small_sizes(result: Result) -> Iterator[str]:
    """Say of which outputs the effective sample size is small, a line each; a vector has one line."""
    drawn = {name for name, _ in result.plan.get("draws", [])}
    for name, length in grouped(result.outputs[:-1]).items():
        if name in drawn:
            continue
        columns = [f"{name}[{i}]_ess" for i in range(length)] if length else [f"{name}_ess"]
        sizes = np.min([result.table[column].to_numpy() for column in columns], axis=0)
        few, none = np.flatnonzero(sizes < FEW), int(np.count_nonzero(sizes == 0.0))
        if len(few):
            yield f"{name}: {_told(sizes[few], len(sizes), none)}"


def _told(sizes: np.ndarray, points: int, none: int) -> str:
    """Say at how many points how few there are, and what can be done."""
    if none == len(sizes):
        where = "" if none == points == 1 else f" at {none:,} of {points:,} points"
        return f"no trial that was drawn has any of it{where}, so nothing is known of it there: choose a proposal that makes it happen"
    where = "its estimate rests" if points == 1 else f"at {len(sizes):,} of {points:,} points its estimate rests"
    least = (
        f"{sizes[sizes > 0.0].min():,.3g} effective trials{', or none' if none else ''}"
        if points == 1
        else (f"fewer than {FEW} effective trials ({sizes.min():,.3g} at the least)")
    )
    return f"{where} on {least}, and may be further off than its interval says: choose another proposal, or more trials"
