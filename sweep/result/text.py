"""Results as text: for people, and for other programs."""

from __future__ import annotations

import csv
import html
import io
import itertools
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import UsageError, nearest
from sweep.request import quantile_label
from sweep.result.histogram import bars
from sweep.result.vector import sparkline
from sweep_kernels.outputs import grouped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from sweep.result.result import Result

__all__ = ["FORMATS", "as_html", "format_table", "with_interval"]

FORMATS = ("text", "csv", "json", "markdown", "parquet")
ROWS = 40
"""Of the text, where nobody says how many."""


def format_table(
    result: Result, table_format: str = "text", *, limit: int | None = None, width: int | None = None
) -> str | bytes:
    """Write a result.

    Parameters
    ----------
    result
        What to write.
    table_format
        ``"text"`` for people: a mean, its interval, digits as the standard error allows, and nothing of parameters that trials draw; the others hold
        every column in full.
    limit
        Most rows. Of the text the middle is left out, and more than 40 rows are only shown where that is asked for; of CSV, JSON and Markdown what
        comes after them. Parquet is always whole.
    width
        Columns that the text may take, where they do not break a point's parameters or one output: wider tables are written in parts, one
        under the other. Any number when left out.

    Raises
    ------
    UsageError
        If there is no such format, or a limit that is none, or beside Parquet.
    """
    if table_format not in FORMATS:
        raise UsageError(f"format {table_format!r}: {nearest(table_format, FORMATS)}")
    if limit is not None and limit < 1:
        raise UsageError(f"limit={limit} is not 1 or more")
    if table_format == "text":
        return _text(result, ROWS if limit is None else limit, width)
    if table_format == "parquet":
        if limit is not None:
            raise UsageError(
                f"limit={limit} beside parquet, which is always the whole result: text, csv, json and markdown take it"
            )
        return _parquet(result)
    rows = itertools.islice(result, limit)
    return {"csv": _csv, "json": _json, "markdown": _markdown}[table_format](result, rows)


def _parquet(result: Result) -> bytes:
    import pyarrow as pa

    from sweep.work.parquet import DIGEST, LATE, TableWriter

    metadata = {key: value for key, value in (result.table.schema.metadata or {}).items() if key != DIGEST}
    sink = pa.BufferOutputStream()
    writer = TableWriter(sink, result.table.schema, {key: metadata[key] for key in metadata if key not in LATE})
    writer.write(result.table.combine_chunks())
    writer.close({key: metadata[key] for key in metadata if key in LATE})
    return sink.getvalue().to_pybytes()


