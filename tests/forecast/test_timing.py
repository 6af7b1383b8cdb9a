"""Timings with a clock that is not one."""

from __future__ import annotations

import pytest

from sweep import Sweep, grid, kernel
from sweep.errors import UsageError
from sweep.forecast.pilot import run_pilot
from sweep.forecast.timing import Timing
from sweep.forecast.units import Units
from sweep.store import open_store
from sweep.work import simulate
from sweep.work.study import Study


@kernel(outputs=["y"])
def plain(rng, a):
    return a * rng.normal()


class Clock:
    """Goes on by what trials cost, when they are run: so many seconds each, and so many a call."""

    def __init__(self, monkeypatch, each, call=0.0):
        self.now = 0.0
        real = simulate.run_blocks

        def run_blocks(study, blocks):
            for done in real(study, blocks):
                taken = zip(done.rows.point, done.rows.trials, strict=True)
                self.now += call + sum(each(int(p)) * int(n) for p, n in taken)
                yield done

        monkeypatch.setattr("sweep.forecast.timing.run_blocks", run_blocks)

    def __call__(self):
        return self.now


@kernel(outputs=["y", "above"])
def marked(rng, a):
    y = a + rng.normal()
    return y, y > 1.0


def kept(trials, values):
    study = Sweep(marked, grid(a=values), trials=trials, keep="above")
    return Study(study.kernel, study.plan(), open_store("memory://"), {})


def made(trials, points=4):
    study = Sweep(plain, grid(a=[float(i) for i in range(points)]), trials=trials)
    return Study(study.kernel, study.plan(), open_store("memory://"), {})


@pytest.mark.parametrize("trials", [5, 100, 4096, 5000, 10**6])
@pytest.mark.parametrize("each", [1e-7, 1e-4, 1.0])
def test_a_unit_takes_its_trials_times_what_each_takes(monkeypatch, trials, each):
    study = made(trials)
    clock = Clock(monkeypatch, lambda point: each * (1 + point))
    timing = Timing(study, Units.of(study.plan, 1.0), clock)
    for unit in (0, 3):
        found = timing(unit, 0.1)
        assert found.seconds == pytest.approx(each * (1 + unit) * trials, rel=1e-6)
        assert found.variance == pytest.approx(0.0, abs=1e-9 * found.seconds**2)


def test_a_call_s_own_time_is_taken_off(monkeypatch):
    study = made(10**6)
    clock = Clock(monkeypatch, lambda point: 1e-6, call=1e-4)
    timing = Timing(study, Units.of(study.plan, 1.0), clock)
    assert timing(0, 0.5).seconds == pytest.approx(1.0, rel=0.02)


def test_a_unit_of_many_points_is_timed_whole(monkeypatch):
    study = made(1, points=100)
    units = Units.of(study.plan, 1e-3)
    clock = Clock(monkeypatch, lambda point: 1e-3 * point)
    timing = Timing(study, units, clock)
    first, last = units.bounds(1)
    assert timing(1, 0.1).seconds == pytest.approx(1e-3 * sum(range(first, last)))
    assert len(timing.rows[1]) == last - first


def test_the_time_that_was_given_is_kept_to(monkeypatch):
    study = made(10**9)
    clock = Clock(monkeypatch, lambda point: 1e-6)
    timing = Timing(study, Units.of(study.plan, 1.0), clock)
    assert timing(2, 0.25).spent < 0.5


def test_a_trial_that_raises_is_named():
    study = Sweep(fragile_kernel(), grid(a=[1, 2, 3], b=[0.0]), trials=20_000)
    with pytest.raises(UsageError, match=r"trial \d+ of point 2 \(a=3, b=0.0\)"):
        run_pilot(Study(study.kernel, study.plan(), open_store("memory://"), {}), 0.2, 1)


def fragile_kernel():
    @kernel(outputs=["y"])
    def breaks(rng, a, b):
        if a == 3:
            return 1 // int(b)
        return 1

    return breaks


@kernel(outputs=["y"])
def long(rng, steps):
    y = 0.0
    for _ in range(steps):
        y += rng.uniform()
    return y


def test_a_trial_that_does_not_end_is_said(monkeypatch):
    monkeypatch.setattr("sweep.forecast.first.LEAST_SECONDS", 0.1)
    study = Sweep(long, grid(steps=[5 * 10**7]), trials=1000)  # some seconds, for a thread cannot be stopped
    with pytest.raises(UsageError, match=r"trials 0 to 31 of point 0 did not end in 0.1 s: see that loops end"):
        run_pilot(Study(study.kernel, study.plan(), open_store("memory://"), {}), 0.1, 1)


def test_trials_that_are_too_long_for_the_budget_are_said():
    """By one at each point, and not by the thousands that a pilot runs; some few in all are run whatever they take."""
    study = Sweep(long, grid(steps=[2_000_000, 4_000_000]), trials=10**6)
    with pytest.raises(UsageError, match=r"budget 0.01 is too short for trials of .* all 2,000,000 trials take some "):
        run_pilot(Study(study.kernel, study.plan(), open_store("memory://"), {}), 0.01, 1)
    study = Sweep(long, grid(steps=[4_000_000]), trials=1)
    assert run_pilot(Study(study.kernel, study.plan(), open_store("memory://"), {}), 0.2, 1).timing.trials


@pytest.mark.parametrize("budget", [0.0, -1.0, float("nan"), float("inf")])
def test_a_budget_is_some_time(budget):
    with pytest.raises(UsageError, match="budget"):
        run_pilot(made(10), budget, 1)


def test_a_unit_keeps_a_share_however_many_of_its_trials_were_run(monkeypatch):
    """Where trials are slow few are run: that point's share counts as much as that of a point with all of its trials."""
    study = kept(10**5, [0.0, 2.0])
    clock = Clock(monkeypatch, lambda point: (1e-8, 1e-3)[point])
    timing = Timing(study, Units.of(study.plan, 1.0), clock)
    for unit in (0, 1):
        timing(unit, 1e-4)
    shares = timing.kept_shares
    assert timing.rows[1].trials.sum() < timing.rows[0].trials.sum() / 100
    assert shares[0] == pytest.approx(0.1587, abs=0.02)  # of a standard normal distribution above 1
    assert shares[1] == pytest.approx(0.8413, abs=0.2)
