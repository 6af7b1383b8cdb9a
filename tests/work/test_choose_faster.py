"""Which way of running trials is remembered: what others do to the machine meanwhile does not decide it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sweep.work import pilot

POINTS = 5


@pytest.fixture
def decided(monkeypatch):
    """Return what `choose_faster` remembers, given how long each driver takes at each of its turns."""

    def run(seconds) -> list[int]:
        turns = {"alone": 0, "together": 0}

        def timed(driver, _study, _point) -> float:
            turns[driver.name] += 1
            return seconds(driver.name, turns[driver.name])

        drivers = {
            1: SimpleNamespace(name="alone"),
            None: SimpleNamespace(name="together", code=SimpleNamespace(parts=True)),
        }
        study = SimpleNamespace(driver_of=drivers.get, plan=SimpleNamespace(points=POINTS), compiled=None)
        remembered: list[int] = []
        monkeypatch.setattr(pilot, "_seconds", timed)
        monkeypatch.setattr(pilot, "argument_kinds", lambda *_: ())
        monkeypatch.setattr(pilot, "prefer", lambda *given: remembered.append(given[-1]))
        pilot.choose_faster(study)
        return remembered

    return run


def test_the_faster_way_is_remembered(decided):
    assert decided(lambda name, _: 1.0 if name == "alone" else 2.0) == [1]
    assert decided(lambda name, _: 2.0 if name == "alone" else 1.0) == []
    assert decided(lambda name, _: 0.95 if name == "alone" else 1.0) == []  # too little to count


@pytest.mark.parametrize("disturbed", ["alone", "together"])
def test_a_machine_that_was_disturbed_now_and_then_decides_nothing(decided, disturbed):
    honest = {"alone": 2.0, "together": 1.0}
    assert decided(lambda name, turn: honest[name] * (50.0 if name == disturbed and turn % pilot.ROUNDS else 1.0)) == []
