"""A shard on threads, stopped and gone on with: the objects are those of one thread that was never stopped."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep import Sweep, grid, kernel
from sweep.errors import StoreError, TrialError
from sweep.ledger import Wave
from sweep.rectangle import Rectangle
from sweep.shares import Cut
from sweep.store import open_store
from sweep.work import keys
from sweep.work import spread as spreading
from sweep.work.pieces import Piece, discard_parts, gaps, read_parts, write_part
from sweep.work.rows import Rows
from sweep.work.simulate import simulate
from sweep.work.spread import spread
from sweep.work.study import Study
from sweep.work.timings import read_timings
from tests.studies import study as sweep_of

ASKED = [
    {},
    {"keep": "all"},
    {"keep": "big"},
    {"quantiles": [0.5, 0.99], "histograms": {"count": (0.0, 10.0, 10)}, "covariance": True},
]


@pytest.fixture(params=ASKED, ids=lambda each: "-".join(each) or "statistics")
def made(request):
    """A study in two shards, what one thread writes of the second, and how many trials that takes."""
    swept = sweep_of(41_000, **request.param)
    plan = swept.plan()
    wave = Wave.of(plan, 1, Cut(2), [Rectangle(0, plan.points, 0, plan.blocks_per_point)])
    alone = Study(swept.kernel, plan, open_store("memory://"), {})
    alone.store.create(keys.wave_key(1), wave.to_json())
    trials = simulate(alone, wave, 1, lambda _: None)
    return swept, wave, objects(alone.store), trials


def objects(store) -> dict[str, bytes]:
    return {each.key: store.get(each.key) for each in store.list() if not each.key.startswith(("waves/", keys.TIMINGS))}


def fresh(swept, wave) -> Study:
    made = Study(swept.kernel, swept.plan(), open_store("memory://"), {})
    made.store.create(keys.wave_key(1), wave.to_json())
    return made


class StopAfter:
    """Stops after so many reports."""

    def __init__(self, reports: int) -> None:
        self.event = threading.Event()
        self.trials = 0
        self._left = reports
        self._lock = threading.Lock()

    def report(self, trials: int) -> None:
        with self._lock:
            self.trials += trials
            self._left -= 1
            if self._left == 0:
                self.event.set()


@pytest.mark.parametrize("threads", [1, 3])
def test_the_objects_of_one_thread(made, threads):
    swept, wave, expected, _ = made
    study = fresh(swept, wave)
    assert spread(study, wave, 1, threads=threads, stop=threading.Event(), report=lambda _: None)
    assert objects(study.store) == expected


@pytest.mark.parametrize("threads", [1, 3])
def test_stopped_again_and_again(made, threads):
    """Every stop comes after two batches; what was finished is not run again."""
    swept, wave, expected, trials = made
    study = fresh(swept, wave)
    ran = stops = 0
    while True:
        stopping = StopAfter(2)
        finished = spread(study, wave, 1, threads=threads, stop=stopping.event, report=stopping.report)
        ran += stopping.trials
        if finished:
            break
        stops += 1
        assert any(each.key.startswith(keys.parts_of(1, 1)) for each in study.store.list())
        assert not any(each.key.startswith("map/") for each in study.store.list())
    assert stops > 1
    assert ran == trials
    assert objects(study.store) == expected


def test_a_store_that_takes_no_parts_ends_the_threads(made, monkeypatch):
    """What they computed from then on would be for nobody."""
    monkeypatch.setattr(spreading, "PIECE_SECONDS", 0.0)
    swept, wave, _, trials = made
    study = fresh(swept, wave)
    has_failed, ran = threading.Event(), []

    def refuse(key, data):
        has_failed.set()
        raise StoreError("the store is full")

    def report(number):
        ran.append(number)
        assert len(ran) < 3 or has_failed.wait(60)

    study.store.create = refuse
    before = threading.active_count()
    with pytest.raises(StoreError, match="the store is full"):
        spread(study, wave, 1, threads=1, stop=threading.Event(), report=report, keep_seconds=0.01)
    assert threading.active_count() == before
    assert sum(ran) < trials


def test_what_is_finished_is_kept_while_it_runs(made, monkeypatch):
    """A machine that is lost without a word costs what was done since pieces were kept last."""
    monkeypatch.setattr(spreading, "PIECE_SECONDS", 0.0)  # each batch is a piece
    swept, wave, expected, _ = made
    study = fresh(swept, wave)
    is_kept, batches = threading.Event(), []
    create = study.store.create

    def listen(key, data):
        create(key, data)
        if keys.parse_part(key):
            is_kept.set()

    def report(trials):
        batches.append(trials)
        assert len(batches) < 3 or is_kept.wait(60)

    study.store.create = listen
    assert spread(study, wave, 1, threads=1, stop=threading.Event(), report=report, keep_seconds=0.01)
    assert is_kept.is_set()
    assert objects(study.store) == expected


def test_a_damaged_part_is_run_again(made):
    swept, wave, expected, _ = made
    study = fresh(swept, wave)
    stopping = StopAfter(3)
    assert not spread(study, wave, 1, threads=1, stop=stopping.event, report=stopping.report)
    part = next(each.key for each in study.store.list(keys.PARTS) if keys.parse_part(each.key))
    study.store.replace(part, study.store.get(part)[:-40] + bytes(40))
    assert read_parts(study, wave, 1) == []
    assert spread(study, wave, 1, threads=2, stop=threading.Event(), report=lambda _: None)
    assert objects(study.store) == expected


def test_what_it_took_is_written_down_with_what_earlier_attempts_took(made):
    swept, wave, *_ = made
    study = fresh(swept, wave)
    stopping = StopAfter(3)
    assert not spread(study, wave, 1, threads=2, stop=stopping.event, report=stopping.report)
    parts = read_parts(study, wave, 1)
    assert not list(read_timings(study.store, {1}))
    spread(study, wave, 1, threads=2, stop=threading.Event(), report=lambda _: None)
    (timing,) = read_timings(study.store, {1})
    assert timing.shard == 1
    assert timing.cpu_seconds > sum(each.took.cpu_seconds for each in parts) > 0.0
    assert timing.seconds > sum(each.took.seconds for each in parts) > 0.0


def test_what_it_took_is_not_guessed_where_a_part_does_not_say(made):
    swept, wave, expected, _ = made
    study = fresh(swept, wave)
    stopping = StopAfter(3)
    spread(study, wave, 1, threads=1, stop=stopping.event, report=stopping.report)
    (part,) = read_parts(study, wave, 1)
    discard_parts(study, wave, 1)
    write_part(study, wave, 1, replace(part, took=None))
    assert spread(study, wave, 1, threads=1, stop=threading.Event(), report=lambda _: None)
    assert objects(study.store) == expected
    assert not list(read_timings(study.store, {1}))


def test_a_part_of_another_wave_is_none(made):
    swept, wave, *_ = made
    study = fresh(swept, wave)
    stopping = StopAfter(1)
    spread(study, wave, 1, threads=1, stop=stopping.event, report=stopping.report)
    other = Wave.of(swept.plan(), 1, Cut(3), wave.rectangles)
    assert read_parts(study, other, 1) == []


@kernel(outputs=["x"])
def failing(rng, a):
    if rng.uniform() > 0.9999 and a > 1:
        raise ValueError("too large")
    return a


def test_a_trial_that_raises_stops_all_threads():
    swept = Sweep(failing, grid(a=[1, 2]), trials=400_000)
    plan = swept.plan()
    wave = Wave.of(plan, 1, Cut(1), [Rectangle(0, 2, 0, plan.blocks_per_point)])
    with pytest.raises(TrialError, match="raised ValueError: too large in trial"):
        spread(fresh(swept, wave), wave, 0, threads=3, stop=threading.Event(), report=lambda _: None)


@given(st.lists(st.integers(0, 40), unique=True, max_size=12), st.integers(0, 10), st.integers(30, 50))
def test_gaps_and_pieces_cover_all(cuts, start, stop):
    marks = sorted(each for each in cuts if start <= each <= stop)
    pieces = [Piece(a, b, Rows(*[None] * 6), ()) for a, b in zip(marks[::2], marks[1::2], strict=False) if a < b]
    covered = [i for each in pieces for i in range(each.start, each.stop)]
    left = [i for a, b in gaps(start, stop, pieces) for i in range(a, b)]
    assert sorted(covered + left) == list(range(start, stop))
