"""``sweep jobs``: submit, look at, wait for, stop and repeat jobs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.options import EngineOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["app"]

app = typer.Typer(name="jobs", help="Jobs and array jobs, with AWS Batch's rules.", no_args_is_help=True)

_AN_ID = "or 4 or more of its first characters; a child is ID:INDEX."
Ids = Annotated[list[str], typer.Argument(metavar="JOB...", help=f"Each a job's id, {_AN_ID}", show_default=False)]
Id = Annotated[str, typer.Argument(metavar="JOB", help=f"A job's id, {_AN_ID}", show_default=False)]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Shown as the status reason.")]


_PICTURES = (".png", ".svg", ".pdf")


def _many(text: str) -> Any:
    return typer.Option(metavar="JOB", help=text, show_default=False)


@app.command("submit", context_settings={"ignore_unknown_options": False})
def submit(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND...]", help="In place of the definition's command.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="[default: the definition's]")] = None,
    definition: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:REVISION]", help="What to run; without one, the command alone.", show_default=False
        ),
    ] = None,
    queue: Annotated[str, typer.Option(metavar="NAME")] = "default",
    array: Annotated[int | None, typer.Option(metavar="SIZE", help="An array job of so many children.")] = None,
    after: Annotated[list[str] | None, _many("Wait until it has succeeded; once for each.")] = None,
    n_to_n: Annotated[list[str] | None, _many("Child i waits for child i of that array.")] = None,
    after_any: Annotated[list[str] | None, _many("Wait until it has ended, however.")] = None,
    sequential: Annotated[
        str | None,
        typer.Option(metavar="strict|tolerant", help="Child i waits for child i-1; tolerant: failed or not."),
    ] = None,
    parameter: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="What Ref::NAME stands for.")] = None,
    env: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Environment variable.")] = None,
    vcpus: Annotated[float | None, typer.Option(metavar="N", help="[default: the definition's, or 1]")] = None,
    memory: Annotated[
        int | None,
        typer.Option(
            metavar="MIB",
            help="What takes more is ended, but for functions on Ray.  [default: the definition's, or 512]",
        ),
    ] = None,
    attempts: Annotated[int | None, typer.Option(metavar="N", help="How often a child may be tried.")] = None,
    retry_on: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION", help="Try again only then: exit=CODE, reason=TEXT or status=TEXT."),
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Longest attempt, 60 or more.")] = None,
    share: Annotated[str | None, typer.Option(metavar="NAME", help="Share identifier, for a fair-share queue.")] = None,
    priority: Annotated[
        int | None, typer.Option(metavar="N", help="Within the share, 0 to 9999; higher ones first.")
    ] = None,
    gpus: Annotated[int | None, typer.Option(metavar="N", help="[default: the definition's, or 0]")] = None,
    nodes: Annotated[int | None, typer.Option(metavar="N", help="Of a multi-node job.")] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Tag.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    engine: EngineOption = None,
) -> None:
    """Submit a job, and print its id."""
    from sweep.cli.bare import definition_of
    from sweep.cli.images import warn_of_image
    from sweep.cli.words import dependencies_of, pairs, retry_of
    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.request import Overrides, Request

    if not definition and not (command and command[0]):
        raise UsageError("nothing to run: give --definition NAME, or a command after --")
    if retry_on and attempts is None:
        raise UsageError("--retry-on says when to try again: give --attempts N too")
    retry = None if attempts is None else retry_of(attempts, retry_on or [])
    overrides = Overrides(tuple(command) if command and definition else None, pairs("--env", env), vcpus, memory, gpus)
    with Client(engine) as client:
        awaited = (_wholes(client, each or []) for each in (after, n_to_n, after_any))
        depends_on = dependencies_of(*awaited, sequential=sequential)
        definition = definition or definition_of(client, command or [])
        request = Request(
            name if name is not None else definition.partition(":")[0].rpartition("/")[2].lstrip("."),
            queue,
            definition,
            size=array,
            depends_on=depends_on,
            parameters=pairs("--parameter", parameter),
            overrides=overrides,
            retry=retry,
            timeout=timeout,
            share=share,
            priority=priority,
            tags=pairs("--tag", tag),
            nodes=nodes,
        )
        job_id = _submit(client, request)
        typer.echo(job_id)
        warn_of_image(client, job_id)
        if wait:
            _wait(client, [job_id], quiet=False)


def _whole(client: Any, job: str) -> str:
    """Ask for the whole id of a job of which the beginning was given."""
    return _wholes(client, [job])[0]


def _wholes(client: Any, jobs: list[str]) -> list[str]:
    return client.view("ids", named=jobs) if jobs else []


def _submit(client: Any, request: Any) -> str:
    import uuid

    from sweep.jobs.events import Submit

    return client.tell(Submit(str(uuid.uuid4()), request))


@app.command("list")
def show(
    queue: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this queue.")] = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Only in this state.")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME[*]", help="Only of this name.")] = None,
    definition: Annotated[
        str | None, typer.Option(metavar="NAME[:REVISION]", help="Only of this definition; NAME* too.")
    ] = None,
    share: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this share.")] = None,
    created_after: Annotated[str | None, typer.Option(metavar="TIME", help="Only from then on.")] = None,
    created_before: Annotated[str | None, typer.Option(metavar="TIME", help="Only from before then.")] = None,
    array: Annotated[str | None, typer.Option(metavar="JOB", help="The children of this array job.")] = None,
    as_json: JsonOption = False,
    engine: EngineOption = None,
) -> None:
    """List jobs, newest first, or the children of an array."""
    from sweep.cli.jobrows import COLUMNS, CUT, SPARE, row_of
    from sweep.cli.table import print_list
    from sweep.cli.words import moment
    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.ids import parted, shortened

    filters: dict[str, Any] = {
        "queue": queue,
        "name": name,
        "definition": definition,
        "share": share,
        "after": moment("--created-after", created_after),
        "before": moment("--created-before", created_before),
    }
    if array is not None and any(each is not None for each in filters.values()):
        raise UsageError("--array lists the children of one job: of the filters it takes --status only")
    with Client(engine) as client:
        chosen = None if array is None else _children(client, _whole(client, array), status)
        found = client.view("jobs", status=status, **filters) if chosen is None else list(chosen)
    short = shortened(parted(each["jobId"])[0] for each in found)
    print_list(found, COLUMNS, lambda each: row_of(each, short), as_json=as_json, cut=CUT, spare=SPARE)


def _children(client: Any, array: str, status: str | None) -> Iterator[dict[str, Any]]:
    """Ask for an array's children page by page."""
    page = client.view("children", job_id=array, status=status)
    while page:
        yield from page
        last = page[-1]
        first = 1 + (
            last["arrayProperties"]["index"] if "arrayProperties" in last else last["nodeProperties"]["nodeIndex"]
        )
        page = client.view("children", job_id=array, status=status, first=first)


