"""Plain tables on a terminal, and the same as JSON for programs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["print_json", "print_list", "print_table"]

GAP = "  "
NARROWEST = 8
"""Characters of a column that gives way."""


def print_table(
    columns: list[str], rows: list[list[Any]], *, cut: Collection[str] = (), spare: Collection[str] = ()
) -> None:
    """Print rows under a header; numbers to the right.

    Parameters
    ----------
    cut
        Columns that are made narrower, the widest first, where lines are longer than the terminal has columns; it counts as 80 where there is none.
    spare
        Columns that are left out where nothing is in them.
    """
    texts = [[_text(each) for each in row] for row in rows]
    numeric = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    widths = [max(len(each) for each in (name, *(row[i] for row in texts))) for i, name in enumerate(columns)]
    for i, name in enumerate(columns):
        if name in spare and rows and not any(row[i] for row in texts):
            widths[i] = 0
    _fit(widths, [i for i, name in enumerate(columns) if name in cut], shutil.get_terminal_size().columns)
    for line in (columns, *texts):
        cells = [
            _cut(each, width).rjust(width) if right else _cut(each, width).ljust(width)
            for each, width, right in zip(line, widths, numeric, strict=True)
            if width
        ]
        typer.echo(GAP.join(cells).rstrip())


def _fit(widths: list[int], cut: list[int], room: int) -> None:
    """Narrow columns, the widest first, until a line has room, or they cannot be narrower."""
    over = sum(widths) + len(GAP) * (sum(map(bool, widths)) - 1) - room
    for _ in range(over):
        widest = max(cut, key=lambda i: widths[i], default=None)
        if widest is None or widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1


def _cut(text: str, width: int) -> str:
    """Leave out the middle: the end often tells names apart."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"


def print_list(
    found: list[dict[str, Any]],
    columns: list[str],
    row: Callable[[dict[str, Any]], list[Any]],
    *,
    as_json: bool,
    cut: Collection[str] = (),
    spare: Collection[str] = (),
) -> None:
    """Print what an engine told: a row each, or all of it as JSON."""
    if as_json:
        print_json(found)
    else:
        print_table(columns, [row(each) for each in found], cut=cut, spare=spare)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(value))
