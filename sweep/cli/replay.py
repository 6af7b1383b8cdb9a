"""``sweep replay``: one trial again, in plain Python."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sweep.cli.options import SeedOption

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
    """Run one trial again in plain Python, with the draws that it had, and print its parameters and outputs."""
    from sweep.replay import prepare, replay
    from sweep_kernels.outputs import by_group

    kernel, plan, data = prepare(source, seed)
    outcome = replay(kernel, plan, data, point, trial, debug=debug)
    rows: list[tuple[str, Any]] = [("point", point), ("trial", trial), ("seed", plan.seed)]
    outputs = {name: value for name, value in outcome.outputs.items() if name not in outcome.parameters}
    rows += [*outcome.parameters.items(), *by_group(outputs).items()]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {value!r}")
