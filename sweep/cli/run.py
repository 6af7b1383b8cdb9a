"""``sweep run``: compute what is missing of a study and print its result."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sweep.cli.options import (
    SeedOption,
    StoreOption,
    StudyArgument,
    TrialsOption,
    default_store,
    output_width,
    read_study,
)

__all__ = ["command"]

ROWS = 20


def command(
    study: StudyArgument,
    store: StoreOption = None,
    executor: Annotated[
        str,
        typer.Option(
            metavar="auto|inprocess|ray",
            autocompletion=lambda: ["auto", "inprocess", "ray"],
            help="Where shards run; changes no byte of the result.",
        ),
    ] = "auto",
    device: Annotated[
        str,
        typer.Option(
            metavar="auto|cpu|cuda",
            autocompletion=lambda: ["auto", "cpu", "cuda"],
            help="What runs the trials; changes no byte of the result.",
        ),
    ] = "cpu",
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="How many run at a time.  [default: all processors]", show_default=False),
    ] = None,
    shards: Annotated[
        int | None,
        typer.Option(metavar="N", help="Cut into so many shards.  [default: of at most 4 s]", show_default=False),
    ] = None,
    trials: TrialsOption = None,
    seed: SeedOption = None,
    ray_address: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS|nodes",
            help="A Ray cluster that is there, or the nodes of this multi-node job, instead of a local one.",
        ),
    ] = "local",
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away the sweep that the store holds, if it is another one.")
    ] = False,
    max_failures: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Stop when more trials of a command have failed.  [default: never]", show_default=False
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Run a study: compute what the store does not hold yet, and print one row a point.

    Run it again to go on after a stop, or with more trials or points to extend it.
    """
    from sweep.cli.progress import Line
    from sweep.errors import TrialError
    from sweep.run import run_plan
    from sweep.store import open_store

    if ray_address == "nodes" and _lent():
        return
    sweep = read_study(study, trials, seed)
    plan = sweep.plan(source=study.partition(":")[0])
    place = open_store(default_store(study) if store is None else store)
    line = Line(quiet=quiet)
    try:
        with line:
            result = run_plan(
                sweep.kernel,
                plan,
                place,
                executor=executor,
                device=device,
                workers=workers,
                shards=shards,
                ray_address=ray_address,
                replace=replace,
                progress=line,
                data=sweep.data,
                max_failures=max_failures,
            )
    except KeyboardInterrupt:
        sys.stderr.write("sweep: stopped; what is finished is kept, and the same command goes on from there\n")
        raise SystemExit(130) from None
    if not quiet:
        from sweep.result import format_table

        typer.echo(format_table(result, "text", limit=ROWS, width=output_width()))
        typer.echo(f"{place.url}", err=True)
    if result.is_empty:
        raise TrialError(f"no trial succeeded, so nothing is known; `sweep failures {place.url}` shows why")


def _lent() -> bool:
    """Lend this node to the main node's cluster until that ends; False on the main node, which runs the study."""
    from sweep.executors.nodes import Node, join

    node = Node.here()
    if not node.is_main:
        join(node)
    return not node.is_main
