"""``sweep status``: how far a store's sweep has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from sweep.cli.options import StoreArgument, counted, opened_store
from sweep.cli.submit import EndpointOption, ProfileOption, RegionOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep.store import Store
    from sweep.submit.options import Target
    from sweep.submit.record import Record

__all__ = ["command"]

SHOWN = 3
"""Submissions that are shown whether they are at work or not."""


def command(
    store: StoreArgument,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    profile: ProfileOption = None,
) -> None:
    """Say what a store holds: its plan, how much of it is finished, what is missing, and how far submitted jobs are."""
    from sweep.failed import count_failed
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
    submitted = any(place.list(SUBMISSIONS))
    advice = (
        f"`sweep resume {place.url}` submits what is missing when no job is at work"
        if submitted
        else "run the same command again"
    )
    typer.echo(f"result    {'result.parquet is there' if held.has_result and not missing else f'not yet: {advice}'}")
    failed = count_failed(place, held) if plan.kernel.is_program else 0
    if failed:
        typer.echo(f"failed    {counted(failed, 'trial')}, left out of all statistics: `sweep failures {place.url}`")
    if submitted:
        _tell_submissions(place, plan.hash, _Asked(region, endpoint_url, profile))


def _tell_submissions(store: Store, plan: str, asked: _Asked) -> None:
    """Print a line for each submission of the plan: the last ones, and those before that are at work. Of the last, why it waits or has failed."""
    from sweep.submit.record import read_records

    records = list(read_records(store, plan))
    told = {record.name: asked.after(record, in_full=record is records[-1]) for record in records}
    shown = [each for each in records if told[each.name].is_live or each in records[-SHOWN:]]
    if len(shown) < len(records):
        typer.echo(f"submitted {len(records) - len(shown):,} times before, which is over")
    for each in shown:
        typer.echo(f"submitted {each.name} to {each.target.queue}: {told[each.name].text}")
    for each in told[records[-1].name].more if records else ():
        typer.echo(f"          {each}")


class _Told(NamedTuple):
    """What is said of a submission, what more there is to say if it is the last, and whether it is at work."""

    text: str
    more: Sequence[str] = ()
    is_live: bool = False


class _Asked:
    """Asks after submissions; an endpoint that does not answer once is not asked again."""

    def __init__(self, region: str | None, endpoint: str | None, profile: str | None) -> None:
        self._elsewhere = (region, endpoint, profile)
        self._silent: set[Target] = set()

    def after(self, record: Record, *, in_full: bool) -> _Told:
        """Ask after one."""
        from sweep.errors import JobError
        from sweep.submit.batch import Batch
        from sweep.submit.live import counts, failure, found_again, is_running, waiting

        target = record.target.elsewhere(*self._elsewhere)
        unknown = f"{len(record.jobs)} jobs, of which nothing is known"
        if target in self._silent:
            return _Told(f"{unknown} either")
        try:
            batch = Batch(target)
            record = found_again(record, batch)
            found = counts(record, batch)
            failed = failure(record, batch) if in_full else None
            more = [*waiting(found, batch), *([str(failed)] if failed else [])] if in_full else []
        except JobError as error:
            self._silent.add(target)
            return _Told(f"{unknown}: {error}")
        return _Told("; ".join(map(str, found)) or "none of its jobs was submitted", more, any(map(is_running, found)))
