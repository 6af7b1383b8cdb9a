"""``sweep replay``: one trial again, in plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.options import SeedOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweep.plan import Plan
    from sweep.programs import Command

__all__ = ["command"]


def command(
    source: Annotated[
        str, typer.Argument(metavar="STUDY|STORE", help="The study, or the store of its sweep.", show_default=False)
    ],
    point: Annotated[int, typer.Option(metavar="N", help="Which point, counted from 0.", show_default=False)],
    trial: Annotated[int, typer.Option(metavar="N", help="Which trial, counted from 0.", show_default=False)],
    seed: SeedOption = None,
    debug: Annotated[bool, typer.Option("--pdb", help="Step through it in the debugger.")] = False,
) -> None:
    """Run one trial again, and print its parameters and outputs.

    A kernel's is run in plain Python, with the draws that it had; a command's in a folder that stays, and what it prints is shown.
    """
    from sweep.programs import Command
    from sweep.replay import prepare, replay
    from sweep_kernels.outputs import by_group

    kernel, plan, data = prepare(source, seed)
    if isinstance(kernel, Command):
        _rerun(kernel, plan, point, trial, debug=debug)
        return
    outcome = replay(kernel, plan, data, point, trial, debug=debug)
    rows: list[tuple[str, Any]] = [("point", point), ("trial", trial), ("seed", plan.seed)]
    _print([*rows, *outcome.parameters.items(), *by_group(outcome.outputs).items()])


def _rerun(command: Command, plan: Plan, point: int, trial: int, *, debug: bool) -> None:
    import shlex

    from sweep.errors import TrialError, UsageError
    from sweep.rerun import rerun

    if debug:
        raise UsageError(f"--pdb steps through Python, and command {command.name!r} is a program of its own")
    found = rerun(command, plan, point, trial)
    rows = [("point", point), ("trial", trial), ("seed", found.seed), *found.parameters.items(), *found.outputs.items()]
    _print(rows, {"run": shlex.join(found.argv), "folder": found.folder})
    if not found.outputs:
        raise TrialError(f"trial {trial} of point {point} {found.reason}")
    if found.reason:
        typer.echo(f"sweep: trial {trial} of point {point} {found.reason}", err=True)


def _print(rows: Sequence[tuple[str, Any]], texts: Mapping[str, str] | None = None) -> None:
    lines = [*((name, repr(value)) for name, value in rows), *(texts or {}).items()]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        typer.echo(f"{name:<{width}}  {text}")
