"""``sweep engine``: the daemon that runs jobs."""

from __future__ import annotations

from typing import Annotated

import typer

from sweep.cli.options import EngineOption

__all__ = ["app"]

app = typer.Typer(
    name="engine",
    help="The process that runs jobs; it is started by the first command that needs it.",
    no_args_is_help=True,
)


@app.command("start")
def start(
    engine: EngineOption = None,
    relax: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Limits that a new engine does not hold to: large-arrays,short-timeouts."),
    ] = "",
) -> None:
    """Start the engine, if it is not at work."""
    from sweep.daemon.client import Client
    from sweep.errors import UsageError

    relaxed = tuple(each for each in relax.split(",") if each)
    with Client(engine, relaxed=relaxed) as client:
        there = client.view("relaxed") if relaxed else []
        if set(relaxed) != set(there):
            raise UsageError(
                f"the engine in {client.folder} relaxes {', '.join(there) or 'nothing'}: only a new one takes --relax {relax}"
            )
        typer.echo(f"an engine is at work in {client.folder}")


@app.command("stop")
def stop(engine: EngineOption = None) -> None:
    """Stop the engine. What it runs is ended; when the engine is started again that counts as a lost attempt."""
    from sweep.daemon.client import Client

    with Client(engine, start=False, any_version=True) as client:
        client.end()
        client.wait_for_end()


@app.command("status")
def status(engine: EngineOption = None) -> None:
    """Say whether the engine is at work, and where; exit code 1 if it is not."""
    from sweep.daemon.client import Client
    from sweep.errors import JobError

    try:
        client = Client(engine, start=False)
    except JobError as error:
        typer.echo(f"sweep: {error}", err=True)
        raise typer.Exit(1) from None
    with client:
        live = sum(sum(each["jobs"].values()) for each in client.view("queues"))
        typer.echo(f"an engine is at work in {client.folder}: {live:,} jobs have not ended")
