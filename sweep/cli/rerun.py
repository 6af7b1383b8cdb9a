"""Trials of a program that are run again: what is printed of them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import typer

from sweep.cli.options import counted
from sweep.cli.table import print_table
from sweep.errors import CorruptError, TrialError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.cases import Cases
    from sweep.plan import Plan
    from sweep.programs import Command
    from sweep.rerun import Rerun

__all__ = ["rerun_cases", "rerun_one"]


def rerun_one(program: Command, plan: Plan, point: int, trial: int) -> None:
    """Run a trial again, and print it.

    Raises
    ------
    TrialError
        If it failed.
    """
    from sweep.rerun import rerun

    found = rerun(program, plan, point, trial, _say_that_it_begins)
    weight = {name: each for name, each in found.drawn.items() if name not in found.parameters}
    named = {**found.parameters, **found.outputs, **weight}
    rows = [("point", point), ("trial", trial), ("seed", found.seed), *named.items()]
    _print(rows, {"run": shlex.join(found.argv), "folder": found.folder})
    if not found.outputs:
        raise TrialError(f"trial {trial} of point {point} {found.reason}")
    if found.reason:
        typer.echo(f"sweep: trial {trial} of point {point} {found.reason}", err=True)


def _say_that_it_begins(argv: tuple[str, ...], folder: str) -> None:
    typer.echo(f"sweep: runs {shlex.join(argv)} in {folder}, without a time limit: Ctrl-C ends it", err=True)


def rerun_cases(program: Command, plan: Plan, found: Cases, where: str) -> None:
    """Run kept trials again, and print a line each, with the folder that each ran in.

    Raises
    ------
    CorruptError
        If one gives something else than was kept of it: the program is another one, or does not go by its seed alone.
    """
    from sweep.rerun import rerun

    rows: list[list[Any]] = []
    for kept in found.table.to_pylist():
        point, trial = kept["point"], kept["trial"]
        again = rerun(program, plan, point, trial)
        _require_same(kept, again, point, trial)
        named = {**again.drawn, **again.parameters, **again.outputs}  # of what it drew the text, not its position
        values = [named[name] for name in found.table.column_names[2:]]
        rows.append(
            [point, trial, *(str(value) if isinstance(value, bool) else value for value in values), again.folder]
        )
    if rows:
        print_table([*found.table.column_names, "folder"], rows)
    same = "; run again, all outputs are as they were kept" if rows else ""
    typer.echo(f"{len(rows):,} of {counted(found.found, 'kept trial')} where {where}{same}", err=True)


def _require_same(kept: Mapping[str, Any], again: Rerun, point: int, trial: int) -> None:
    for name, value in (again.outputs and {**again.outputs, **again.drawn}).items() or [("", again.reason)]:
        if name and (value == kept[name] or (value is None and kept[name] != kept[name])):
            continue
        said = f"gives {name} = {value!r}, and {kept[name]!r} was kept" if name else str(value)
        raise CorruptError(
            f"trial {trial} of point {point}, run again in {again.folder}, {said}: the program has changed, or does not go by its seed alone"
        )


def _print(rows: Sequence[tuple[str, Any]], texts: Mapping[str, str]) -> None:
    lines = [*((name, repr(value)) for name, value in rows), *texts.items()]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        typer.echo(f"{name:<{width}}  {text}")
