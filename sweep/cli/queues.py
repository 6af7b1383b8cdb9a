"""``sweep queues``: where jobs wait."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sweep.cli.options import EngineOption, JsonOption, pass_on

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
    if pass_on(context, engine, as_json=as_json):
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
    share_decay: Annotated[
        float, typer.Option(metavar="SECONDS", help="Fair share: how long past use counts, up to 604800.")
    ] = 0.0,
    compute_reservation: Annotated[
        int, typer.Option(metavar="PERCENT", help="Fair share: what is kept free for shares without jobs, 0 to 99.")
    ] = 0,
    engine: EngineOption = None,
) -> None:
    """Make a queue over one to three compute environments."""
    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.events import PutQueue
    from sweep.jobs.queue import Policy as Shares
    from sweep.jobs.queue import Queue

    if fair_share is None and (share_decay or compute_reservation):
        raise UsageError("--share-decay and --compute-reservation are for a queue with --fair-share")
    policy = None if fair_share is None else f"{name}-shares"
    made = Queue(name, priority, tuple(environment), policy)
    with Client(engine) as client:
        if policy is not None:
            _put_with_policy(client, made, Shares(policy, share_decay, compute_reservation, _weights(fair_share or "")))
        else:
            client.tell(PutQueue(made, new=True))


def _put_with_policy(client: Any, queue: Any, policy: Any) -> None:
    """Make a queue and the policy that is its own; of a queue that is refused nothing is left."""
    from sweep.errors import JobError
    from sweep.jobs.events import DeletePolicy, PutPolicy, PutQueue

    known = {each["jobQueueName"] for each in client.view("queues")}
    left_over = policy.name in client.view("policies") and queue.name not in known
    client.tell(PutPolicy(policy, new=not left_over))
    try:
        client.tell(PutQueue(queue, new=True))
    except JobError:
        client.tell(DeletePolicy(policy.name))
        raise


def _weights(text: str) -> dict[str, float]:
    from sweep.errors import UsageError

    weights: dict[str, float] = {}
    for each in text.split(","):
        share, _, weight = each.partition("=")
        if share in weights:
            raise UsageError(f"--fair-share {text!r}: {share!r} is named twice")
        try:
            weights[share] = float(weight)
        except ValueError:
            raise UsageError(f"--fair-share {each!r}: expected share=weight, as in a=1,b=0.5") from None
    return weights


@app.command("update")
def update(
    name: Name,
    state: Annotated[str | None, typer.Option(metavar="ENABLED|DISABLED")] = None,
    priority: Annotated[int | None, typer.Option(metavar="N")] = None,
    environment: Annotated[list[str] | None, typer.Option(metavar="NAME", help="In place of those it has.")] = None,
    engine: EngineOption = None,
) -> None:
    """Change a queue's priority or environments; have it take no new jobs, or take them again."""
    from dataclasses import replace

    from sweep.cli.options import changes, is_enabled
    from sweep.daemon.client import Client
    from sweep.jobs.events import PutQueue
    from sweep.jobs.queue import Queue

    changed = changes(state=is_enabled(state), priority=priority, environment=tuple(environment or ()) or None)
    renamed = {"state": "enabled", "environment": "environments"}
    with Client(engine) as client:
        old = client.entry(Queue, name)
        client.tell(PutQueue(replace(old, **{renamed.get(name, name): value for name, value in changed.items()})))


@app.command("delete")
def delete(name: Name, engine: EngineOption = None) -> None:
    """Remove a disabled queue; its jobs are terminated."""
    from sweep.daemon.client import Client
    from sweep.jobs.events import DeleteQueue

    with Client(engine) as client:
        client.tell(DeleteQueue(name))
