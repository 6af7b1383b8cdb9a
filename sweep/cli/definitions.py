"""``sweep definitions``: what jobs run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from sweep.cli.options import EngineOption, JsonOption, pass_on

__all__ = ["app"]

app = typer.Typer(name="definitions", help="Job definitions: what jobs run.", invoke_without_command=True)

Command = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- COMMAND...]", help="Program and arguments; Ref::name stands for a parameter.", show_default=False
    ),
]


LONGEST = 60
"""Characters of a command in the list."""


@app.callback()
def show(
    context: typer.Context,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this name.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also inactive revisions, and those of bare commands.")] = False,
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the active definitions."""
    if pass_on(context, engine, as_json=as_json):
        return
    from sweep.cli.table import print_list
    from sweep.daemon.client import Client

    with Client(engine) as client:
        definitions = [each for each in client.view("definitions", name=name) if every or _is_current(each)]
    print_list(
        definitions, ["definition", "status", "vCPUs", "MiB", "attempts", "timeout s", "runs"], _row, as_json=as_json
    )


def _is_current(definition: dict[str, Any]) -> bool:
    return definition["status"] == "ACTIVE" and not definition["jobDefinitionName"].startswith(".")


def _row(definition: dict[str, Any]) -> list[Any]:
    container = definition.get("containerProperties", {})
    needs = {each["type"]: each["value"] for each in container.get("resourceRequirements", ())}
    return [
        f"{definition['jobDefinitionName']}:{definition['revision']}",
        definition["status"],
        needs.get("VCPU"),
        needs.get("MEMORY"),
        definition["retryStrategy"]["attempts"],
        definition.get("timeout", {}).get("attemptDurationSeconds"),
        _shortened(" ".join(container.get("command", ()))) or container.get("function") or definition["type"],
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@app.command("register")
def register(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    command: Command = None,
    function: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:NAME",
            help="A Python function to call instead of a command; its argument is a sweep.jobs.work.Child. "
            "Its module is looked for here, unless --env PYTHONPATH=... says where.",
        ),
    ] = None,
    image: Annotated[str | None, typer.Option(metavar="IMAGE", help="Run in this image, by podman or docker.")] = None,
    vcpus: Annotated[float, typer.Option(metavar="N")] = 1.0,
    memory: Annotated[
        int, typer.Option(metavar="MIB", help="What takes more is ended, but for functions on Ray.")
    ] = 512,
    gpus: Annotated[int, typer.Option(metavar="N")] = 0,
    parameter: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Default for Ref::NAME.")] = None,
    env: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Environment variable.")] = None,
    attempts: Annotated[int, typer.Option(metavar="N", help="How often a child may be tried.")] = 1,
    retry_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="Try again only then: exit=CODE, reason=TEXT or status=TEXT; * at the end for any ending.",
        ),
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Longest attempt, 60 or more.")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="JSON", help="A file for RegisterJobDefinition, as AWS takes it.")
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Register a revision of a definition, and print its name."""
    from sweep.cli.awsfile import read_definition
    from sweep.cli.words import container_of, pairs, retry_of
    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.aws import definition_from
    from sweep.jobs.definition import Definition, Resources
    from sweep.jobs.events import Register

    if name.startswith("."):
        raise UsageError(f"a definition's name does not begin with a dot: {name!r}")
    if function is not None and not re.fullmatch(r"[\w.]+:[\w.]+", function):
        raise UsageError(f"--function {function!r} is not MODULE:NAME")
    if file is not None:
        _refuse_beside_file(context)
        made = definition_from(read_definition(file, name))
    else:
        variables = pairs("--env", env)
        if function is not None:
            variables.setdefault("PYTHONPATH", str(Path.cwd()))
        made = Definition(
            name,
            container=container_of(command or [], function, image, Resources(vcpus, memory, gpus), variables),
            parameters=pairs("--parameter", parameter),
            retry=retry_of(attempts, retry_on or []),
            timeout=timeout,
        )
    with Client(engine) as client:
        typer.echo(client.tell(Register(made)))


def _refuse_beside_file(context: typer.Context) -> None:
    """Refuse options that say what the file says."""
    from sweep.errors import UsageError

    for each in context.command.params:
        name = each.name or ""
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE" and name not in {"name", "file", "engine"}:
            what = "a command" if name == "command" else f"--{name.replace('_', '-')}"
            raise UsageError(f"{what} beside --file: the file says all of it")


@app.command("deregister")
def deregister(
    name: Annotated[str, typer.Argument(metavar="NAME:REVISION", show_default=False)], engine: EngineOption = None
) -> None:
    """Make a revision inactive; jobs that were submitted with it go on."""
    from sweep.daemon.client import Client
    from sweep.errors import UsageError
    from sweep.jobs.events import Deregister

    base, _, revision = name.partition(":")
    if not revision.isdigit():
        raise UsageError(f"{name!r} names no revision: expected NAME:REVISION")
    with Client(engine) as client:
        client.tell(Deregister(base, int(revision)))
