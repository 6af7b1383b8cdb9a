"""Pictures of a result: a curve with its interval, or a heatmap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError, nearest
from sweep.result.histogram import draw_histograms
from sweep_kernels.outputs import grouped

if TYPE_CHECKING:
    from sweep.result.result import Result

__all__ = ["draw"]

CURVES = 8
FEW = 8


def draw(result: Result, output: str | None, ax: Any) -> Any:
    """Draw an output over the parameters that vary; see `sweep.result.Result.plot`."""
    groups = grouped(result.outputs)
    name = output or next(iter(groups))
    of = name.removesuffix("_histogram")
    if name not in result.outputs and of in dict(result.request.histograms):
        return draw_histograms(result, of, ax)
    of_vectors = _of_vectors(result)
    _require_drawable(result, name, list(of_vectors))
    if name in of_vectors:
        return _components(result, name, of_vectors[name], ax)
    if not result.parameters:
        raise UsageError("the sweep is one point without an axis: there is nothing to draw over")
    varying = [each for each in result.parameters if len(result.table[each].unique()) > 1]
    if ax is None:
        ax = _new_axes()
    with_intervals = True
    if len(varying) <= 1 or "zipped" in result.plan["space"]:
        _curve(result, name, varying[0] if varying else result.parameters[0], ax, label=None)
        ax.set_ylabel(name)
    elif len(varying) == len(("x", "y")):
        with_intervals = _two(result, name, varying, ax)
    else:
        raise UsageError(
            f"{len(varying)} parameters vary ({', '.join(varying)}): hold some fixed, as in plot({varying[-1]}=...)"
        )
    _name_few(result, varying, ax)
    if not ax.get_title():
        ax.set_title(_title(result, varying, with_intervals=with_intervals), fontsize="medium")
    return ax


def _require_drawable(result: Result, name: str, of_vectors: list[str]) -> None:
    known, vector = _with_interval(result), name.removesuffix("_histogram")
    if vector != name and f"{vector}[0]" in dict(result.request.histograms):
        raise UsageError(
            f"{vector!r} is a vector: draw the histogram of one component, as in plot('{vector}[0]_histogram')"
        )
    if name not in {*of_vectors, *known, *result.outputs}:
        whole = [*grouped(result.outputs), *of_vectors, *(each for each in known if "[" not in each)]
        raise UsageError(f"the result has no output {name!r}: {nearest(name, list(dict.fromkeys(whole)))}")


def _of_vectors(result: Result) -> dict[str, list[str]]:
    """Return what can be drawn over the components of a vector: means, and what has a column for each, as ``curve_q99`` or ``peak_curve_corr``."""
    columns = _with_interval(result)
    found: dict[str, list[str]] = {}
    for vector, length in result.vectors.items():
        found[vector] = [f"{vector}[{i}]" for i in range(length)]
        for first in columns:
            before, is_one, after = f"_{first}".partition(f"_{vector}[0]_")
            each_of = [f"{before}_{vector}[{i}]_{after}"[1:] for i in range(length)]
            if is_one and set(each_of) <= set(columns):
                found[f"{before}_{vector}_{after}"[1:]] = each_of
    return found


def _components(result: Result, name: str, each_of: list[str], ax: Any) -> Any:
    """Draw columns over the components of a vector, a curve a point."""
    if len(result) > CURVES:
        raise UsageError(
            f"{len(result):,} points have a vector {name!r} each, and {CURVES} can be drawn: hold parameters fixed, as in plot({name!r}, "
            f"{result.parameters[0]}=...)"
        )
    ax = _new_axes() if ax is None else ax
    varying = [each for each in result.parameters if len(result.table[each].unique()) > 1]
    value, low, high = (
        np.stack([result.table[column].to_numpy() for column in columns], axis=1)
        for columns in zip(*(_columns(result, each) for each in each_of), strict=True)
    )
    over = np.arange(len(each_of))
    for point, row in enumerate(result):
        label = ", ".join(f"{each} = {_said(row[each])}" for each in varying)
        (line,) = ax.plot(over, value[point], label=label)
        ax.fill_between(over, low[point], high[point], alpha=0.3, color=line.get_color(), linewidth=0)
    ax.xaxis.get_major_locator().set_params(integer=True)
    vector = next(each for each in result.vectors if f"_{each}[0]" in f"_{each_of[0]}")
    ax.set_xlabel(f"component of {vector}")
    ax.set_ylabel(name)
    if varying:
        ax.legend()
    if not ax.get_title():
        ax.set_title(_title(result, varying, with_intervals=True), fontsize="medium")
    return ax


def _new_axes() -> Any:
    from matplotlib import pyplot as plt

    return plt.subplots(layout="constrained")[1]


def _with_interval(result: Result) -> list[str]:
    """Return the columns that have an interval of their own."""
    names = (each.removesuffix("_ci_low") for each in result.table.column_names if each.endswith("_ci_low"))
    return [each for each in names if each in result.table.column_names]


def _columns(result: Result, name: str) -> tuple[str, str, str]:
    """Return the columns of what is drawn and of its interval."""
    return f"{name}_mean" if name in result.outputs else name, f"{name}_ci_low", f"{name}_ci_high"


def _title(result: Result, varying: list[str], *, with_intervals: bool) -> str:
    """Name what was held fixed, and the confidence of what is drawn beside the means."""
    fixed = [each for each in result.parameters if each not in varying]
    parts = [f"{each} = {_said(result.table[each][0].as_py())}" for each in fixed]
    if with_intervals:
        parts.append(f"{100 * result.plan.get('confidence', 0.95):g} % intervals")
    return ", ".join(parts)


def _said(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _two(result: Result, name: str, varying: list[str], ax: Any) -> bool:
    """Draw two parameters: a few curves where one has few values, else a heatmap, which has no room for intervals. Tell which."""
    counts = {each: len(result.table[each].unique()) for each in varying}
    few = min(varying, key=lambda each: counts[each])
    if counts[few] > CURVES:
        _heatmap(result, name, varying, ax)
        return False
    other = next(each for each in varying if each != few)
    for value in result.table[few].unique().to_pylist():
        _curve(
            result.where(**{few: value}),
            name,
            other,
            ax,
            label=f"{few} = {_said(value)}",
        )
    ax.set_ylabel(name)
    ax.legend()
    return True


def _curve(result: Result, name: str, over: str, ax: Any, label: str | None) -> None:
    mean, low, high = (result.table[column].to_numpy() for column in _columns(result, name))
    x = result.table[over].to_pylist()
    if isinstance(x[0], str | bool):
        ax.errorbar(list(map(str, x)), mean, [mean - low, high - mean], fmt="o", capsize=4, label=label)
    else:
        order = np.argsort(x)
        (line,) = ax.plot(np.array(x)[order], mean[order], label=label, marker="o", markersize=3)
        ax.fill_between(np.array(x)[order], low[order], high[order], alpha=0.3, color=line.get_color(), linewidth=0)
        if len(x) == 1:  # a band of no width shows nothing
            ax.errorbar(x, mean, [mean - low, high - mean], fmt="none", capsize=4, color=line.get_color())
        if _is_geometric(np.array(x, dtype=np.float64)[order]):
            ax.set_xscale("log")
    ax.set_xlabel(over)


def _heatmap(result: Result, name: str, varying: list[str], ax: Any) -> None:
    y, x = (_in_order(result.table[each].unique().to_pylist()) for each in varying)
    if len(x) * len(y) != len(result):
        raise UsageError(
            f"the points are no grid of {varying[0]} and {varying[1]}: a heatmap needs one value for each pair"
        )
    rows = {value: i for i, value in enumerate(y)}
    columns = {value: i for i, value in enumerate(x)}
    values = np.full((len(y), len(x)), np.nan)
    drawn = _columns(result, name)[0]
    for row in result.table.select([*varying, drawn]).to_pylist():
        values[rows[row[varying[0]]], columns[row[varying[1]]]] = row[drawn]
    image = ax.pcolormesh(_places(x), _places(y), values, shading="nearest")
    for axis, labels in ((ax.xaxis, x), (ax.yaxis, y)):
        if isinstance(labels[0], str | bool):
            axis.set_ticks(range(len(labels)), labels=[str(each) for each in labels])
        elif _is_geometric(np.array(labels, dtype=np.float64)):
            (ax.set_xscale if axis is ax.xaxis else ax.set_yscale)("log")
    ax.set_xlabel(varying[1])
    ax.set_ylabel(varying[0])
    ax.figure.colorbar(image, ax=ax, label=name)


def _in_order(values: list[Any]) -> list[Any]:
    """Sort numbers; text keeps the order of its first mention."""
    return values if isinstance(values[0], str) else sorted(values)


def _places(values: list[Any]) -> list[Any]:
    return list(range(len(values))) if isinstance(values[0], str | bool) else values


def _name_few(result: Result, varying: list[str], ax: Any) -> None:
    """Put the ticks of a logarithmic axis at its values, where these are few; else powers of ten stand where there is no point."""
    for axis, scale in ((ax.xaxis, ax.get_xscale()), (ax.yaxis, ax.get_yscale())):
        name = axis.get_label_text()
        if scale == "log" and name in varying:
            values = result.table[name].unique().to_pylist()
            if len(values) <= FEW:
                axis.set_ticks(values, labels=[f"{each:g}" for each in values])
                axis.set_ticks([], minor=True)


def _is_geometric(values: Any) -> bool:
    """Tell whether values are spaced by factors, over a decade at least."""
    if len(values) < 3 or np.any(values <= 0) or values[-1] < 10 * values[0]:
        return False
    steps = np.diff(np.log(values))
    return bool(np.ptp(steps) < 0.05 * abs(steps.mean())) or bool(np.all(values[1:] / values[:-1] > 2))
