"""``sweep compare``: two variants on the same draws."""

from __future__ import annotations

from math import isfinite, isnan
from typing import Annotated, Any

import typer

from sweep.cli.options import StoreArgument, counted, opened_store
from sweep.cli.table import print_json, print_table
from sweep.errors import UsageError

__all__ = ["command"]


def command(
    store: StoreArgument,
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="[OTHER]", help="The store of the second variant, with the same seed.", show_default=False
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="PARAMETER", help="Without OTHER: the parameter whose values are compared.", show_default=False
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="What to compare.  [default: the output whose trials are kept, or the first]"
        ),
    ] = None,
    table_format: Annotated[
        str,
        typer.Option("--format", metavar="text|json", autocompletion=lambda: ["text", "json"], help="How to print it."),
    ] = "text",
) -> None:
    """Compare two sweeps with the same draws, or the points of one with common random numbers, trial by trial."""
    from sweep.comparison import compare
    from sweep.result.text import with_interval

    if table_format not in {"text", "json"}:
        raise UsageError(f"format {table_format!r}: expected one of 'text', 'json'")
    if (other is None) == (by is None):
        raise UsageError(
            "compare with what? name the store of another sweep, or a parameter of this one: --by PARAMETER"
        )
    second = None if other is None else opened_store(other)
    found = compare(opened_store(store), second, by=by, output=output)
    rows: list[dict[str, Any]] = found.table.to_pylist()
    if found.left_out:
        typer.echo(
            f"warning: {counted(found.left_out, 'pair')} left out: a trial failed, or has no finite {found.output}",
            err=True,
        )
    if table_format == "json":
        print_json([{name: _plain(value) for name, value in row.items()} for row in rows])
        return
    parameters = found.table.column_names[: found.table.column_names.index("n")]
    interval = f"{100 * found.confidence:g} % interval"
    print_table(
        [*parameters, "n", f"{found.output} first", "second", "second - first", interval, "gain"],
        [_row(row, parameters, with_interval(row["difference"], row["ci_low"], row["ci_high"])) for row in rows],
    )


def _row(row: dict[str, Any], parameters: list[str], difference: list[str]) -> list[Any]:
    gain = "" if isnan(row["gain"]) else f"{row['gain']:.3g} x"
    means = [f"{row[side]:.4g}" for side in ("first", "second")]
    return [*(row[name] for name in parameters), row["n"], *means, *difference, gain]


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return None if isinstance(value, float) and not isfinite(value) else value
