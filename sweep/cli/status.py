"""``sweep status``: how far a store's sweep has come."""

from __future__ import annotations

import typer

from sweep.cli.options import StoreArgument, counted, opened_store

__all__ = ["command"]


def command(store: StoreArgument) -> None:
    """Say what a store holds: its plan, how much of it is finished, and what is missing."""
    from sweep.holdings import Holdings, require_plan

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
