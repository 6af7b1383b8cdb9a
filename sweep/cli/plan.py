"""``sweep plan``: what a study would compute, without computing it."""

from __future__ import annotations

import typer

from sweep.cli.options import SeedOption, StudyArgument, TrialsOption, read_study

__all__ = ["command"]


def command(study: StudyArgument, trials: TrialsOption = None, seed: SeedOption = None) -> None:
    """Check a study and print its plan as JSON, with its hash; nothing is computed or written."""
    plan = read_study(study, trials, seed).plan(source=study.partition(":")[0])
    typer.echo(plan.to_json().decode(), nl=False)
    total = plan.points * plan.trials
    typer.echo(
        f"{plan.points:,} points x {plan.trials:,} trials = {total:,} trials in {plan.points * plan.blocks_per_point:,} blocks",
        err=True,
    )
