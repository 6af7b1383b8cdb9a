"""Outputs that are vectors, in a result."""

from __future__ import annotations

import re

import numpy as np
import pyarrow.compute as pc
import pytest

from sweep import Sweep, grid, kernel
from sweep.errors import KernelError, TrialError, UsageError
from sweep.result import format_table
from sweep.result.text import as_html

LENGTH = 200
RAMP = np.array([np.linspace(0.0, 1.0, LENGTH), np.linspace(0.0, 3.0, LENGTH)])


@kernel(outputs=["u", ("ramp", LENGTH)])
def ramps(rng, scale, shapes):
    return rng.uniform(), shapes[rng.integers(0, 2)]


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ramps")
    sweep = Sweep(ramps, grid(scale=[1.0, 2.0]), trials=5000, keep="all", data={"shapes": RAMP})
    Sweep(ramps, grid(scale=[1.0, 2.0]), trials=100, keep="all", data={"shapes": RAMP}).run(folder)
    return sweep.run(folder)


def test_statistics_of_a_vector_are_arrays(swept):
    assert swept.vectors == {"ramp": LENGTH}
    found = swept.vector("ramp")
    assert found.mean.shape == found.low.shape == found.std.shape == (2, LENGTH)
    assert np.all(found.low <= found.mean)
    assert np.all(found.mean <= found.high)
    assert found.mean[1, -1] == swept[1][f"ramp[{LENGTH - 1}]_mean"]
    assert np.allclose(found.mean[0], found.mean[0, -1] * RAMP[0], rtol=1e-12)
    with pytest.raises(UsageError, match="no vector 'ram': .*'ramp'"):
        swept.vector("ram")


def test_a_vector_takes_one_line_of_a_table(swept):
    text = format_table(swept, "text")
    assert "ramp[200]" in text
    assert len(re.findall("▁[▁▂▃▄▅▆▇█]{22}█", text)) == 2
    assert max(map(len, text.splitlines())) < 100
    assert "first to last" in as_html(swept)
    assert len(format_table(swept, "csv").partition("\n")[0].split(",")) == 2 + 8 * (1 + LENGTH)


def test_a_vector_is_drawn_over_its_components(swept):
    first, second = swept.plot("ramp").get_lines()
    assert np.array_equal(first.get_ydata(), swept.vector("ramp").mean[0])
    assert second.get_label() == "scale = 2"
    assert len(swept.plot("ramp[3]").get_lines()) == 1
    many = Sweep(ramps, grid(scale=[float(i) for i in range(9)]), trials=2, data={"shapes": RAMP}).run()
    with pytest.raises(UsageError, match=r"9 points have a vector 'ramp' each, .* as in plot\('ramp', scale=...\)"):
        many.plot("ramp")


@kernel(outputs=["u", ("walk", 4)])
def walked(rng, scale):
    u, x = rng.uniform(), rng.normal()
    return u, (scale * x, 2.0 * u, x + 0.1 * rng.normal(), -u)


@pytest.fixture(scope="module")
def asked():
    return Sweep(
        walked,
        grid(scale=[1.0, 2.0]),
        trials=2000,
        quantiles={"walk": [0.5]},
        histograms={"walk": (-4.0, 4.0, 8)},
        covariance=[("u", "walk")],
    ).run()


def test_what_is_asked_for_of_a_vector_comes_as_arrays(asked):
    median, counted, correlation = asked.quantile("walk", 0.5), asked.histogram("walk"), asked.correlation("walk", "u")
    assert median.value.shape == median.low.shape == correlation.stderr.shape == (2, 4)
    assert np.array_equal(median.high[:, 2], asked.quantile("walk[2]", 0.5).high)
    assert counted.counts.shape == (2, 4, 8)
    assert np.array_equal(counted.counts[:, 1], asked.histogram("walk[1]").counts)
    assert np.allclose(correlation.value[:, [1, 3]], [1.0, -1.0])
    assert np.array_equal(asked.covariance("u", "walk").value, asked.covariance("walk", "u").value)
    with pytest.raises(UsageError, match=r"'walk' is a vector: name two of the components, as in 'walk\[0\]'"):
        asked.covariance("walk", "walk")


def test_what_is_asked_for_of_a_vector_is_drawn_over_its_components(asked):
    drawn = asked.plot("walk_q50")
    assert np.array_equal(drawn.get_lines()[1].get_ydata(), asked.quantile("walk", 0.5).value[1])
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("component of walk", "walk_q50")
    assert np.array_equal(asked.plot("u_walk_corr").get_lines()[0].get_ydata(), asked.correlation("u", "walk").value[0])
    with pytest.raises(UsageError, match=r"draw the histogram of one component, as in plot\('walk\[0\]_histogram'\)"):
        asked.plot("walk_histogram")
    with pytest.raises(UsageError, match="did you mean 'walk_q50'"):
        asked.plot("walk_q51")


@kernel(outputs=[("bad", 3)])
def bad(rng, a):
    u = rng.uniform()
    return (np.nan if u < 0.5 else u, np.nan if u < 0.1 else u, 1)


def test_a_vector_is_warned_of_once():
    nonfinite, whole = Sweep(bad, grid(a=[1.0]), trials=200).run().warnings
    assert nonfinite.startswith("bad[0] (and 1 more of its vector): ")
    assert whole.startswith("bad[2]: an integer that was 0 or 1")


def test_a_vector_may_be_kept_by_one_component(tmp_path):
    @kernel(outputs=[("hit", 2)])
    def hits(rng, p):
        return rng.uniform() < p, rng.uniform() < p

    Sweep(hits, grid(p=[0.3]), trials=1000, keep="hit[1]").run(tmp_path)
    import pyarrow.parquet as pq

    kept = pq.read_table(next((tmp_path / "trials").rglob("*.parquet")))
    assert pc.all(kept["hit[1]"]).as_py()
    assert 200 < len(kept) < 400  # a binomial of mean 300 and standard deviation 14.5: false once in 10^11


def test_an_array_of_another_length_is_told_before_anything_is_written(tmp_path):
    each = Sweep(ramps, grid(scale=[1.0]), trials=10_000, data={"shapes": RAMP[:, :7]})
    with pytest.raises(
        KernelError, match=r"test_vector.py:\d+: kernel 'ramps' returned 7 numbers as 'ramp': 200 were declared$"
    ):
        each.run(tmp_path)
    assert not (tmp_path / "map").exists()
    assert not (tmp_path / "waves").exists()


@kernel(outputs=[("ramp", 3)])
def seldom_short(rng, t):
    return (t[: 3 - int(rng.uniform() < 0.001)],)


def test_an_array_that_is_seldom_of_another_length_is_told_of_its_trial():
    each = Sweep(seldom_short, grid(), trials=10_000, data={"t": RAMP[0, :3].copy()})
    with pytest.raises(
        TrialError, match=r"^kernel 'seldom_short' returned 2 numbers as 'ramp': 3 were declared, in trial \d+ of"
    ):
        each.run()
