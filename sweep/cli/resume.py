"""``sweep resume``: send what is missing of what was submitted."""

from __future__ import annotations

import typer

from sweep.cli.options import StoreArgument, opened_store
from sweep.cli.submit import EndpointOption, ProfileOption, QuietOption, RegionOption, WaitOption, report

__all__ = ["command"]


def command(
    store: StoreArgument,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    profile: ProfileOption = None,
    wait: WaitOption = False,
    quiet: QuietOption = False,
) -> None:
    """Submit what a store lacks, with the code, the plan and the options of its last submission; no study is needed.

    With --wait, a submission that is at work is followed instead.
    """
    from sweep.cli.progress import Line
    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.beside import at_work
    from sweep.submit.options import Target
    from sweep.submit.sending import resume

    place: Store = opened_store(store)
    made: list[Batch] = []

    def batch_of(target: Target) -> Batch:
        made.append(Batch(target.elsewhere(region, endpoint_url, profile)))
        return made[-1]

    if wait and (found := at_work(place, batch_of)) is not None:
        if not quiet:
            typer.echo(
                f"sweep: submission {found[0].name} is at work: it is followed, and nothing is submitted", err=True
            )
        report(*found, place, wait=True, quiet=quiet)
        return
    with Line(quiet=quiet) as line:
        record = resume(place, batch_of, line)
    report(record, made[-1], place, wait=wait, quiet=quiet)
