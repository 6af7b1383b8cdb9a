"""Kept trials: found by what came of them, and run again in plain Python to the same bits."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from sweep import Sweep, find_cases, grid, kernel
from sweep.cases import Cases
from sweep.errors import CorruptError, SpaceError, UsageError
from sweep.replay import prepare_stored, replay_cases
from sweep_kernels import Rng
from sweep_kernels.models import aeb_cut_in
from sweep_kernels.tracing import TracedRng

POINTS = grid(time_gap=[0.3, 0.6, 2.0], dropout=[0.1, 0.7])


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """A store with the collisions of 6 points x 3,000 trials of the closed loop."""
    store = str(tmp_path_factory.mktemp("failures") / "store")
    Sweep(aeb_cut_in, POINTS, trials=3000, seed=5, keep="collision").run(store, shards=3)
    return store


def test_ten_kept_trials_give_the_same_bits_in_plain_python(failures):
    found = find_cases(failures, "collision", limit=10)
    assert len(found) == 10
    again = list(replay_cases(*prepare_stored(failures), found, trace=True))
    assert [(each.point, each.trial) for each in again] == list(
        zip(found.table["point"].to_pylist(), found.table["trial"].to_pylist(), strict=True)
    )
    for each, row in zip(again, found.table.to_pylist(), strict=True):
        assert each.parameters == {name: row[name] for name in ("time_gap", "dropout")}
        assert {name: float(value).hex() for name, value in each.outputs.items()} == {
            name: float(row[name]).hex() for name in ("collision", "impact_speed", "min_ttc")
        }
        rng = Rng(5, each.point, each.trial)
        assert [draw.value for draw in each.draws] == [getattr(rng, draw.method)() for draw in each.draws]
        assert [draw.method for draw in each.draws[:2]] == ["uniform", "uniform"]
        assert each.draws[0].file.endswith("emergency_braking.py")


def test_cases_are_those_where_the_condition_holds_in_order(failures):
    everything = find_cases(failures).table
    whole = list(zip(everything["point"].to_pylist(), everything["trial"].to_pylist(), strict=True))
    assert whole == sorted(set(whole))
    assert everything["collision"].to_numpy(zero_copy_only=False).all()
    fast = find_cases(failures, "impact_speed > 9 and dropout > 0.5", limit=4)
    chosen = everything.filter(
        pa.array((everything["impact_speed"].to_numpy() > 9) & (everything["dropout"].to_numpy() > 0.5))
    )
    assert fast.found == chosen.num_rows > 4
    assert fast.table.equals(chosen.slice(0, 4))
    assert find_cases(failures, "impact_speed > 1e9").found == 0


def test_what_was_kept_of_a_sweep_does_not_depend_on_its_shards(failures, tmp_path):
    Sweep(aeb_cut_in, POINTS, trials=1000, seed=5, keep="collision").run(str(tmp_path / "a"), shards=1)
    Sweep(aeb_cut_in, POINTS, trials=3000, seed=5, keep="collision").run(str(tmp_path / "a"), shards=5)
    assert find_cases(tmp_path / "a").table.equals(find_cases(failures).table)


def test_a_case_that_gives_something_else_is_told(failures):
    found = find_cases(failures, limit=2)
    speeds = found.table["impact_speed"].to_numpy().copy()
    speeds[1] = np.nextafter(speeds[1], math.inf)
    place = found.table.column_names.index("impact_speed")
    altered = Cases(found.table.set_column(place, "impact_speed", pa.array(speeds)), found.found)
    again = replay_cases(*prepare_stored(failures), altered)
    next(again)
    with pytest.raises(CorruptError, match=r"gives impact_speed=.* in plain Python, and was kept with"):
        next(again)


def test_bad_questions_are_told(failures, tmp_path):
    Sweep(aeb_cut_in, POINTS, trials=10).run(str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"keeps no trials: run it with keep='collision'"):
        find_cases(tmp_path / "none")
    with pytest.raises(SpaceError, match=r"'colision'.*did you mean 'collision'"):
        find_cases(failures, "colision")
    with pytest.raises(UsageError, match="limit=0 is not 1 or more"):
        find_cases(failures, limit=0)


@kernel(outputs=["x"])
def every_draw(rng):
    cards = np.zeros(3)
    cards[1], cards[2] = 1.0, 2.0
    rng.shuffle(cards)
    x, y = rng.circle()
    return rng.gamma(2.5, scale=0.5) + rng.choice((0.5, 0.5)) + x + y + cards[0] + rng.poisson(3.0)


def test_a_traced_trial_draws_as_any_other_and_tells_where():
    traced = TracedRng(3, 1, 4)
    assert every_draw.run(traced) == every_draw.trial(3, 1, 4)
    assert [each.method for each in traced.drawn] == ["shuffle", "circle", "gamma", "choice", "poisson"]
    assert sorted(traced.drawn[0].value) == [0.0, 1.0, 2.0]
    assert traced.drawn[2].arguments == "2.5, scale=0.5"
    first = every_draw.line
    assert [each.line - first for each in traced.drawn] == [4, 5, 6, 6, 6]
    assert traced.drawn[0].uniforms == 0
    assert traced.drawn[1].uniforms == 2
    public = {name for name in vars(Rng) if not name.startswith("_") and callable(getattr(Rng, name))}
    assert all(getattr(TracedRng, name) is not getattr(Rng, name) for name in public - {"check_drawn"})
