"""``sweep openscenario``: what a distribution file varies, and the concrete scenario of one trial."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.options import SeedOption, TrialsOption, counted
from sweep.cli.table import print_table
from sweep.errors import UsageError, nearest

if TYPE_CHECKING:
    from sweep.openscenario import Scenario

__all__ = ["command"]

FORMS = ("xosc", "assignments", "json")


def command(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A parameter value distribution file, a scenario file, or a study of one.",
            show_default=False,
        ),
    ],
    write: Annotated[
        str | None,
        typer.Option(
            metavar="INDEX",
            help="Write the scenario with the parameters of this trial: POINT:TRIAL, or POINT * trials + TRIAL, counted from 0.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to; standard output when left out.", show_default=False
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="xosc|assignments|json",
            autocompletion=lambda: list(FORMS),
            help="The scenario file, the parameters as an element of XML, or as JSON.",
        ),
    ] = "xosc",
    trials: TrialsOption = None,
    seed: SeedOption = None,
    relative_weights: Annotated[
        bool, typer.Option("--relative-weights", help="Weights need not add up to 1: each is a part of their sum.")
    ] = False,
) -> None:
    """Show what an OpenSCENARIO parameter value distribution varies, or write the concrete scenario of one trial."""
    if form not in FORMS:
        raise UsageError(f"--as {form!r}: {nearest(form, FORMS)}")
    if output is not None and write is None:
        raise UsageError(f"-o {str(output)!r} without --write INDEX: which trial's scenario is to be written?")
    scenario, common = _read(str(file), relative_weights=relative_weights)
    scenario = replace(scenario, trials=trials or scenario.trials, seed=scenario.seed if seed is None else seed)
    if write is None:
        _show(scenario)
        return
    point, trial = _indices(write, scenario.trials or 1)
    data = _written(scenario, form, scenario.values(point, trial, common_random_numbers=common))
    if output is not None:
        from sweep.openscenario import save

        save(data, output)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _read(file: str, *, relative_weights: bool) -> tuple[Scenario, bool]:
    """Read a scenario, or take that of a study as the study varies it; say whether its points share their draws."""
    from sweep.openscenario import read

    if not file.partition(":")[0].endswith((".py", ".toml")):
        return read(file, relative_weights=relative_weights), False
    from sweep.load import load_sweep

    sweep = load_sweep(file)
    if sweep.scenario is None:
        raise UsageError(f"the study {file!r} is not of a scenario, as Sweep(kernel, openscenario.read(...)) is")
    scenario = replace(
        sweep.scenario,
        space=sweep.space,
        draws={**sweep.kernel.draws, **sweep.kernel.proposals},
        trials=sweep.trials,
        seed=sweep.seed,
    )
    return scenario, sweep.common_random_numbers


def _indices(text: str, trials: int) -> tuple[int, int]:
    """Return point and trial of ``POINT:TRIAL`` or ``POINT * trials + TRIAL``."""
    numbers = [int(each) for each in text.split(":") if each.isdecimal()]
    if len(numbers) != text.count(":") + 1 or len(numbers) > len(("point", "trial")):
        raise UsageError(f"--write {text!r}: a whole number, or two as in 2:17, was expected")
    point, trial = divmod(numbers[0], trials) if len(numbers) == 1 else numbers
    if trial >= trials:
        raise UsageError(f"--write {text!r}: trial {trial} is not one of the {trials:,} of each point")
    return point, trial


def _written(scenario: Scenario, form: str, values: dict[str, Any]) -> bytes:
    if form == "xosc":
        return scenario.concrete(values)
    return (scenario.assignments(values) if form == "assignments" else scenario.as_json(values)).encode()


def _show(scenario: Scenario) -> None:
    typer.echo(f"scenario   {scenario.template.markup.name}")
    typer.echo(
        f"points     {counted(scenario.space.size, 'point')} of {counted(len(scenario.space.names), 'parameter')}"
    )
    if scenario.draws:
        typer.echo(f"trials     {scenario.trials or 1:,} of each point, seed {scenario.seed}")
    typer.echo("")
    declared = scenario.template.declarations.values()
    rows = [[each.name, each.type, each.text, scenario.told(each.name), each.rules] for each in declared]
    print_table(["parameter", "type", "declared", "varies", "constraints"], rows)
