"""The heart of the job engine: one event in, what is to be done out.

No file, clock, thread, sleep or log in here or below: the state that comes out depends on the state and the events that went in, and on
nothing else. So the journal of events is all that must be kept, and every test is a list of events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.jobs import attempts, catalogue, clock, events, stopping, submission, supply, tagging
from sweep.jobs.dependencies import spread
from sweep.jobs.recall import recall
from sweep.jobs.schedule import schedule
from sweep.jobs.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.jobs.effects import Effect
    from sweep.jobs.events import Event
    from sweep.jobs.state import State

__all__ = ["RULES", "handle"]

RULES = 1
"""Another number whenever the same events may lead to another state: a journal must be played by the rules that it was written by."""

_HANDLERS: dict[type[Event], Callable[[Turn, Any], None]] = {
    events.Register: catalogue.register,
    events.Deregister: catalogue.deregister,
    events.PutEnvironment: catalogue.put_environment,
    events.DeleteEnvironment: catalogue.delete_environment,
    events.PutQueue: catalogue.put_queue,
    events.DeleteQueue: catalogue.delete_queue,
    events.PutPolicy: catalogue.put_policy,
    events.DeletePolicy: catalogue.delete_policy,
    events.PutConsumable: supply.put_consumable,
    events.ChangeConsumable: supply.change_consumable,
    events.DeleteConsumable: supply.delete_consumable,
    events.Tag: tagging.tag,
    events.Submit: submission.submit,
    events.Cancel: stopping.cancel,
    events.Terminate: stopping.terminate,
    events.Begun: attempts.begun,
    events.Ended: attempts.ended,
    events.Unserved: catalogue.unserved,
    events.Tick: lambda turn, _: clock.tick(turn),
}


def handle(state: State, event: Event, now: int) -> list[Effect]:
    """Let an event change the state.

    Parameters
    ----------
    state
        Changed in place.
    event
        What has happened.
    now
        When, ms since 1970; never less than the last time.

    Returns
    -------
    list of Effect
        What is to be done, in order.

    Raises
    ------
    JobError
        If the event is a request that AWS would refuse; the state is then as it was.
    """
    turn = Turn(state, now)
    _HANDLERS[type(event)](turn, event)
    state.now = now
    spread(turn)
    schedule(turn)
    recall(turn)
    catalogue.sweep_out(turn)
    return turn.effects
