"""Quantiles, histograms and covariances from end to end: the same bytes whatever happens on the way."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from sweep import Sweep, grid, kernel, open_result
from sweep.errors import CorruptError, PlanError, TrialError
from sweep.holdings import Holdings
from sweep.progress import Silent
from sweep.result import Result
from sweep.store import open_store
from sweep.work.counted import counted_columns
from sweep.work.counts import Counts
from sweep.work.merge import merge
from sweep.work.rows import Rows
from tests.studies import mixed, sha256, study

ASKED = {
    "quantiles": [0.01, 0.5, 0.99],
    "histograms": {"x": (-3.0, 3.0, 24), "count": (0, 10, 10)},
    "covariance": True,
}


def asked(trials: int = 20_000, **options) -> Sweep:
    return study(trials, **(ASKED | options))


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The store that every way of running the study must end as."""
    folder = str(tmp_path_factory.mktemp("reference"))
    asked(keep="all").run(folder, shards=1, workers=1)
    return folder


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("digest"))
    asked().run(folder, shards=1, workers=1)
    return sha256(folder)


@pytest.mark.parametrize(("shards", "workers"), [(1, 2), (7, 2), (30, 1)])
def test_one_digest_over_shards_and_threads(digest, tmp_path, shards, workers):
    asked().run(str(tmp_path), shards=shards, workers=workers)
    assert sha256(str(tmp_path)) == digest


def test_one_digest_on_ray(digest, tmp_path, ray_here):
    asked().run(str(tmp_path), executor="ray", shards=5, workers=2)
    assert sha256(str(tmp_path)) == digest


class Interrupted(Silent):
    def __init__(self, after: int):
        self.left = after

    def advance(self, trials):
        self.left -= trials
        if self.left < 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [1, 40_000, 90_000])
def test_one_digest_after_a_stop(digest, tmp_path, after):
    with pytest.raises(KeyboardInterrupt):
        asked().run(str(tmp_path), shards=9, workers=1, progress=Interrupted(after))
    asked().run(str(tmp_path), shards=4, workers=2)
    assert sha256(str(tmp_path)) == digest


@pytest.mark.parametrize("keep", ["", "all"])
def test_one_digest_after_more_and_more_trials(digest, reference, tmp_path, keep):
    for trials in (100, 4096, 10_000, 12_289, 20_000):
        asked(trials, keep=keep).run(str(tmp_path), shards=3)
    assert sha256(str(tmp_path)) == (sha256(reference) if keep else digest)


def test_one_digest_after_more_points(digest, tmp_path):
    whole = asked()
    replace(whole, space=grid(a=[0.5, 1.0], case=["day", "night"])).run(str(tmp_path), shards=2)
    whole.run(str(tmp_path), shards=5)
    assert sha256(str(tmp_path)) == digest


def test_blocks_that_two_runs_computed_are_counted_once(digest, tmp_path):
    """A second wave over everything, written as if two runs had not known of each other."""
    from sweep.rectangle import Rectangle
    from sweep.shares import Cut
    from sweep.work.reduce import reduce
    from sweep.work.simulate import simulate
    from sweep.work.study import Study

    asked().run(str(tmp_path), shards=5)
    store, plan = open_store(str(tmp_path)), asked().plan()
    held = Holdings.look(store, print, plan)
    wave = held.begin(store, plan, Cut(4), [Rectangle(0, 6, 0, 5)])
    for shard in (0, 2):
        simulate(Study(mixed, plan, store), wave, shard, lambda _: None)
        reduce(plan, store, wave, shard)
    aside = open_store("memory://")
    merge(plan, store, Holdings.look(store, print, plan).shards(), into=aside)
    assert len(Holdings.look(store, print, plan).shards()) == 7
    assert sha256(str(tmp_path)) == digest
    assert aside.get("result.parquet") == store.get("result.parquet")


