"""``sweep status``: how far a store's sweep has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sweep.cli.options import StoreArgument, counted, opened_store
from sweep.cli.submit import EndpointOption, RegionOption

if TYPE_CHECKING:
    from sweep.store import Store

__all__ = ["command"]


def command(store: StoreArgument, region: RegionOption = None, endpoint_url: EndpointOption = None) -> None:
    """Say what a store holds: its plan, how much of it is finished, what is missing, and how far submitted jobs are."""
    from sweep.holdings import Holdings, require_plan
    from sweep.work.keys import SUBMISSIONS

    place = opened_store(store)
    plan = require_plan(place)
    held = Holdings.look(place, lambda text: typer.echo(f"sweep: {text}", err=True))
    missing = held.missing(plan)
    blocks = plan.points * plan.blocks_per_point
    done = blocks - sum(each.blocks for each in missing)
    typer.echo(f"sweep     {plan.kernel.name} ({plan.kernel.source}), plan {plan.hash[:12]}")
    typer.echo(f"points    {plan.points:,} over {', '.join(plan.space.names) or 'no axis'}")
    typer.echo(f"trials    {plan.trials:,} a point, {plan.points * plan.trials:,} in all, seed {plan.seed}")
    typer.echo(
        f"finished  {done:,} of {counted(blocks, 'block')} ({100 * done / blocks:.1f} %), in {counted(len(held.simulated), 'shard')}"
    )
    typer.echo(
        f"result    {'result.parquet is there' if held.has_result and not missing else 'not yet: run the same command again'}"
    )
    if any(place.list(SUBMISSIONS)):
        _tell_submissions(place, plan.hash, region, endpoint_url)


def _tell_submissions(store: Store, plan: str, region: str | None, endpoint: str | None) -> None:
    """Print a line for each submission of the plan: how far its jobs are, if AWS Batch answers."""
    from sweep.errors import JobError
    from sweep.submit.batch import Batch
    from sweep.submit.live import counts
    from sweep.submit.record import read_records

    for record in read_records(store, plan):
        try:
            told = "; ".join(map(str, counts(record, Batch(record.target.elsewhere(region, endpoint)))))
        except JobError as error:
            told = f"{len(record.jobs)} jobs, of which nothing is known: {error}"
        typer.echo(f"submitted {record.name} to {record.target.queue}: {told}")
