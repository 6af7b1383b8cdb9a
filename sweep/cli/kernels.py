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
) -> None:
    """List kernels with their parameters and outputs."""
    for kernel in _ready_made() if file is None else _in_file(file):
        parameters = ", ".join(
            f"{name}={kernel.defaults[name]!r}" if name in kernel.defaults else name for name in kernel.parameters
        )
        typer.echo(f"{kernel.name}({parameters}) -> {', '.join(kernel.outputs)}")
        if kernel.summary:
            typer.echo(f"    {kernel.summary}")


def _ready_made() -> list[Kernel]:
    from sweep_kernels import models

    return [getattr(models, name) for name in models.CATALOGUE]


def _in_file(file: Path) -> list[Kernel]:
    from sweep.load import kernels_in

    return kernels_in(file)
