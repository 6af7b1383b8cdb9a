"""``sweep show``: the result as a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.options import StoreArgument, opened_store, output_width
from sweep.errors import UsageError

if TYPE_CHECKING:
    from sweep.result import Result
    from sweep.store import Store

__all__ = ["command"]


def command(
    store: StoreArgument,
    table_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="text|csv|json|markdown|parquet",
            autocompletion=lambda: ["text", "csv", "json", "markdown", "parquet"],
            help="How to print it.",
        ),
    ] = "text",
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Most rows; the middle of the text is cut, the end of other formats.  [default: 40 of the text, else all]",
            show_default=False,
        ),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(metavar="N", help="Only the N points where an output is greatest.", show_default=False),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which output or column, with --worst.  [default: the first output]"),
    ] = None,
    smallest: Annotated[bool, typer.Option("--smallest", help="With --worst: where it is smallest.")] = False,
) -> None:
    """Print the result of a finished sweep."""
    from sweep.result import format_table, open_result

    if worst is None and (by is not None or smallest):
        raise UsageError(
            f"{'--smallest' if by is None else f'--by {by}'} says which points are the worst: give --worst N, too"
        )
    place = opened_store(store)
    result = open_result(place)
    _note_newer(place, result)
    if worst is not None:
        result = result.worst(worst, by, smallest=smallest)
    text = format_table(result, table_format, limit=limit, width=output_width())
    if isinstance(text, bytes):
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    else:
        typer.echo(text)


def _note_newer(place: Store, result: Result) -> None:
    """Say so when the store's plan has gone on since the result was made; a plan that cannot be read is an error here too."""
    from sweep.holdings import read_plan

    plan = read_plan(place)
    if plan is not None and plan.hash != result.plan.get("hash"):
        typer.echo(
            f"sweep: this is the result of an earlier plan, of {result.plan.get('trials'):,} trials a point and {len(result):,} points; "
            f"the store's plan is for {plan.trials:,} and {plan.points:,}: run it again to finish it",
            err=True,
        )
