"""``sweep kernels``: the ready-made kernels, or those in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["command"]


def command(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="A Python file; the ready-made kernels when left out.", show_default=False
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            metavar="STUDY", help="Say how the kernel of a study is run, and how fast, instead.", show_default=False
        ),
    ] = None,
) -> None:
    """List kernels with their parameters and outputs."""
    if explain is not None:
        _explain(explain)
        return
    from sweep_kernels.outputs import told

    for kernel in _ready_made() if file is None else _in_file(file):
        parameters = ", ".join(
            f"{name}={kernel.defaults[name]!r}" if name in kernel.defaults else name for name in kernel.parameters
        )
        typer.echo(f"{kernel.name}({parameters}) -> {', '.join(told(kernel.outputs))}")
        if kernel.summary:
            typer.echo(f"    {kernel.summary}")


def _explain(study: str) -> None:
    from sweep.cli.options import read_study
    from sweep.explanation import explain

    found = explain(read_study(study, None, None))
    if found.width == 1:
        typer.echo(f"{found.kernel}: one trial after the other, {found.seconds * 1e9:,.1f} ns each on one core")
        if found.why_alone:
            typer.echo(f"    not side by side, since a trial has {found.why_alone}")
        if found.where:
            typer.echo(f"    {found.where}")
        return
    typer.echo(
        f"{found.kernel}: {found.width} trials side by side, {found.seconds * 1e9:,.1f} ns each on one core;"
        f" one after the other {found.seconds_alone * 1e9:,.1f} ns"
    )
    if found.parts:
        typer.echo("    trials part ways: where they do, some wait for others")


def _ready_made() -> list[Kernel]:
    from sweep_kernels import models

    return [getattr(models, name) for name in models.CATALOGUE]


def _in_file(file: Path) -> list[Kernel]:
    from sweep.load import kernels_in

    return kernels_in(file)
