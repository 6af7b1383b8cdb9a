"""``sweep plan``: what a study would compute, without computing it."""

from __future__ import annotations

import typer

from sweep.cli.options import SeedOption, StudyArgument, TrialsOption, counted, read_study

__all__ = ["command"]


def command(study: StudyArgument, trials: TrialsOption = None, seed: SeedOption = None) -> None:
    """Check a study and print its plan as JSON, with its hash; one trial is tried in plain Python, and nothing is written."""
    from sweep.rehearsal import rehearse

    sweep = read_study(study, trials, seed)
    plan = sweep.plan(source=study.partition(":")[0])
    rehearse(sweep.kernel, plan, data=sweep.data)
    typer.echo(plan.to_json().decode(), nl=False)
    points, trials_each = counted(plan.points, "point"), counted(plan.trials, "trial")
    total, blocks = counted(plan.points * plan.trials, "trial"), counted(plan.points * plan.blocks_per_point, "block")
    typer.echo(f"{points} x {trials_each} = {total} in {blocks}", err=True)
