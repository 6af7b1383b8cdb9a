"""``sweep show``: the result as a table."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sweep.cli.options import StoreArgument

__all__ = ["command"]


def command(
    store: StoreArgument,
    table_format: Annotated[
        str, typer.Option("--format", metavar="text|csv|json|markdown|parquet", help="How to print it.")
    ] = "text",
    limit: Annotated[int, typer.Option(metavar="N", help="Rows of the text table; the middle is cut.")] = 40,
) -> None:
    """Print the result of a finished sweep."""
    from sweep.result import format_table, open_result

    text = format_table(open_result(store), table_format, limit=limit)
    if isinstance(text, bytes):
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    else:
        typer.echo(text)
