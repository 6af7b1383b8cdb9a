"""Plain tables on a terminal, and the same as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["print_json", "print_list", "print_table"]


def print_table(columns: list[str], rows: list[list[Any]]) -> None:
    """Print rows under a header; numbers to the right."""
    texts = [[_text(each) for each in row] for row in rows]
    numeric = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(columns))]
    widths = [max(len(each) for each in (name, *(row[i] for row in texts))) for i, name in enumerate(columns)]
    for line in (columns, *texts):
        cells = [
            each.rjust(width) if right else each.ljust(width)
            for each, width, right in zip(line, widths, numeric, strict=True)
        ]
        typer.echo("  ".join(cells).rstrip())


def print_list(
    found: list[dict[str, Any]], columns: list[str], row: Callable[[dict[str, Any]], list[Any]], *, as_json: bool
) -> None:
    """Print what an engine told: a row each, or all of it as JSON."""
    if as_json:
        print_json(found)
    else:
        print_table(columns, [row(each) for each in found])


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:g}"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(value))
