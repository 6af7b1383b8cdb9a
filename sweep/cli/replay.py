"""``sweep replay``: trials again, in plain Python."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.options import SeedOption, StoreOption, counted, default_store
from sweep.cli.table import print_table
from sweep.errors import UsageError

if TYPE_CHECKING:
    from sweep.programs import Command
    from sweep.replay import Replayed

__all__ = ["command"]


def command(
    source: Annotated[
        str, typer.Argument(metavar="STUDY|STORE", help="The study, or the store of its sweep.", show_default=False)
    ],
    point: Annotated[
        int | None, typer.Option(metavar="N", help="Which point, counted from 0.", show_default=False)
    ] = None,
    trial: Annotated[
        int | None, typer.Option(metavar="N", help="Which trial, counted from 0.", show_default=False)
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="CONDITION",
            help="The kept trials for which it holds, as 'collision' or 'min_ttc < 0.5 and speed > 20'.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most trials, with --where.  [default: 20]", show_default=False),
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Print every draw, and the line that asked for it.")] = False,
    seed: SeedOption = None,
    store: StoreOption = None,
    debug: Annotated[bool, typer.Option("--pdb", help="Step through it in the debugger.")] = False,
) -> None:
    """Run trials again, and print their parameters and outputs.

    A kernel's are run in plain Python, with the draws that they had; a program's in folders that stay, and what it prints is shown.
    """
    if where is not None:
        if point is not None or trial is not None or seed is not None or debug:
            raise UsageError("--where finds the trials itself: it stands without --point, --trial, --seed and --pdb")
        _cases(source, store, where, 20 if limit is None else limit, trace=trace)
        return
    if limit is not None:
        raise UsageError(f"--limit {limit} is of the kept trials that --where finds, and there is no --where")
    for name, value in (("--point", point), ("--trial", trial)):
        if value is None:
            raise UsageError(
                f"missing option '{name}': give --point N and --trial N, or --where CONDITION to find kept trials"
            )
    _one(source, store, int(point or 0), int(trial or 0), seed, trace=trace, debug=debug)


def _one(source: str, store: str | None, point: int, trial: int, seed: int | None, *, trace: bool, debug: bool) -> None:
    """Run one trial again, and print it."""
    from sweep.cli.rerun import rerun_one
    from sweep.programs import Command
    from sweep.replay import prepare, replay
    from sweep_kernels.outputs import by_group

    if store is not None:
        raise UsageError(
            f"--store {store} is of kept trials, which --where finds; without it name the store instead of the study"
        )
    kernel, plan, data = prepare(source, seed)
    if isinstance(kernel, Command):
        _refuse_looking_inside(kernel, trace=trace, debug=debug)
        rerun_one(kernel, plan, point, trial)
        return
    outcome = replay(kernel, plan, data, point, trial, debug=debug, trace=trace)
    rows: list[tuple[str, Any]] = [("point", point), ("trial", trial), ("seed", plan.seed)]
    outputs = {name: value for name, value in outcome.outputs.items() if name not in outcome.parameters}
    rows += [*outcome.parameters.items(), *by_group(outputs).items()]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {value!r}")
    _print_draws(outcome)


def _cases(source: str, store: str | None, where: str, limit: int, *, trace: bool) -> None:
    """Run kept trials again, and print a line each."""
    from sweep.cases import find_cases
    from sweep.cli.rerun import rerun_cases
    from sweep.programs import Command
    from sweep.replay import prepare_stored, replay_cases

    is_study = source.partition(":")[0].endswith((".py", ".toml"))
    if store is not None and not is_study:
        raise UsageError(f"--store {store} beside the store {source}: name one, or a study and its store")
    place = (store or default_store(source)) if is_study else source
    kernel, plan, data = prepare_stored(place, source if is_study else None)
    found = find_cases(place, where, limit)
    if isinstance(kernel, Command):
        _refuse_looking_inside(kernel, trace=trace)
        rerun_cases(kernel, plan, found, where)
        return
    rows: list[list[Any]] = []
    _, _, *names = found.table.column_names
    for each in replay_cases(kernel, plan, data, found, trace=trace):
        values = {**each.parameters, **each.outputs}  # what a trial draws is in both
        rows.append([each.point, each.trial, *(_told(values[name]) for name in names)])
        if trace:
            said = ", ".join(f"{name}={value!r}" for name, value in values.items())
            typer.echo(f"point {each.point}, trial {each.trial}: {said}")
            _print_draws(each)
            typer.echo()
    if rows and not trace:
        print_table(found.table.column_names, rows)
    same = "; run again in plain Python, all outputs are as they were kept, to the bit" if rows else ""
    typer.echo(f"{len(rows):,} of {counted(found.found, 'kept trial')} where {where}{same}", err=True)


def _told(value: Any) -> Any:
    """Write a bool as text: a table would count it as a number."""
    return str(value) if isinstance(value, bool) else value


def _refuse_looking_inside(program: Command, *, trace: bool, debug: bool = False) -> None:
    if trace or debug:
        option = "--trace" if trace else "--pdb"
        raise UsageError(f"{option} looks into a kernel in Python, and {program.name!r} is a program of its own")


def _print_draws(outcome: Replayed) -> None:
    """Print the draws of a trial, if it was traced: the value, the call, the line of the kernel."""
    calls = [f"rng.{each.method}({each.arguments})" for each in outcome.draws]
    width = max(map(len, calls), default=0)
    for i, (each, call) in enumerate(zip(outcome.draws, calls, strict=True)):
        source = linecache.getline(each.file, each.line).strip()
        typer.echo(f"{i:>6}  {call:<{width}}  {each.value!r:<23}  {Path(each.file).name}:{each.line}  {source}")
