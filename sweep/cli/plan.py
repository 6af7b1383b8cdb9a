"""``sweep plan``: what a study would compute, without computing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sweep.cli.options import SeedOption, StudyArgument, TrialsOption, counted, read_study

if TYPE_CHECKING:
    from sweep.programs import Command

__all__ = ["command"]


def command(study: StudyArgument, trials: TrialsOption = None, seed: SeedOption = None) -> None:
    """Check a study and print its plan as JSON, with its hash; one trial is tried in plain Python, and nothing is written."""
    from sweep.programs import Command
    from sweep.rehearsal import rehearse

    sweep = read_study(study, trials, seed)
    plan = sweep.plan(source=study.partition(":")[0])
    if isinstance(sweep.kernel, Command):
        _look_for(sweep.kernel)
    else:
        rehearse(sweep.kernel, plan, data=sweep.data)
    typer.echo(plan.to_json().decode(), nl=False)
    points, trials_each = counted(plan.points, "point"), counted(plan.trials, "trial")
    total, blocks = counted(plan.points * plan.trials, "trial"), counted(plan.points * plan.blocks_per_point, "block")
    typer.echo(f"{points} x {trials_each} = {total} in {blocks}", err=True)


def _look_for(command: Command) -> None:
    """Say so when the program is not here; it may be where the study is sent."""
    from sweep.errors import KernelError

    try:
        command.program()
    except KernelError as error:
        typer.echo(f"sweep: {error}", err=True)
