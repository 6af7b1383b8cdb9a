"""Bars: what is drawn of every attempt, worked out from the events alone."""

from __future__ import annotations

from sweep.jobs.definition import Retry
from sweep.jobs.events import Fate
from sweep.jobs.state import State
from sweep.jobs.status import Status
from sweep.jobs.timeline import bars
from tests.jobs.rig import START, Rig


def drawn(rig):
    """(index, attempt, started, stopped, status) of each bar, times in seconds since the start of the story."""
    return [
        (
            each.index,
            each.attempt,
            each.started and (each.started - START) / 1000,
            (each.stopped - START) / 1000,
            each.status,
        )
        for each in bars(State(), ((now, event) for event, now in rig.events))
    ]


def test_an_attempt_that_is_tried_again_is_drawn_as_it_was_though_the_next_has_begun():
    rig = Rig()
    job = rig.submit(retry=Retry(2))
    rig.tick(1)
    rig.begin(job)
    started = rig.now
    rig.tick(5)
    rig.end(job, code=1, started=started)
    assert rig.status(job) is Status.STARTING
    rig.tick(2)
    rig.begin(job)
    started = rig.now
    rig.tick(3)
    rig.end(job, started=started)
    assert drawn(rig) == [(0, 1, 1, 6, Status.RUNNABLE), (0, 2, 8, 11, Status.SUCCEEDED)]


def test_what_never_began_is_no_attempt():
    rig = Rig()
    job = rig.submit()
    rig.tick(1)
    rig.end(job, fate=Fate.RETURNED)
    rig.tick(1)
    rig.end(job)
    assert drawn(rig) == [(0, 1, 2, 2, Status.SUCCEEDED)]


def test_the_wait_of_what_never_ran_is_drawn():
    rig = Rig()
    job = rig.submit(after=[rig.submit()])
    rig.tick(4)
    rig.end("j1", code=1)
    assert job in rig.state.jobs
    assert drawn(rig) == [(0, 1, 4, 4, Status.FAILED), (0, 0, None, 4, Status.FAILED)]