def _csv(result: Result, rows: Iterable[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(result.table.column_names)
    for row in rows:
        writer.writerow([repr(value) if isinstance(value, float) else value for value in row.values()])
    return out.getvalue().rstrip("\n")


def _json(_: Result, rows: Iterable[Mapping[str, Any]]) -> str:
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return "[\n" + ",\n".join(json.dumps(row) for row in plain) + "\n]"


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity: null for both, so that a column of numbers holds nothing else."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _markdown(result: Result, rows: Iterable[Mapping[str, Any]]) -> str:
    names = result.table.column_names
    lines = [f"| {' | '.join(names)} |", f"|{'|'.join('---' for _ in names)}|"]
    lines += [f"| {' | '.join(map(_markdown_cell, row.values()))} |" for row in rows]
    return "\n".join(lines)


def _markdown_cell(value: Any) -> str:
    return str(value).replace("|", "\\|")


def _text(result: Result, limit: int, width: int | None) -> str:
    head, rows, tail = _cells(result, limit)
    left_out = len(result) - len(rows) - len(tail)
    middle = [f"   ⋮  {left_out:,} more points"] if left_out else []
    widths = [max(map(len, column)) for column in zip(head, *rows, *tail, strict=True)]
    lines: list[str] = []
    for part in _parts(widths, len(result.parameters) + len(_counts(result)), width, 3 if result.is_weighted else 2):
        first, heading, last = ([_line(row, part, widths) for row in block] for block in (rows, [head], tail))
        rule = "─" * (sum(widths[i] for i in part) + 2 * len(part) - 2)
        lines += [*([""] if lines else []), *heading, rule, *first, *middle, *last]
    return "\n".join([*lines, *(f"warning: {each}" for each in result.warnings)])


def _parts(widths: list[int], fixed: int, width: int | None, several: int = 2) -> list[list[int]]:
    """Divide a table's columns into parts that fit: each begins with the `fixed` first columns; `several` of the others belong together.

    >>> _parts([3, 4, 6, 10, 6, 10], 2, 30)
    [[0, 1, 2, 3], [0, 1, 4, 5]]
    """
    start = list(range(fixed))
    parts = [[*start]]
    for output in range(fixed, len(widths), several):
        group = range(output, output + several)
        part = [*parts[-1], *group]
        if width is not None and parts[-1] != start and sum(widths[i] + 2 for i in part) - 2 > width:
            parts.append([*start, *group])
        else:
            parts[-1] = part
    return parts


def _line(cells: list[str], part: list[int], widths: list[int]) -> str:
    return "  ".join(cells[i].rjust(widths[i]) for i in part).rstrip()


def _cells(result: Result, limit: int) -> tuple[list[str], list[list[str]], list[list[str]]]:
    """Return the heading, the first rows, and the last rows when the middle is left out."""
    confidence = f"{100 * result.plan.get('confidence', 0.95):g}"
    head = [*result.parameters, *_counts(result)]
    interval = f"{confidence} % interval"
    for output, length in _shown(result).items():
        head += [f"{output}[{length}]", "first to last"] if length else [output, interval]
        head += ["effective n"] if result.is_weighted else []
        for level in _levels(result, output):
            head += [f"{output} {quantile_label(level).replace('_', '.')}", interval]
        for _, (low, high, _) in _histogram(result, output):
            head += [f"{output}, {low:g} to {high:g}", "below, above"]
    for a, b in _pairs(result):
        head += [f"cov({a}, {b})", interval, f"corr({a}, {b})", interval]
    spans = {name: _span(result.vector(name).mean) for name in result.vectors}
    if len(result) <= limit:
        return head, [_row(result, row, spans) for row in result], []
    last_rows = limit // 2
    ends = result.table.slice(0, limit - last_rows), result.table.slice(len(result) - last_rows)
    first, last = ([_row(result, row, spans) for row in end.to_pylist()] for end in ends)
    return head, first, last


def _counts(result: Result) -> list[str]:
    """Return the headings of what is counted: trials, and of a program those that count for no output."""
    return ["n", "left out"] if result.left_out else ["n"]


def _shown(result: Result) -> dict[str, int]:
    """Return the outputs that the kernel returns, each with its length; drawn parameters and weights are columns of the other formats only."""
    drawn = {name for name, _ in result.plan.get("draws", [])} | ({result.outputs[-1]} if result.is_weighted else set())
    return {name: length for name, length in grouped(result.outputs).items() if name not in drawn}


def _span(means: NDArray[np.float64]) -> tuple[float, float]:
    """Return the least and the greatest of a vector's means at all points, between which its bars are drawn."""
    finite = means[np.isfinite(means)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _row(result: Result, row: dict[str, Any], spans: Mapping[str, tuple[float, float]] | None = None) -> list[str]:
    cells = [_value(row[name]) for name in result.parameters]
    cells.append(f"{row['n']:,}")
    if result.left_out:
        cells.append(f"{min(row[f'{name}_nonfinite'] for name in result.outputs):,}")
    for output, length in _shown(result).items():
        if length:
            means = np.array([row[f"{output}[{i}]_mean"] for i in range(length)], dtype=np.float64)
            ends = [f"{output}[{i}]" for i in (0, length - 1)]
            first, last = (_estimate(row, f"{each}_mean", each)[0] for each in ends)
            cells += [sparkline(means, *(spans or {})[output]), f"{first} … {last}"]
        else:
            cells += _estimate(row, f"{output}_mean", output)
        if result.is_weighted:
            cells.append(
                _effective(min(row[f"{each}_ess"] for each in ([f"{output}[{i}]" for i in range(length)] or [output])))
            )
        for level in _levels(result, output):
            name = f"{output}_{quantile_label(level)}"
            cells += _estimate(row, name, name)
        for _ in _histogram(result, output):
            below, *counts, above = row[f"{output}_histogram"]
            cells += [f"|{bars(np.array(counts))}|", f"{below:,}, {above:,}"]
    for a, b in _pairs(result):
        cells += [*_estimate(row, f"{a}_{b}_cov", f"{a}_{b}_cov"), *_estimate(row, f"{a}_{b}_corr", f"{a}_{b}_corr")]
    return cells


def _estimate(row: dict[str, Any], name: str, ends: str) -> list[str]:
    """Write an estimate, and its interval, in as many digits as count."""
    return with_interval(row[name], row[f"{ends}_ci_low"], row[f"{ends}_ci_high"])


def _effective(size: float) -> str:
    """Write an effective sample size."""
    return f"{size:,.0f}" if size >= 10.0 or size == 0.0 else f"{size:.1f}"


def with_interval(value: float, low: float, high: float) -> list[str]:
    """Write an estimate, and its interval, in as many digits as count.

    >>> with_interval(-0.0123456, -0.0155, -0.0092)
    ['-0.0123', '[-0.0155, -0.0092]']
    """
    form = _form(value, _width(value, low, high))
    return [_number(value, form), f"[{_end(low, form)}, {_end(high, form)}]"]


def _width(value: float, low: float, high: float) -> float:
    """Return an interval's width; of one that is open on one side, twice its other side's."""
    sides = [each for each in (value - low, high - value) if math.isfinite(each)]
    return 2.0 * sides[0] if len(sides) == 1 else high - low


def _levels(result: Result, output: str) -> tuple[float, ...]:
    """Return the levels of an output whose quantiles are in the result: of a bool there are none."""
    asked = result.request.levels(output, "float")
    return tuple(each for each in asked if f"{output}_{quantile_label(each)}" in result.table.column_names)


def _pairs(result: Result) -> list[tuple[str, str]]:
    """Return the pairs that text shows: those of the components of vectors are too many."""
    scalars = {name for name, length in grouped(result.outputs).items() if not length}
    return [(a, b) for a, b in result.request.covariance if {a, b} <= scalars]


def _histogram(result: Result, output: str) -> list[Any]:
    return [each for each in result.request.histograms if each[0] == output]


def _value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _form(mean: float, width: float) -> str:
    """Return the format that shows two digits of an interval's width; "" where no width says how many digits count."""
    if not math.isfinite(mean) or not math.isfinite(width) or width <= 0.0:
        return ""
    decimals = 1 - math.floor(math.log10(width))
    size = max(abs(mean), width)
    if 1e-5 < size < 1e9 and decimals < 10:
        return f",.{max(decimals, 0)}f"
    return f".{min(max(math.floor(math.log10(size)) + decimals, 3), 16)}e"


LONGEST = 1e15
"""From here on a number is written with its exponent."""


def _number(value: float, form: str) -> str:
    """Write a number.

    >>> _number(1234.5, ""), _number(5.9e259, "")
    ('1,234.5', '5.9e+259')
    """
    if not form:
        is_short = value == round(value, 4) and abs(value) < LONGEST
        return _bare(f"{value:,.4f}") if is_short or not math.isfinite(value) else repr(value)
    return "0" if form.endswith("e") and value == 0.0 else f"{value:{form}}"


def _bare(text: str) -> str:
    """Leave out zeros that say nothing: no interval's width stands behind them."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _end(value: float, form: str) -> str:
    """Write an end of an interval; zero is written with no more digits than it has, and nothing else as zero.

    >>> _end(5.06e-8, ",.6f"), _end(0.0123, ",.6f"), _end(0.0, ",.6f")
    ('5.1e-08', '0.012300', '0')
    """
    if value == 0.0:
        return "0"
    text = _number(value, form)
    is_zero = bool(form) and value != 0.0 and float(text.replace(",", "")) == 0.0
    return f"{value:.2g}" if is_zero else text


def as_html(result: Result, limit: int = 20) -> str:
    """Write a result as an HTML table, for notebooks."""
    head, rows, tail = _cells(result, limit)
    lines = [_html_row("th", head), *(_html_row("td", row) for row in rows)]
    left_out = len(result) - len(rows) - len(tail)
    if left_out:
        lines.append(f"<tr><td colspan={len(head)}>⋮ {left_out:,} more points</td></tr>")
        lines += [_html_row("td", row) for row in tail]
    notes = "".join(f"<p>⚠ {html.escape(each)}</p>" for each in result.warnings)
    return f"<table>{''.join(lines)}</table>{notes}"


def _html_row(tag: str, cells: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
