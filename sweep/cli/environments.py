"""``sweep environments``: where jobs run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sweep.cli.options import EngineOption, JsonOption, pass_on

__all__ = ["app"]

app = typer.Typer(name="environments", help="Compute environments: where jobs run.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@app.callback()
def show(context: typer.Context, engine: EngineOption = None, as_json: JsonOption = False) -> None:
    """List the compute environments, and what is held of them."""
    if pass_on(context, engine, as_json=as_json):
        return
    from sweep.cli.table import print_list
    from sweep.daemon.client import Client

    with Client(engine) as client:
        environments = client.view("environments")
    print_list(
        environments,
        ["environment", "type", "state", "status", "vCPUs", "in use", "MiB", "in use", "GPUs", "in use", "reason"],
        _row,
        as_json=as_json,
    )


def _row(environment: dict[str, Any]) -> list[Any]:
    limits, used = environment["computeResources"], environment["inUse"]
    return [
        environment["computeEnvironmentName"],
        limits["type"],
        environment["state"],
        environment["status"],
        float(limits["maxvCpus"]),
        float(used["vcpus"]),
        limits["memory"],
        used["memory"],
        limits["gpus"],
        used["gpus"],
        environment.get("statusReason"),
    ]


@app.command("create")
def create(
    name: Name,
    vcpus: Annotated[float, typer.Option(metavar="N", help="The most that all children in it may hold at a time.")],
    memory: Annotated[int, typer.Option(metavar="MIB", help="The same of memory.")],
    gpus: Annotated[int, typer.Option(metavar="N")] = 0,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Ray cluster that is there, or 'local' for one of the engine's own.",
            show_default=False,
        ),
    ] = None,
    spot: Annotated[
        float | None,
        typer.Option(
            metavar="PER_HOUR",
            help="Rehearse SPOT capacity: take workers away so many times an hour each, on average.",
            show_default=False,
        ),
    ] = None,
    notice: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Warning before SPOT workers end.  [default: 120]")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides when SPOT workers are taken away.")] = 0,
    engine: EngineOption = None,
) -> None:
    """Make a compute environment: on this machine, or on a Ray cluster."""
    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.environment import Environment, Purchase
    from sweep.jobs.events import PutEnvironment

    if notice is not None and spot is None:
        raise UsageError("--notice is for SPOT capacity: give --spot PER_HOUR too")
    purchase = Purchase.EC2 if spot is None else Purchase.SPOT
    made = Environment(
        name,
        vcpus,
        memory,
        gpus,
        managed=ray in {None, "local"},
        address=ray,
        purchase=purchase,
        interruptions_per_hour=spot or 0.0,
        notice=120.0 if notice is None else notice,
        seed=seed,
    )
    with Client(engine) as client:
        client.tell(PutEnvironment(made, new=True))


@app.command("update")
def update(
    name: Name,
    state: Annotated[str | None, typer.Option(metavar="ENABLED|DISABLED")] = None,
    vcpus: Annotated[float | None, typer.Option(metavar="N")] = None,
    memory: Annotated[int | None, typer.Option(metavar="MIB")] = None,
    engine: EngineOption = None,
) -> None:
    """Change a compute environment. Nothing new is placed in a disabled one; what runs goes on."""
    from dataclasses import replace

    from sweep.cli.options import changes, is_enabled
    from sweep.daemon.client import Client
    from sweep.jobs.environment import Environment
    from sweep.jobs.events import PutEnvironment

    changed = changes(state=is_enabled(state), vcpus=vcpus, memory=memory)
    with Client(engine) as client:
        old = client.entry(Environment, name)
        client.tell(
            PutEnvironment(
                replace(old, **{"enabled" if name == "state" else name: value for name, value in changed.items()})
            )
        )


@app.command("delete")
def delete(name: Name, engine: EngineOption = None) -> None:
    """Remove a compute environment that is disabled and in no queue."""
    from sweep.daemon.client import Client
    from sweep.jobs.events import DeleteEnvironment

    with Client(engine) as client:
        client.tell(DeleteEnvironment(name))
