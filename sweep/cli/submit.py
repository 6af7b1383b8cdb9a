"""``sweep submit``: send a sweep to AWS Batch, or to what speaks its API."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.options import SeedOption, StudyArgument, TrialsOption, counted, read_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.options import Containers, Target
    from sweep.submit.order import Order
    from sweep.submit.record import Record

__all__ = ["EndpointOption", "ProfileOption", "QuietOption", "RegionOption", "WaitOption", "command", "report"]

RegionOption = Annotated[
    str | None,
    typer.Option("--region", metavar="NAME", help="AWS region.  [default: the profile's]", show_default=False),
]
EndpointOption = Annotated[
    str | None,
    typer.Option("--endpoint-url", metavar="URL", help="An endpoint that speaks AWS Batch's API, instead of AWS's."),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile", metavar="NAME", help="AWS profile for AWS Batch, if its credentials are not those of the store."
    ),
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Follow the jobs to their end, and print the result as `sweep run` does.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


def command(
    study: StudyArgument,
    queue: Annotated[str, typer.Option(metavar="QUEUE", help="Job queue, by name or ARN.", show_default=False)],
    store: Annotated[
        str,
        typer.Option(metavar="URL", help="s3://bucket/prefix, or a folder that children have too.", show_default=False),
    ],
    image: Annotated[
        str, typer.Option(metavar="IMAGE", help="Image with arraysweep and what the study imports.", show_default=False)
    ],
    trials: TrialsOption = None,
    seed: SeedOption = None,
    shards: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many children.  [default: of about 2 min each]", show_default=False),
    ] = None,
    job_role: Annotated[
        str | None, typer.Option(metavar="ARN", help="Role of the children: reads and writes the store.")
    ] = None,
    execution_role: Annotated[
        str | None, typer.Option(metavar="ARN", help="Role that pulls the image and writes logs.")
    ] = None,
    vcpus: Annotated[int, typer.Option(metavar="N", help="Processors of a child.")] = 1,
    memory: Annotated[int, typer.Option(metavar="MIB", help="Memory of a child.")] = 2048,
    gpus: Annotated[int, typer.Option(metavar="N", help="GPUs of a child.")] = 0,
    timeout: Annotated[int | None, typer.Option(metavar="SECONDS", help="Longest attempt, 60 or more.")] = None,
    attempts: Annotated[int, typer.Option(metavar="N", help="How often a child that lost its machine is tried.")] = 5,
    max_failures: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Have children give up when more trials of a command have failed.  [default: never]",
            show_default=False,
        ),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(metavar="threads|ray", help="What a child spreads its shard over; changes no byte of the result."),
    ] = "threads",
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    profile: ProfileOption = None,
    share_identifier: Annotated[str | None, typer.Option(metavar="NAME", help="Share of a fair share queue.")] = None,
    priority: Annotated[int | None, typer.Option(metavar="N", help="Priority within the share, 0 to 9999.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Tag of jobs; may be repeated.")] = None,
    env: Annotated[
        list[str] | None, typer.Option(metavar="NAME=TEXT", help="Environment variable of children; may be repeated.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away the sweep that the store holds, if it is another one.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the calls as JSON; ask nobody, write nothing.")
    ] = False,
    export: Annotated[
        str | None,
        typer.Option(
            metavar="step-functions", help="Print a state machine that submits the jobs, instead of submitting them."
        ),
    ] = None,
    wait: WaitOption = False,
    quiet: QuietOption = False,
) -> None:
    """Send what a store lacks of a study to a queue of AWS Batch: three jobs, whose result is that of `sweep run` to the last byte."""
    from sweep.cli.words import pairs
    from sweep.errors import UsageError
    from sweep.store import open_store
    from sweep.submit.environment import environment_of
    from sweep.submit.options import Containers, Target
    from sweep.submit.order import Order

    if export not in {None, "step-functions"}:
        raise UsageError(f"--export {export!r} is not step-functions")
    if wait and (dry_run or export):
        raise UsageError("--wait beside --dry-run or --export: nothing is submitted that could be waited for")
    target = Target(queue, region, endpoint_url, profile=profile)
    containers = Containers(
        image=image,
        job_role=job_role,
        execution_role=execution_role,
        vcpus=vcpus,
        memory=memory,
        gpus=gpus,
        timeout=timeout,
        attempts=attempts,
        environment=environment_of(region) | pairs("--env", env),
        tags=pairs("--tag", tag),
        share=share_identifier,
        priority=priority,
        executor=executor,
        max_failures=max_failures,
    )
    sweep = read_study(study, trials, seed)
    plan = sweep.plan(source=study.partition(":")[0])
    order = Order(study, sweep.kernel, plan, sweep.data, open_store(store), containers, shards, replace)
    if dry_run:
        _rehearse(order, target, containers, export=export is not None)
    elif export:
        _export(order, target, containers)
    else:
        _submit(order, target, wait=wait, quiet=quiet)


def _rehearse(order: Order, target: Target, containers: Containers, *, export: bool) -> None:
    from sweep.submit.rehearsal import Rehearsal
    from sweep.submit.sending import rehearse
    from sweep.submit.states import state_machine

    rehearsal = Rehearsal(target)
    jobs = [job for job, _ in rehearse(order, rehearsal)]
    if export:
        definition = next(
            each["parameters"]["jobDefinition"] for each in rehearsal.calls if each["operation"] == "SubmitJob"
        )
        typer.echo(json.dumps(state_machine(jobs, target.queue, definition, containers), indent=1))
    else:
        typer.echo(json.dumps(rehearsal.calls, indent=1))


def _export(order: Order, target: Target, containers: Containers) -> None:
    from sweep.cli.progress import Line
    from sweep.submit.batch import Batch
    from sweep.submit.sending import export
    from sweep.submit.states import state_machine

    with Line() as line:
        made = export(order, Batch(target), line)
    if made is None:
        typer.echo(f"sweep: {order.store.url} holds the result already", err=True)
        return
    typer.echo(json.dumps(state_machine(made[0], target.queue, made[1], containers), indent=1))


def _submit(order: Order, target: Target, *, wait: bool, quiet: bool) -> None:
    from sweep.cli.progress import Line
    from sweep.submit.batch import Batch
    from sweep.submit.sending import submit

    batch = Batch(target)
    with Line(quiet=quiet) as line:
        record = submit(order, batch, line)
    report(record, batch, order.store, wait=wait, quiet=quiet)


def report(record: Record | None, batch: Batch, store: Store, *, wait: bool, quiet: bool) -> None:
    """Say what was submitted; wait for it and print the result if that is wanted."""
    from sweep.cli.following import print_result, wait_for

    if record is None:
        _say(f"sweep: {store.url} holds the result already; nothing is submitted", quiet=quiet)
    else:
        for each in record.jobs:
            if not quiet:
                typer.echo(f"{each.id}  {each.name}  {counted(each.size, 'child').replace('childs', 'children')}")
        if wait:
            _wait(store, lambda: wait_for(record, batch, quiet=quiet))
    if (wait or record is None) and not quiet:
        print_result(store)


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        typer.echo(text, err=True)


def _wait(store: Store, waiting: Callable[[], None]) -> None:
    try:
        waiting()
    except KeyboardInterrupt:
        sys.stderr.write(
            f"sweep: no longer waiting; the jobs go on: `sweep status {store.url}` tells how far, `sweep cancel {store.url}` ends them\n"
        )
        raise SystemExit(130) from None
