"""Options and arguments that several commands share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.misuse import whole
from sweep.errors import UsageError

if TYPE_CHECKING:
    from sweep.store import Store
    from sweep.sweep import Sweep

__all__ = [
    "EngineOption",
    "JsonOption",
    "SeedOption",
    "StoreArgument",
    "StoreOption",
    "StudyArgument",
    "TrialsOption",
    "changes",
    "counted",
    "default_store",
    "is_enabled",
    "opened_store",
    "output_width",
    "pass_on",
    "read_study",
]

PIPED_COLUMNS = 120

StudyArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A TOML spec, a Python file that holds one Sweep, or file.py:name.", show_default=False
    ),
]
StoreArgument = Annotated[
    str,
    typer.Argument(metavar="STORE", help="A folder or s3://bucket/prefix that holds a sweep.", show_default=False),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Folder or s3://bucket/prefix.  [default: sweep-results/<study>]",
        show_default=False,
    ),
]
TrialsOption = Annotated[
    int | None,
    typer.Option(
        "--trials",
        metavar="N",
        parser=whole,
        help="Trials of each point, instead of the study's; 1e6 will do.",
        show_default=False,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Seed, instead of the study's.", show_default=False),
]


EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="FOLDER",
        envvar="SWEEP_ENGINE",
        help="The engine's folder.  [default: sweep/engine in the user's state folder]",
        show_default=False,
        show_envvar=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, in AWS Batch's shapes.")]


def pass_on(context: typer.Context, engine: str | None, *, as_json: bool) -> bool:
    """Tell whether a subcommand follows, and have it use the engine that was named before it."""
    if context.invoked_subcommand is None:
        return False
    if as_json:
        raise UsageError(f"--json belongs to the list, not to {context.invoked_subcommand!r}, which it stands before")
    if engine is not None:
        os.environ["SWEEP_ENGINE"] = engine
    return True


def is_enabled(state: str | None) -> bool | None:
    """Read a state as AWS spells it; None when it is left as it is."""
    if state is not None and state.upper() not in {"ENABLED", "DISABLED"}:
        raise UsageError(f"--state {state!r} is not one of ENABLED, DISABLED")
    return None if state is None else state.upper() == "ENABLED"


def changes(**given: Any) -> dict[str, Any]:
    """Return what is to be changed."""
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed:
        raise UsageError(f"nothing to change: give one of {', '.join('--' + each for each in given)}")
    return changed


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "point"), counted(12_000, "point")
    ('1 point', '12,000 points')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def default_store(study: str) -> str:
    """Return where a study's results go when nothing is said.

    >>> default_store("examples/radar_detection.py")
    'sweep-results/radar_detection'
    >>> default_store("studies.py:night")
    'sweep-results/studies-night'
    """
    path, _, name = study.partition(":")
    return f"sweep-results/{Path(path).stem}{f'-{name}' if name else ''}"


def opened_store(place: str) -> Store:
    """Open the store that a command names; a study in its place is answered by the name of its store."""
    from sweep.store import open_store

    file = place.partition(":")[0]
    if file.endswith((".py", ".toml")) and not Path(place).is_dir():
        raise UsageError(
            f"{place!r} is a study, not a store: its store is {default_store(place)!r}, unless --store named another"
        )
    return open_store(place)


def read_study(study: str, trials: int | None, seed: int | None) -> Sweep:
    """Load a study and overrule its trials and its seed."""
    from dataclasses import replace

    from sweep.load import load_sweep

    sweep = load_sweep(study)
    if trials is not None:
        sweep = replace(sweep, trials=trials)
    if seed is not None:
        sweep = replace(sweep, seed=seed)
    return sweep


def output_width() -> int:
    """Return how many columns a table may take: those of the terminal, or what COLUMNS says; where there is neither, as in a pipe, 120."""
    return shutil.get_terminal_size((PIPED_COLUMNS, 24)).columns