def test_a_damaged_count_is_found_and_computed_again(digest, tmp_path):
    asked().run(str(tmp_path), shards=3)
    path = next((tmp_path / "map").rglob("*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    asked(20_000, confidence=0.9).run(str(tmp_path))
    asked().run(str(tmp_path))
    assert sha256(str(tmp_path)) == digest


def test_it_is_what_numpy_makes_of_the_trials(reference):
    result = open_result(reference)
    trials = pq.read_table(f"{reference}/trials").to_pandas()
    for point in range(6):
        mine = trials[trials.point == point]
        x, count, big = (mine[name].to_numpy().astype(float) for name in ("x", "count", "big"))
        finite = np.isfinite(x)
        for name, values in (("x", x[finite]), ("count", count)):
            for level in (0.01, 0.5, 0.99):
                exact = np.quantile(values, level, method="inverted_cdf")
                found = result.quantile(name, level)
                assert found.value[point] == pytest.approx(exact, rel=0.01 if name == "x" else 0)
                assert found.low[point] <= exact <= found.high[point]
        found = result.histogram("x")
        assert np.array_equal(found.counts[point], np.histogram(x[finite], 24, (-3, 3))[0])
        assert (found.below[point], found.above[point]) == ((x[finite] < -3).sum(), (x[finite] > 3).sum())
        for a, b, name in ((x, big, ("x", "big")), (x, count, ("x", "count")), (big, count, ("big", "count"))):
            both = np.isfinite(a) & np.isfinite(b)
            assert result.covariance(*name).value[point] == pytest.approx(
                np.cov(a[both], b[both])[0, 1], rel=1e-11, abs=1e-14
            )
            assert result.correlation(*name).value[point] == pytest.approx(
                np.corrcoef(a[both], b[both])[0, 1], abs=1e-13
            )


def test_what_is_usual_is_the_same_whether_more_is_asked_for_or_not(reference):
    plain = study().run().table
    assert open_result(reference).table.select(plain.column_names).equals(plain)


def test_other_levels_cost_no_trials(tmp_path):
    class Silence(Silent):
        def started(self, **_):
            raise AssertionError("it computes")

    asked().run(str(tmp_path))
    other = asked(quantiles=[0.25, 0.999]).run(str(tmp_path), progress=Silence())
    assert np.array_equal(other.table["x_q25"], asked(quantiles=[0.25]).run().table["x_q25"])
    assert "x_q50" not in other.table.column_names
    with pytest.raises(PlanError, match="the store holds another plan: relative_error differs"):
        asked(relative_error=0.1).run(str(tmp_path))


@kernel(outputs=["low", "high"])
def booleans(rng):
    u = rng.uniform()
    return u < 0.1, u > 0.9  # never both: their correlation is -1/9


def test_bools_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(PlanError, match="every output is a bool"):
        Sweep(booleans, grid(), trials=10, quantiles=[0.5]).run(str(tmp_path / "store"))
    assert not (tmp_path / "store").exists() or not list((tmp_path / "store").iterdir())
    found = Sweep(booleans, grid(), trials=10_000, covariance=True).run().correlation("low", "high")
    assert found.value[0] == pytest.approx(-1 / 9, abs=0.02)


@kernel(outputs=["x", "y"])
def failing(rng, limit):
    x = rng.uniform()
    if x > limit:
        raise ValueError("beyond")
    return x, math.nan


def test_a_trial_that_raises_is_named_and_nan_alone_says_nothing():
    with pytest.raises(TrialError, match=r"raised ValueError: beyond in trial \d+ of point 1"):
        Sweep(failing, grid(limit=[1.0, 0.5]), trials=10_000, quantiles=[0.5], covariance=True).run()
    found = Sweep(
        failing, grid(limit=[1.0]), trials=5000, quantiles=[0.5], histograms={"y": (0, 1, 2)}, covariance=True
    ).run()
    assert np.isnan([found.quantile("y", 0.5).value[0], found.covariance("x", "y").value[0]]).all()
    assert np.isnan(found.correlation("x", "y").low[0])
    assert found.histogram("y").counts.sum() == found.histogram("y").below[0] == 0


def test_many_points_of_one_trial_and_one_point_of_many(tmp_path):
    wide = Sweep(mixed, grid(a=list(range(1, 20_001)), case=[0]), trials=1, seed=2, quantiles={"x": [0.5]})
    wide.run(str(tmp_path), shards=3)
    table = open_result(str(tmp_path)).table
    assert np.array_equal(table["x_q50"], np.where(table["x_nonfinite"], np.nan, table["x_mean"]), equal_nan=True)
    deep = Sweep(mixed, grid(a=[1.0], case=[0]), trials=3_000_000, seed=2, quantiles={"x": [0.5]}).run(shards=5)
    assert abs(deep.quantile("x", 0.5).value[0]) < 0.005


def test_counts_that_are_not_those_of_the_trials_are_refused():
    statistics = np.tile([7.0, 0.0, 1.0, -1.0, 1.0, -1.0], (2, 3, 1))
    rows = Rows.of_blocks(np.arange(2), np.zeros(2, np.int64), np.full(2, 7), statistics, ("float", "bool", "int"))
    six = Counts(np.array([1, 2]), np.array([5, 5, 6]), np.array([7, 4, 2]))
    with pytest.raises(CorruptError, match="6 values of x are counted at point 1, not 7"):
        counted_columns(study(7, quantiles={"x": [0.5]}).plan(), replace(rows, counts=(six,)), ("float", "bool", "int"))


@kernel(outputs=["u", "v"])
def exponentials(rng, rate):
    u = rng.exponential()
    return u / rate - 0.5, u + rng.exponential()


POINTS = 3000


@pytest.fixture(scope="module")
def repeated() -> Result:
    """One study of a thousand trials, three thousand times."""
    study = Sweep(
        exponentials, grid(rate=[1.0] * POINTS), trials=1000, seed=5, quantiles=[0.1, 0.5, 0.9], covariance=True
    )
    return replace(study, relative_error=0.001).run()


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_an_interval_holds_the_quantile_as_often_as_it_promises(repeated, level):
    """95 % at least, and little more: the binomial is discrete. Below it by five standard deviations: false alarms 3e-7."""
    true = -math.log(1.0 - level) - 0.5
    found = repeated.quantile("u", level)
    held = np.mean((found.low <= true) & (true <= found.high))
    assert 0.95 - 5 * math.sqrt(0.05 * 0.95 / POINTS) < held < 0.985


def test_intervals_of_covariance_and_correlation_hold_though_nothing_is_normal(repeated):
    """A covariance of 1 whose variance is 9 / n, of which the normal distribution's would be 3 / n: 74 % would be held."""
    for found, true in ((repeated.covariance("u", "v"), 1.0), (repeated.correlation("u", "v"), math.sqrt(0.5))):
        held = np.mean((found.low <= true) & (true <= found.high))
        assert 0.9 < held < 0.97
        assert np.mean(found.stderr) == pytest.approx(np.std(found.value), rel=0.1)
    assert np.mean(repeated.covariance("u", "v").stderr) == pytest.approx(3 / math.sqrt(1000), rel=0.1)
