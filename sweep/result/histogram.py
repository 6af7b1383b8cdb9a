"""Pictures of histograms: one outline a point, as a density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep.result.result import Result

__all__ = ["bars", "draw_histograms"]

OUTLINES = 8
LEGEND_PADDING, LEGEND_ROW = 0.03, 0.05
"""Parts of the axes' height that a legend takes."""
BARS = "▁▂▃▄▅▆▇█"
CELLS = 20


def draw_histograms(result: Result, output: str, ax: Any) -> Any:
    """Draw an output's histograms, of up to eight points; see `sweep.result.Result.plot`."""
    if len(result) > OUTLINES:
        raise UsageError(
            f"{len(result):,} points are too many histograms for one picture: hold some parameters fixed, as in "
            f"plot({output + '_histogram'!r}, {result.parameters[-1]}=...)"
        )
    if ax is None:
        from matplotlib import pyplot as plt

        _, ax = plt.subplots(layout="constrained")
    found = result.histogram(output)
    varying = [name for name in result.parameters if len(result.table[name].unique()) > 1]
    for row, point in enumerate(result):
        label = ", ".join(f"{name} = {_said(point[name])}" for name in varying)
        total = found.counts[row].sum() + found.below[row] + found.above[row]
        ax.stairs(found.counts[row] / max(total, 1) / np.diff(found.edges), found.edges, label=label)
    ax.set_xlabel(output)
    ax.set_ylabel("density")
    ax.set_ylim(bottom=0.0)
    if varying:
        room = LEGEND_PADDING + LEGEND_ROW * len(result)
        ax.set_ylim(top=ax.get_ylim()[1] / (1.0 - room))  # the highest bars stay below
        ax.legend(loc="upper right", fontsize="small")
    fixed = [name for name in result.parameters if name not in varying]
    if fixed and not ax.get_title():
        ax.set_title(", ".join(f"{name} = {_said(result.table[name][0].as_py())}" for name in fixed), fontsize="medium")
    return ax


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def bars(counts: NDArray[np.int64], cells: int = CELLS) -> str:
    """Draw counts as a line of text; what came up is never a blank.

    >>> bars(np.array([0, 1, 10, 80, 40]))
    ' ▁▂█▅'
    """
    starts = np.unique(np.arange(cells) * len(counts) // cells)
    heights = np.add.reduceat(counts, starts) / np.diff(np.append(starts, len(counts)))
    most = heights.max()
    return "".join(BARS[round(each / most * (len(BARS) - 1))] if each > 0 else " " for each in heights)
