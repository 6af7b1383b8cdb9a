"""Consumable resources are made, changed and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep.errors import JobError, brief, nearest
from sweep.jobs.consumable import Change, Consumable
from sweep.jobs.effects import Answer
from sweep.jobs.fit import consumed_at_once
from sweep.jobs.limits import check_consumable

if TYPE_CHECKING:
    from sweep.jobs.events import ChangeConsumable, DeleteConsumable, PutConsumable
    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["change_consumable", "delete_consumable", "put_consumable"]

TOKEN_FOR = 8 * 3_600_000
"""ms that a request is known again by its token."""


def put_consumable(turn: Turn, event: PutConsumable) -> None:
    """Make a consumable resource."""
    made = event.consumable
    check_consumable(made)
    if made.name in turn.state.consumables:
        raise JobError(f"ConsumableResource {made.name} already exists: Object already exists")
    turn.state.consumables[made.name] = replace(made, created=turn.now)
    turn.effects.append(Answer(made.name))


def change_consumable(turn: Turn, event: ChangeConsumable) -> None:
    """Change how much there is; what was asked twice with the same token is done once."""
    old = _known(turn.state, event.name)
    if not _asked_before(turn, event):
        sign = {Change.SET: 1, Change.ADD: 1, Change.REMOVE: -1}[event.change]
        before = 0 if event.change is Change.SET else old.total
        changed = replace(old, total=before + sign * event.quantity)
        if event.quantity < 0:
            raise JobError(f"quantity={event.quantity} of ConsumableResource {event.name} is below 0")
        check_consumable(changed)
        turn.state.consumables[event.name] = changed
        _remember(turn, event)
    turn.effects.append(Answer(turn.state.consumables[event.name].total))


def _key(event: ChangeConsumable) -> str:
    return f"{event.token} {event.name} {event.change.name} {event.quantity}"


def _asked_before(turn: Turn, event: ChangeConsumable) -> bool:
    at = turn.state.tokens.get(_key(event)) if event.token else None
    return at is not None and turn.now - at < TOKEN_FOR


def _remember(turn: Turn, event: ChangeConsumable) -> None:
    """Remember a token, and forget those of long ago."""
    if event.token:
        known = turn.state.tokens
        for key in [key for key, at in known.items() if turn.now - at >= TOKEN_FOR]:
            del known[key]
        known[_key(event)] = turn.now


def delete_consumable(turn: Turn, event: DeleteConsumable) -> None:
    """Remove a consumable resource that no live job needs."""
    _known(turn.state, event.name)
    for job in turn.state.jobs.values():
        if job.live and event.name in consumed_at_once(job):
            raise JobError(f"Cannot delete, job {job.id} needs ConsumableResource {event.name}")
    del turn.state.consumables[event.name]
    turn.effects.append(Answer(None))


def _known(state: State, name: str) -> Consumable:
    if name not in state.consumables:
        raise JobError(f"ConsumableResource {brief(name)} does not exist: {nearest(name, list(state.consumables))}")
    return state.consumables[name]
