from __future__ import annotations

import io
import json
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from matplotlib import pyplot as plt

from sweep import Sweep, grid, kernel, linspace, logspace, open_result, sobol
from sweep.errors import PlanError, UsageError
from sweep.result import format_table
from tests.studies import study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("sweep")
    study(trials=5000, keep="all").run(str(where), shards=4, workers=2)
    return where


@pytest.fixture(scope="module")
def result(folder):
    return open_result(str(folder))


def test_rows_and_names(result):
    assert (len(result), result.parameters, result.outputs) == (6, ("a", "case"), ("x", "big", "count"))
    assert result[3]["case"] == "night"
    assert result[-1] == list(result)[-1]
    assert [row["a"] for row in result.where(case="day")] == [0.5, 1.0, 2.0]
    assert result.plan["trials"] == 5000


def test_other_libraries_read_the_folder_with_no_help(folder, result):
    expected = result.table["x_mean"].to_pylist()
    assert duckdb.sql(f"select x_mean from '{folder}/result.parquet'").fetchnumpy()["x_mean"].tolist() == expected
    assert pl.read_parquet(folder / "result.parquet")["x_mean"].to_list() == expected
    assert pd.read_parquet(folder / "result.parquet")["x_mean"].tolist() == expected
    trials = duckdb.sql(
        f'select point, avg(x) filter (isfinite(x)) as mean, count(*) as n from "{folder}/trials/*/*.parquet" group by 1 order by 1'
    )
    assert trials.fetchnumpy()["mean"] == pytest.approx(expected)
    assert pl.scan_parquet(folder / "trials" / "*" / "*.parquet").select(pl.len()).collect().item() == 30_000
    assert len(pd.read_parquet(folder / "trials")) == 30_000
    assert duckdb.sql(f'select sum(n) from "{folder}/map/*/*.parquet"').fetchall() == [(30_000,)]


def test_files_are_zstd_with_statistics_and_checksums(folder):
    for path in folder.rglob("*.parquet"):
        column = pq.ParquetFile(path).metadata.row_group(0).column(0)
        assert column.compression == "ZSTD"
        assert column.is_stats_set
        pq.read_table(path, page_checksum_verification=True)


def test_pandas_polars_xarray(result):
    assert list(result.to_pandas().columns) == result.table.column_names
    assert result.to_polars()["n"].to_list() == [5000] * 6
    cube = result.to_xarray()
    assert dict(cube.sizes) == {"a": 3, "case": 2}
    assert cube["x_mean"].sel(a=2.0, case="night").item() == result[5]["x_mean"]


def test_what_is_no_grid_has_no_dimensions():
    design = Sweep(study().kernel, sobol(4, a=(0, 1), case=["day", "night"]), trials=10).run()
    with pytest.raises(UsageError, match="only the whole of a plain grid has dimensions"):
        design.to_xarray()


@kernel(outputs=["y"])
def smooth(rng, a, b, c):
    return a + b * rng.normal() + c


def test_plots():
    base = Sweep(smooth, grid(a=linspace(0, 1, 5), b=[0.1], c=[0.0]), trials=100)
    (line,) = base.run().plot().get_lines()
    assert len(line.get_xdata()) == 5
    curves = replace(base, space=grid(a=linspace(0, 1, 9), b=[0.1, 0.2], c=[0.0])).run().plot()
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["b = 0.1", "b = 0.2"]
    heat = replace(base, space=grid(a=linspace(0, 1, 9), b=logspace(1, 100, 9), c=[0.0])).run().plot("y")
    assert (heat.get_ylabel(), heat.get_xlabel(), heat.get_xscale()) == ("a", "b", "log")
    many = replace(base, space=grid(a=[0.0, 1.0], b=[0.1, 0.2], c=[0.0, 1.0])).run()
    with pytest.raises(UsageError, match="3 parameters vary"):
        many.plot()
    assert len(many.plot(c=1.0).get_lines()) == 2
    with pytest.raises(UsageError, match="no output 'z'"):
        many.plot("z")
    plt.close("all")


def test_text_shows_what_the_error_allows(result):
    text = format_table(result, "text")
    assert "95 % interval" in text
    assert "sweep replay" in text  # one output is not always finite
    short = format_table(result, "text", limit=4)
    assert "⋮  2 more points" in short
    assert repr(result) == format_table(result, "text", limit=12)


def test_formats_keep_every_digit(result):
    expected = result.to_pandas()
    from_csv = pd.read_csv(io.StringIO(format_table(result, "csv")))
    pd.testing.assert_frame_equal(from_csv, expected, check_exact=True, check_dtype=False)
    records = json.loads(format_table(result, "json"))
    assert [record["x_mean"] for record in records] == expected["x_mean"].tolist()
    assert len(format_table(result, "markdown").splitlines()) == 8
    assert pq.read_table(io.BytesIO(format_table(result, "parquet"))).num_rows == 6
    with pytest.raises(UsageError, match="format 'cvs': did you mean 'csv'"):
        format_table(result, "cvs")


def test_the_notebook_shows_a_table(result):
    html = result._repr_html_()
    assert html.startswith("<table><tr><th>a</th><th>case</th><th>n</th>")
    assert "⚠" in html


def test_one_trial_has_no_standard_error(tmp_path):
    (row,) = Sweep(smooth, grid(a=[1.0], b=[0.0], c=[2.0]), trials=1).run()
    assert (row["y_mean"], row["y_min"], row["y_max"]) == (3.0, 3.0, 3.0)
    assert np.isnan([row["y_std"], row["y_stderr"]]).all()
    assert (row["y_ci_low"], row["y_ci_high"]) == (-np.inf, np.inf)


def test_nothing_finite_is_nothing_known():
    @kernel(outputs=["y"])
    def lost(rng):
        return rng.uniform() * np.nan

    (row,) = Sweep(lost, grid(), trials=10).run()
    assert row["y_nonfinite"] == 10
    assert all(np.isnan(row[f"y_{name}"]) for name in ("mean", "std", "stderr", "ci_low", "ci_high", "min", "max"))


def test_there_must_be_a_result(tmp_path):
    with pytest.raises(PlanError, match="holds no result"):
        open_result(str(tmp_path))
