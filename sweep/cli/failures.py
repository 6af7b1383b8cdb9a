"""``sweep failures``: the trials of a command that failed, and why."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.options import StoreArgument, counted, opened_store
from sweep.errors import UsageError, nearest
from sweep.programs.drawn import Drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sweep.plan import Plan

__all__ = ["command"]

FORMATS = ("text", "csv", "json")
REASONS = 10
LINES = 5
"""Of what a trial printed, that are shown."""


def command(
    store: StoreArgument,
    table_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="text|csv|json",
            autocompletion=lambda: list(FORMATS),
            help="How to print them; csv and json have all columns.",
        ),
    ] = "text",
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most trials.  [default: 3 of the text, else all]", show_default=False),
    ] = None,
) -> None:
    """Say which trials of a command have failed: how many for which reason, and of the first what they were given and what they printed."""
    from sweep.failed import read_failures
    from sweep.holdings import Holdings, require_plan

    if table_format not in FORMATS:
        raise UsageError(f"format {table_format!r}: {nearest(table_format, FORMATS)}")
    if limit is not None and limit < 1:
        raise UsageError(f"limit={limit} is not 1 or more")
    place = opened_store(store)
    plan = require_plan(place)
    held = Holdings.look(place, lambda text: typer.echo(f"sweep: {text}", err=True))
    table = read_failures(place, plan, held)
    if table_format == "text":
        for line in _text(plan, table.to_pylist(), place.url, 3 if limit is None else limit):
            typer.echo(line)
        return
    rows = _with_parameters(plan, table.slice(0, limit).to_pylist())
    typer.echo(_csv(rows) if table_format == "csv" else json.dumps(rows, indent=1))


def _with_parameters(plan: Plan, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    given = _parameters_of(plan)
    return [
        {
            "point": row["point"],
            "trial": row["trial"],
            **given(row["point"], row["trial"]),
            **{k: row[k] for k in list(row)[2:]},
        }
        for row in rows
    ]


def _parameters_of(plan: Plan) -> Callable[[int, int], dict[str, Any]]:
    """Return what tells the parameters of a trial: those of its point, and those that it drew."""
    drawing = Drawing(plan.draws, plan.seed, common_random_numbers=plan.common_random_numbers)
    return lambda point, trial: plan.space[point] | drawing.values(point, trial)


def _csv(rows: list[dict[str, Any]]) -> str:
    import csv
    import io

    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def _text(plan: Plan, rows: list[dict[str, Any]], url: str, limit: int) -> Iterable[str]:
    failed = [row for row in rows if row["failed"]]
    if not rows:
        yield (
            "no trial has failed"
            if plan.kernel.is_program
            else "no trial has failed: a compiled kernel's trial that raises ends its run"
        )
        return
    yield f"{counted(len(failed), 'trial')} failed, of {plan.points * plan.trials:,} in the plan"
    for reason, count in Counter(row["reason"] for row in failed).most_common(REASONS):
        yield f"{count:>9,}  {reason}"
    odd = [row for row in rows if not row["failed"]]
    if odd:
        yield f"{counted(len(odd), 'trial')} counted, of which something is to be said"
        for reason, count in Counter(row["reason"] for row in odd).most_common(REASONS):
            yield f"{count:>9,}  {reason}"
    for row in (*failed, *odd)[:limit]:
        yield from _one(plan, row, url)


def _one(plan: Plan, row: dict[str, Any], url: str) -> Iterable[str]:
    given = _parameters_of(plan)(row["point"], row["trial"])
    values = ", ".join(f"{name}={value!r}" for name, value in given.items())
    tries = f", tried {row['attempts']} times" if row["attempts"] > 1 else ""
    yield ""
    yield f"trial {row['trial']} of point {row['point']}{f' ({values})' if values else ''}: {row['reason']}{tries}, after {row['seconds']:.2f} s"
    for name in ("stdout", "stderr"):
        for line in row[name].splitlines()[-LINES:]:
            yield f"  {name}  {line[:200]}"
    yield f"  again   sweep replay {url} --point {row['point']} --trial {row['trial']}"
