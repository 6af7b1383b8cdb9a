"""Whose ``plan.json`` and ``result.parquet`` a store is left with when runs of a sweep and of a larger form of it end there."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from sweep.errors import CorruptError, ObjectNotFoundError
from sweep.holdings import Holdings
from sweep.waves import Waves, lead
from sweep.work import keys
from sweep.work.merge import merge
from sweep.work.parquet import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.plan import Plan
    from sweep.store import Store

__all__ = ["hand_over"]


def hand_over(store: Store, plan: Plan, note: Callable[[str], None]) -> None:
    """Leave the plan to the largest form of the sweep that has finished anything, and the result to it once it has finished all.

    Waves are never replaced and say whose they are; so whichever run writes last, it sees that a larger one was there and gives back
    what it wrote over. Ends with a look that finds nothing to give back.
    """
    lead(store, plan)
    while Waves.read(store, plan, note).larger:
        heir = Holdings.look(store, note, plan).largest(plan)
        lead(store, heir)
        held = Holdings.look(store, note, heir)
        if heir.hash == plan.hash or held.missing(heir) or held.simulated != held.reduced or _is_there(store, heir):
            return
        merge(heir, store, held.shards())


def _is_there(store: Store, plan: Plan) -> bool:
    with suppress(CorruptError, ObjectNotFoundError):
        table = decode(store.get(keys.RESULT), keys.RESULT)
        return json.loads(table.schema.metadata[b"sweep.plan"])["hash"] == plan.hash
    return False
