"""``sweep queues``: where jobs wait."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sweep.cli.options import EngineOption, JsonOption

__all__ = ["app"]

app = typer.Typer(name="queues", help="Job queues: where jobs wait.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
Environments = Annotated[
    list[str],
    typer.Option("--environment", metavar="NAME", help="Compute environment; once for each, in the order to be tried."),
]
Policy = Annotated[
    str | None,
    typer.Option(
        metavar="SHARES",
        help="Share fairly: weights by share identifier, as a=1,b=0.5; a share of half the weight gets twice as much.",
    ),
]


@app.callback()
def show(context: typer.Context, engine: EngineOption = None, as_json: JsonOption = False) -> None:
    """List the queues."""
    if context.invoked_subcommand is not None:
        return
    from sweep.cli.table import print_list
    from sweep.daemon.client import Client

    with Client(engine) as client:
        queues = client.view("queues")
    print_list(queues, ["queue", "priority", "state", "environments", "policy", "jobs"], _row, as_json=as_json)


def _row(queue: dict[str, Any]) -> list[Any]:
    environments = ", ".join(each["computeEnvironment"] for each in queue["computeEnvironmentOrder"])
    return [
        queue["jobQueueName"],
        queue["priority"],
        queue["state"],
        environments,
        queue.get("schedulingPolicy"),
        sum(queue["jobs"].values()),
    ]


@app.command("create")
def create(
    name: Name,
    environment: Environments,
    priority: Annotated[int, typer.Option(metavar="N", help="Queues of a higher one are looked at first.")] = 1,
    fair_share: Policy = None,
    engine: EngineOption = None,
) -> None:
    """Make a queue over one to three compute environments."""
    from sweep.daemon.client import Client
    from sweep.jobs.events import PutPolicy, PutQueue
    from sweep.jobs.queue import Queue

    with Client(engine) as client:
        policy = None
        if fair_share is not None:
            policy = f"{name}-shares"
            client.tell(PutPolicy(_policy(policy, fair_share), new=True))
        client.tell(PutQueue(Queue(name, priority, tuple(environment), policy), new=True))


def _policy(name: str, text: str) -> Any:
    from sweep.errors import UsageError
    from sweep.jobs.queue import Policy as Shares

    weights: dict[str, float] = {}
    for each in text.split(","):
        share, _, weight = each.partition("=")
        try:
            weights[share] = float(weight or 1.0)
        except ValueError:
            raise UsageError(f"--fair-share {each!r}: expected share=weight, as in a=1,b=0.5") from None
    return Shares(name, weights=weights)


@app.command("update")
def update(
    name: Name,
    state: Annotated[str | None, typer.Option(metavar="ENABLED|DISABLED")] = None,
    priority: Annotated[int | None, typer.Option(metavar="N")] = None,
    engine: EngineOption = None,
) -> None:
    """Change a queue's priority; have it take no new jobs, or take them again."""
    from dataclasses import replace

    from sweep.cli.options import is_enabled
    from sweep.daemon.client import Client
    from sweep.jobs.events import PutQueue
    from sweep.jobs.queue import Queue

    given = {"enabled": is_enabled(state), "priority": priority}
    with Client(engine) as client:
        old = client.entry(Queue, name)
        client.tell(PutQueue(replace(old, **{key: each for key, each in given.items() if each is not None})))


@app.command("delete")
def delete(name: Name, engine: EngineOption = None) -> None:
    """Remove a disabled queue; its jobs are terminated."""
    from sweep.daemon.client import Client
    from sweep.jobs.events import DeleteQueue

    with Client(engine) as client:
        client.tell(DeleteQueue(name))
