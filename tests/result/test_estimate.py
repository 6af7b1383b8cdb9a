"""Quantiles, histograms and covariances as their users meet them."""

from __future__ import annotations

import json

import duckdb
import numpy as np
import pytest
from matplotlib import pyplot as plt

from sweep import Sweep, grid, kernel
from sweep.errors import UsageError
from sweep.result import Estimate, Result, format_table
from sweep.result.histogram import bars


@kernel(outputs=["wait", "served", "late"])
def queue(rng, load, desks=1):
    wait = rng.exponential() * load / desks
    return wait, int(3.0 * wait), wait > 2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = str(tmp_path_factory.mktemp("store"))
    Sweep(
        queue,
        grid(load=[0.5, 1.0, 2.0], desks=[1, 2]),
        trials=5000,
        quantiles={"wait": [0.5, 0.999], "served": [0.9]},
        histograms={"wait": (0.0, 6.0, 12)},
        covariance=[("late", "wait")],
    ).run(where)
    return where


@pytest.fixture(scope="module")
def result(folder) -> Result:
    from sweep import open_result

    return open_result(folder)


def test_estimates_are_arrays_over_the_points(result):
    median = result.quantile("wait", 0.5)
    assert isinstance(median, Estimate)
    assert np.array_equal(median.value, result.table["wait_q50"])
    assert np.all((median.low <= median.value) & (median.value <= median.high))
    assert median.stderr is None
    covariance = result.covariance("wait", "late")
    assert np.array_equal(covariance.value, result.covariance("late", "wait").value)
    assert np.array_equal(covariance.stderr, result.table["wait_late_cov_stderr"])
    assert np.array_equal(result.correlation("wait", "late").high, result.table["wait_late_corr_ci_high"])
    histogram = result.histogram("wait")
    assert np.array_equal(histogram.edges, np.linspace(0, 6, 13))
    assert np.array_equal(histogram.counts.sum(axis=1) + histogram.below + histogram.above, [5000] * 6)
    assert result.where(desks=2).histogram("wait").counts.shape == (3, 12)
    assert len(result.where(load=1.0).quantile("wait", 0.999).value) == 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda r: r.quantile("wait", 0.9),
            r"no quantile 0.9 of 'wait': it has 0.5, 0.999. Ask for it in the study, and run it again: no trial",
        ),
        (lambda r: r.quantile("late", 0.9), "no quantile 0.9 of 'late': it has none of this output"),
        (lambda r: r.quantile("wait", "0.5"), "no quantile '0.5' of 'wait'"),
        (lambda r: r.quantile("wiat", 0.5), "no output 'wiat': did you mean 'wait'"),
        (lambda r: r.histogram("served"), r"no histogram of 'served': ask for it in the study, as in histograms="),
        (
            lambda r: r.covariance("wait", "served"),
            r"no covariance of 'wait' and 'served': .*covariance=\[\('wait', 'served'\)\]",
        ),
        (lambda r: r.plot("wait_q5"), "no output 'wait_q5': did you mean 'wait_q50'"),
        (lambda r: r.plot("served_histogram"), "no output 'served_histogram'"),
    ],
)
def test_what_was_not_asked_for_is_named(result, ask, message):
    with pytest.raises(UsageError, match=message):
        ask(result)


def test_the_text_shows_all_of_it(result):
    head, _, first, *_ = str(format_table(result)).splitlines()
    titles = [each.strip() for each in head.split("  ") if each.strip()]
    assert titles == [
        *("load", "desks", "n", "wait", "95 % interval", "wait q50", "95 % interval", "wait q99.9", "95 % interval"),
        *(
            "wait, 0 to 6",
            "below, above",
            "served",
            "95 % interval",
            "served q90",
            "95 % interval",
            "late",
            "95 % interval",
        ),
        *("cov(wait, late)", "95 % interval", "corr(wait, late)", "95 % interval"),
    ]
    assert "|█▄▂▁▁▁▁" in first
    parts = str(format_table(result, width=100))
    assert max(map(len, parts.splitlines())) <= 100


def test_an_interval_that_is_open_on_one_side_has_digits_as_the_other_says():
    few = Sweep(queue, grid(load=[1.0]), trials=20, seed=1, quantiles={"wait": [0.9]}).run()
    cells = format_table(few, width=None).splitlines()[2].split("  ")
    value, interval = [each for each in cells if each][4:6]
    assert float(value) == pytest.approx(few.quantile("wait", 0.9).value[0], abs=0.1)
    assert len(value) < 6
    assert interval.endswith(", inf]")


def test_bars():
    assert bars(np.zeros(5, dtype=np.int64)) == "     "
    assert bars(np.array([7])) == "█"
    assert bars(np.array([0, 1, 1000])) == " ▁█"
    assert bars(np.arange(200), cells=4) == "▂▄▆█"


def test_the_other_formats_hold_every_column(result, folder):
    assert json.loads(format_table(result, "json"))[0]["wait_histogram"] == result[0]["wait_histogram"]
    assert "wait_q99_9_ci_high" in str(format_table(result, "csv")).splitlines()[0]
    assert "| wait_histogram |" in str(format_table(result, "markdown"))
    assert format_table(result, "parquet")[:4] == b"PAR1"
    found = duckdb.sql(f"select list_sum(wait_histogram) as n, wait_q99_9 from '{folder}/result.parquet'").fetchnumpy()
    assert found["n"].tolist() == [5000] * 6
    found = duckdb.sql(f"select sum(list_sum(wait_sketch_counts)) from '{folder}/map/*/*.parquet'").fetchall()
    assert found == [(30_000,)]


def test_other_libraries(result):
    assert result.to_pandas()["wait_histogram"][0].sum() == 5000
    assert result.to_polars()["wait_histogram"].list.sum().to_list() == [5000] * 6
    cube = result.to_xarray()
    assert dict(cube.sizes) == {"load": 3, "desks": 2, "wait_bin": 12}
    whole = cube["wait_histogram"].sum("wait_bin") + cube["wait_below"] + cube["wait_above"]
    assert (whole == 5000).all()


def test_pictures(result):
    ax = result.plot("wait_q99_9")
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert np.array_equal(lines["desks = 1"], result.where(desks=1).table["wait_q99_9"])
    assert ax.get_ylabel() == "wait_q99_9"
    ax = result.plot("wait_late_corr", desks=2)
    assert np.array_equal(ax.lines[0].get_ydata(), result.where(desks=2).table["wait_late_corr"])
    ax = result.plot("wait_histogram", desks=2)
    assert [each.get_label() for each in ax.patches] == [f"load = {load}" for load in ("0.5", "1", "2")]
    assert ax.get_title() == "desks = 2"
    ax.figure.draw_without_rendering()
    highest = max(ax.transData.transform((0, each.get_data().values.max()))[1] for each in ax.patches)
    assert ax.get_legend().get_window_extent().y0 > highest
    drawn = ax.patches[2].get_data()
    shown = (drawn.values * np.diff(drawn.edges)).sum()
    assert shown == pytest.approx(result.where(desks=2).histogram("wait").counts[2].sum() / 5000)
    many = Sweep(queue, grid(load=list(range(1, 11))), trials=10, histograms={"wait": (0, 1, 2)}).run()
    with pytest.raises(UsageError, match=r"10 points are too many .* plot\('wait_histogram', load=\.\.\.\)"):
        many.plot("wait_histogram")
    plt.close("all")
