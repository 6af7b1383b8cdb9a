"""The ``sweep`` command: what it can do, and how errors reach the user."""

from __future__ import annotations

import sys

import typer

from sweep.cli import definitions, engine, environments, jobs, kernels, plan, queues, replay, run, show, status
from sweep.errors import SweepError

__all__ = ["app", "main"]

app = typer.Typer(
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
    "status": status,
    "show": show,
    "replay": replay,
    "kernels": kernels,
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
    try:
        app(prog_name="sweep")
    except SweepError as error:
        sys.stderr.write(f"sweep: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("\nsweep: stopped\n")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
