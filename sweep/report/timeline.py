"""A picture of when jobs ran: a band a job, a line a child, waiting pale and running full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.jobs.status import Status

if TYPE_CHECKING:
    from pathlib import Path

    from sweep.jobs.timeline import Bar

__all__ = ["draw_timeline"]

_COLOURS = {Status.SUCCEEDED: "#2b6cb0", Status.FAILED: "#c53030", Status.RUNNABLE: "#dd6b20"}
_WAITING, _READY = "#edf2f7", "#cbd5e0"
_LABELS = {
    _WAITING: "waits for other jobs",
    _READY: "waits for room",
    _COLOURS[Status.SUCCEEDED]: "runs, succeeds",
    _COLOURS[Status.RUNNABLE]: "runs, is tried again",
    _COLOURS[Status.FAILED]: "runs, fails",
}
INCHES_PER_JOB = 0.9


def draw_timeline(bars: list[Bar], path: Path) -> None:
    """Draw attempts over time, in seconds since the first submission.

    Parameters
    ----------
    bars
        At least one.
    path
        Where the picture goes; its ending says in which format.
    """
    from matplotlib.figure import Figure

    jobs = list(dict.fromkeys((each.job_id, each.name) for each in sorted(bars, key=lambda each: each.submitted)))
    figure = Figure(figsize=(9, 1.2 + INCHES_PER_JOB * len(jobs)), layout="constrained")
    axes = figure.subplots()
    origin = min(each.submitted for each in bars)
    used: set[str] = set()
    for place, (job_id, _) in enumerate(jobs):
        _draw_job(axes, place, [each for each in bars if each.job_id == job_id], origin, used)
    axes.set_yticks(range(len(jobs)), [name for _, name in jobs])
    axes.invert_yaxis()
    axes.set_xlabel("seconds since the first job was submitted")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    _legend(axes, used)
    figure.savefig(path, dpi=150)


def _draw_job(axes: Any, place: int, bars: list[Bar], origin: int, used: set[str]) -> None:
    """Draw the children of one job in a band of height 0.8, all boxes of a colour as one."""
    from matplotlib.collections import PolyCollection

    size = max(each.index for each in bars) + 1
    height = 0.8 / size
    boxes: dict[str, list[list[tuple[float, float]]]] = {}
    for each in bars:
        low = place - 0.4 + each.index * height
        high = low + height * 0.92
        for start, end, colour in _stretches(each):
            left = (start - origin) / 1000
            right = left + max(end - start, 1) / 1000
            boxes.setdefault(colour, []).append([(left, low), (left, high), (right, high), (right, low)])
    for colour, corners in boxes.items():
        axes.add_collection(PolyCollection(corners, facecolors=colour, edgecolors="none"))
    used.update(boxes)
    axes.autoscale_view()


def _stretches(bar: Bar) -> list[tuple[int, int, str]]:
    """Return what a child did from when to when, and the colour for it."""
    ran_from = bar.stopped if bar.started is None else bar.started
    ready = ran_from if bar.runnable is None else bar.runnable
    stretches = [(bar.submitted, ready, _WAITING)] if bar.attempt <= 1 else []
    stretches.append((ready, ran_from, _READY))
    if bar.started is not None:
        stretches.append((bar.started, bar.stopped, _COLOURS[bar.status]))
    return [(start, end, colour) for start, end, colour in stretches if end > start or colour not in {_WAITING, _READY}]


def _legend(axes: Any, used: set[str]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, label=label) for colour, label in _LABELS.items() if colour in used]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=len(handles), frameon=False)