@app.command("describe")
def describe(jobs: Ids, engine: EngineOption = None) -> None:
    """Print all that is known of jobs, as JSON in AWS Batch's shapes."""
    from sweep.cli.table import print_json
    from sweep.daemon.client import Client

    with Client(engine) as client:
        print_json(client.view("describe", job_ids=_wholes(client, jobs)))


@app.command("wait")
def wait(
    jobs: Ids,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show nothing.")] = False,
    engine: EngineOption = None,
) -> None:
    """Wait until jobs have ended, and show how far they are; exit code 1 if one has failed."""
    from sweep.daemon.client import Client

    with Client(engine) as client:
        _wait(client, _wholes(client, jobs), quiet=quiet)


def _wait(client: Any, jobs: list[str], *, quiet: bool) -> None:
    from sweep.cli.watching import watch

    try:
        succeeded = watch(client, jobs, quiet=quiet)
    except KeyboardInterrupt:
        ids = " ".join(jobs)
        typer.echo(f"\nsweep: stopped waiting; what runs goes on, until: sweep jobs terminate {ids}", err=True)
        raise typer.Exit(130) from None
    if not succeeded:
        raise typer.Exit(1)


@app.command("cancel")
def cancel(jobs: Ids, reason: Reason = "cancelled by the user", engine: EngineOption = None) -> None:
    """Cancel jobs: what does not run yet will not; what runs goes on."""
    from sweep.jobs.events import Cancel

    _stop(Cancel, jobs, reason, engine)


@app.command("terminate")
def terminate(jobs: Ids, reason: Reason = "terminated by the user", engine: EngineOption = None) -> None:
    """Terminate jobs: what runs is ended too (SIGTERM, and SIGKILL after 30 s)."""
    from sweep.jobs.events import Terminate

    _stop(Terminate, jobs, reason, engine)


def _stop(kind: Any, jobs: list[str], reason: str, engine: str | None) -> None:
    from sweep.daemon.client import Client

    with Client(engine) as client:
        whole = _wholes(client, jobs)
        client.view(
            "describe", job_ids=whole
        )  # AWS says nothing of a job that is not there; a typing error deserves a word
        for each in whole:
            client.tell(kind(each, reason))


@app.command("resubmit")
def resubmit(
    job: Id,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    engine: EngineOption = None,
) -> None:
    """Run the failed children of an ended array job again, with the same indices, and print the new job's id."""
    from dataclasses import replace

    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.codec import decode
    from sweep.jobs.request import Request

    with Client(engine) as client:
        job = _whole(client, job)
        old = decode(Request, client.view("request", job_id=job))
        if not client.view("progress", job_ids=[job])[0]["counts"]["FAILED"]:
            raise UsageError(f"no child of job {job} has failed: there is nothing to run again")
        done_in = job if old.size is not None else None
        job_id = _submit(client, replace(old, done_in=done_in, depends_on=()))
        typer.echo(job_id)
        if wait:
            _wait(client, [job_id], quiet=False)


@app.command("logs")
def logs(
    job: Id,
    attempt: Annotated[int | None, typer.Option(metavar="N", help="[default: the last]")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the attempt has ended.")] = False,
    engine: EngineOption = None,
) -> None:
    """Print what an attempt has written so far."""
    from sweep.cli.logs import print_log
    from sweep.daemon.client import Client

    with Client(engine) as client:
        print_log(client, _whole(client, job), attempt, sys.stdout.buffer, follow=follow)


@app.command("timeline")
def timeline(
    jobs: Ids,
    out: Annotated[str, typer.Option(metavar="FILE", help="Picture to write; its ending says in which format.")],
    engine: EngineOption = None,
) -> None:
    """Draw when jobs waited and ran, from the journal."""
    from pathlib import Path

    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.journal import read_story
    from sweep.jobs.timeline import bars
    from sweep.report.timeline import draw_timeline

    path = Path(out)
    if path.suffix not in _PICTURES:
        raise UsageError(f"--out {out!r}: expected a file that ends in {', '.join(_PICTURES)}")
    if not path.parent.is_dir():
        raise UsageError(f"--out {out!r}: there is no folder {path.parent}")
    with Client(engine) as client:
        jobs = _wholes(client, jobs)
        client.view("describe", job_ids=jobs)
    played = bars(*read_story(client.folder))
    draw_timeline([each for each in played if each.job_id in jobs], path)
