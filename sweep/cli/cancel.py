"""``sweep cancel``: end the jobs that were submitted for a store."""

from __future__ import annotations

import typer

from sweep.cli.options import StoreArgument, opened_store
from sweep.cli.submit import EndpointOption, ProfileOption, RegionOption

__all__ = ["command"]


def command(
    store: StoreArgument,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    profile: ProfileOption = None,
) -> None:
    """Terminate the jobs that were submitted from a store and have not ended; what they have finished is kept."""
    from sweep.errors import JobError
    from sweep.submit.batch import Batch
    from sweep.submit.cancelling import cancel

    place = opened_store(store)
    failed: list[str] = []
    for each in cancel(place, lambda target: Batch(target.elsewhere(region, endpoint_url, profile))):
        typer.echo(f"{each.record.name}  {each}")
        if each.trouble:
            failed.append(each.record.name)
    if failed:
        raise JobError(f"not cancelled, for the reasons above: {', '.join(failed)}")
