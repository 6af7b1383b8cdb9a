"""The ``sweep`` command: what it can do, and how errors reach the user."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from sweep.cli import (
    cancel,
    compare,
    definitions,
    engine,
    environments,
    failures,
    forecast,
    jobs,
    kernels,
    openscenario,
    plan,
    queues,
    replay,
    resume,
    run,
    serve,
    show,
    status,
    submit,
)
from sweep.cli.misuse import MISUSE, told
from sweep.errors import SweepError

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """Commands whose errors reach the user as one line: caught here, since Typer has words and exit codes of its own for some."""

    _given: list[str]

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        self._given = list(args)
        with _told(self._given):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        with _told(self._given):
            return super().invoke(ctx)


@contextmanager
def _told(given: list[str]) -> Generator[None]:
    """Write an error meant for the user as one line on stderr, and exit with its code."""
    try:
        yield
    except MISUSE as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # no mistake: Typer prints the help
            raise
        _exit(2, f"sweep: {told(error, given)}")
    except SweepError as error:
        _exit(error.exit_code, f"sweep: {error}")
    except KeyboardInterrupt:
        _exit(130, "\nsweep: stopped")
    except BrokenPipeError:
        _drop_output()
        _exit(141)
    except UnicodeEncodeError as error:
        _exit(
            2,
            f"sweep: the output's encoding {sys.stdout.encoding} has no {error.object[error.start]!r}: set PYTHONIOENCODING=utf-8",
        )
    except OSError as error:
        if error.filename is not None or error.errno not in {errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT}:
            raise
        _drop_output()
        _exit(2, f"sweep: cannot write the output: {error.strerror}")


def _exit(code: int, line: str = "") -> None:
    if line:
        sys.stderr.write(f"{line}\n")
    sys.exit(code)


def _drop_output() -> None:
    """Let Python's last flush go nowhere, as the output can take no more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Commands,
    name="sweep",
    help="Monte Carlo sweeps as array jobs: the same bytes on a laptop, a Ray cluster or AWS Batch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _name, _module in {
    "run": run,
    "plan": plan,
    "forecast": forecast,
    "status": status,
    "submit": submit,
    "resume": resume,
    "cancel": cancel,
    "show": show,
    "compare": compare,
    "failures": failures,
    "replay": replay,
    "kernels": kernels,
    "openscenario": openscenario,
    "serve": serve,
}.items():
    app.command(_name)(_module.command)


for _module in (jobs, queues, environments, definitions, engine):
    app.add_typer(_module.app)


def _version(*, asked: bool) -> None:
    if asked:
        from sweep import __version__

        typer.echo(f"sweep {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False,
        "--version",
        callback=lambda asked: _version(asked=asked),
        is_eager=True,
        help="Print the version and exit.",
    ),
) -> None:
    """Monte Carlo sweeps as array jobs: the same bytes on a laptop, a Ray cluster or AWS Batch."""
    del version


def main() -> None:
    """Run the command line; an error meant for the user is one line on stderr and an exit code."""
    app(prog_name="sweep")
