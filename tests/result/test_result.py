from __future__ import annotations

import io
import json
import math
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from matplotlib import pyplot as plt

from sweep import Sweep, grid, kernel, linspace, logspace, open_result, sobol, zipped
from sweep.errors import PlanError, SpecError, UsageError
from sweep.result import Result, format_table
from sweep.result.text import _row
from sweep.work.parquet import decode
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


@kernel(outputs=["y"])
def lone(rng):
    return rng.normal()


def test_plots():
    base = Sweep(smooth, grid(a=linspace(0, 1, 5), b=[0.1], c=[0.0]), trials=100)
    (line,) = base.run().plot().get_lines()
    assert len(line.get_xdata()) == 5
    curves = replace(base, space=grid(a=linspace(0, 1, 9), b=[0.1, 0.2], c=[0.0])).run().plot()
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["b = 0.1", "b = 0.2"]
    heat = replace(base, space=grid(a=linspace(0, 1, 9), b=logspace(1, 100, 9), c=[0.0])).run().plot("y")
    assert (heat.get_ylabel(), heat.get_xlabel(), heat.get_xscale()) == ("a", "b", "log")
    few = replace(base, space=grid(a=[3.0, 10.0, 40.0], b=[0.5], c=[0.0])).run().plot("y")
    assert few.get_xscale() == "log"
    assert [each.get_text() for each in few.get_xticklabels()] == ["3", "10", "40"]
    assert not len(few.get_xticks(minor=True))
    many = replace(base, space=grid(a=[0.0, 1.0], b=[0.1, 0.2], c=[0.0, 1.0])).run()
    with pytest.raises(UsageError, match="3 parameters vary"):
        many.plot()
    assert len(many.plot(c=1.0).get_lines()) == 2
    with pytest.raises(UsageError, match="no output 'z'"):
        many.plot("z")
    alone = Sweep(lone, grid(), trials=10).run()
    with pytest.raises(UsageError, match="one point without an axis"):
        alone.plot()
    (line,) = replace(base, space=zipped(a=[0.0, 1.0, 2.0], b=[3.0, 1.0, 2.0], c=[0, 0, 0])).run().plot().get_lines()
    assert len(line.get_xdata()) == 3
    shuffled = replace(base, space=grid(a=[*range(9, 0, -1), 0], b=[*range(1, 10), 0], c=[0.0])).run().plot()
    assert shuffled.get_xlim() == (-0.5, 9.5)
    plt.close("all")


def test_a_plot_says_what_is_held_fixed_and_how_sure_it_is():
    base = Sweep(smooth, grid(a=linspace(0, 1, 9), b=logspace(1, 100, 9), c=[0.5]), trials=100, confidence=0.9)
    assert base.run().plot().get_title() == "c = 0.5"  # a heatmap shows no interval
    assert base.run().plot(b=1.0).get_title() == "b = 1, c = 0.5, 90 % intervals"
    plt.close("all")


def test_a_series_of_one_point_is_seen():
    lonely = (
        Sweep(smooth, grid(a=[1.0, 2.0], b=[0.1], c=[0.0]) + grid(a=[1.0], b=[0.2], c=[0.0]), trials=100).run().plot()
    )
    assert [line.get_marker() for line in lonely.get_lines()[:2]] == ["o", "o"]
    assert len(lonely.containers) == 1  # its interval
    plt.close("all")


def test_text_shows_what_the_error_allows(result):
    text = format_table(result, "text")
    assert "95 % interval" in text
    assert "sweep replay" in text  # one output is not always finite
    short = format_table(result, "text", limit=4)
    assert "⋮  2 more points" in short
    assert repr(result) == format_table(result, "text", limit=12)


@pytest.mark.parametrize(
    ("mean", "low", "high", "shown"),
    [
        (1e-6, 1e-6, 1e-6, "1e-06 [1e-06, 1e-06]"),
        (0.0, 0.0, 0.0, "0 [0, 0]"),
        (3.0, 3.0, 3.0, "3 [3, 3]"),
        (0.1234567, 0.1234567, 0.1234567, "0.1234567 [0.1234567, 0.1234567]"),
        (9.81, 9.81 - 1e-11, 9.81 + 1e-11, "9.810000000000e+00 [9.809999999990e+00, 9.810000000010e+00]"),
        (1.23456789e9, 1.23456788e9, 1.2345679e9, "1.234567890e+09 [1.234567880e+09, 1.234567900e+09]"),
        (1234.25, 1234.25, 1234.25, "1,234.25 [1,234.25, 1,234.25]"),
        (0.05, 0.0, 0.10, "0.05 [0, 0.10]"),
        (0.25, 0.2411, 0.2633, "0.250 [0.241, 0.263]"),
        (1234.5, 1230.2, 1238.8, "1,234.5 [1,230.2, 1,238.8]"),
        (0.0, 0.0, 3.689e-6, "0 [0, 3.689e-06]"),
        (2.0, -math.inf, math.inf, "2 [-inf, inf]"),
        (math.nan, math.nan, math.nan, "nan [nan, nan]"),
    ],
)
def test_a_number_is_shown_as_exactly_as_it_is_known(mean, low, high, shown):
    row = {"n": 7, "y_mean": mean, "y_ci_low": low, "y_ci_high": high}
    _, known, interval = _row(made({name: [value] for name, value in row.items()}), row)
    assert f"{known} {interval}" == shown


def made(columns: dict) -> Result:
    plan = {"kernel": {"outputs": ["y"]}, "space": {}}
    return Result(pa.table(columns).replace_schema_metadata({b"sweep.plan": json.dumps(plan).encode()}))


@pytest.mark.parametrize(("limit", "rows"), [(1, 1), (2, 2), (3, 3), (5, 5)])
def test_a_limit_is_how_many_rows_are_shown(result, limit, rows):
    lines = format_table(result, "text", limit=limit).splitlines()
    left_out = lines.index(f"   ⋮  {6 - rows} more points")
    assert left_out == 2 + rows - rows // 2
    assert len(lines) == 2 + rows + 1 + len(result.warnings)


@pytest.mark.parametrize("limit", [0, -5])
def test_a_limit_is_one_or_more(result, limit):
    with pytest.raises(UsageError, match=f"limit={limit} is not 1 or more"):
        format_table(result, "text", limit=limit)


def test_markdown_and_html_hold_the_values_and_nothing_breaks_out():
    odd = made(
        {"case": ["a|b", "<b>&"], "n": [5, 5], "y_mean": [0.1, 2.5], "y_ci_low": [0.0, 2.0], "y_ci_high": [0.5, 3.0]}
    )
    lines = format_table(odd, "markdown").splitlines()
    assert lines[2:] == [r"| a\|b | 5 | 0.1 | 0.0 | 0.5 |", "| <b>& | 5 | 2.5 | 2.0 | 3.0 |"]
    assert "<td>&lt;b&gt;&amp;</td><td>5</td><td>2.5</td><td>[2.0, 3.0]</td>" in odd._repr_html_()


def test_warnings_speak_of_the_points_that_are_there(result):
    (whole,) = result.warnings
    assert "--point" in whole
    metadata = result.table.schema.metadata | {b"sweep.nonfinite": b'{"x": {"count": 9, "point": 1, "trial": 2}}'}
    (some,) = Result(result.table.replace_schema_metadata(metadata), result.url).warnings
    assert some == "x: 1 trial gave NaN or inf and is left out of its statistics"
    calm = result.table.filter(pc.equal(result.table["x_nonfinite"], 0))
    assert Result(calm, result.url).warnings == ()
    assert "sweep replay STUDY" in Result(result.table, "memory://").warnings[0]


def test_an_integer_that_is_a_proportion_is_told(tmp_path):
    @kernel(outputs=["hit", "flag", "level", "count"])
    def hits(rng, p):
        flag = rng.uniform() < p
        return 1 if flag else 0, flag, 1.0 if flag else 0.0, rng.poisson(9.0)

    for axis in ([0.0], [0.0, 0.5]):
        (told,) = Sweep(hits, grid(p=axis), trials=100).run(str(tmp_path / str(len(axis)))).warnings
        assert told.startswith("hit: an integer that was 0 or 1 in every trial; return a bool for a proportion")


def test_a_parquet_copy_is_a_result(result, folder, tmp_path):
    data = format_table(result, "parquet")
    assert Result(decode(data, "copy"), result.url).warnings == result.warnings
    assert data == (folder / "result.parquet").read_bytes()


@pytest.mark.parametrize("axes", [{"table": [1.0, 2.0]}, {"stable": [1.0, 2.0]}, {"a": ["table", "x"]}])
def test_a_grid_has_axes_whatever_they_are_called(axes):
    space = grid(**axes)
    plan = {"kernel": {"outputs": ["y"]}, "space": space.spec(), "points": 2}
    table = space.arrow(0, 2).append_column("n", pa.array([5, 5]))
    found = Result(table.replace_schema_metadata({b"sweep.plan": json.dumps(plan).encode()}))
    assert found.axes == {name: tuple(values) for name, values in axes.items()}
    assert dict(found.to_xarray().sizes) == dict.fromkeys(axes, 2)


def test_several_values_are_chosen(result):
    for values in ([0.5, 2], (2.0, 0.5), np.array([0.5, 2.0])):
        assert [row["a"] for row in result.where(a=values, case="day")] == [0.5, 2.0]
    assert len(result.where(a=[0.5, 2.0])) == 4
    with pytest.raises(UsageError, match=r"^no point has a=3.0$"):
        result.where(a=[0.5, 3.0])
    with pytest.raises(UsageError, match=r"a=\[\]: there is no value in it"):
        result.where(a=[])
    with pytest.raises(UsageError, match="a='day': the parameter's values are of type double"):
        result.where(a=[0.5, "day"])
    with pytest.raises(UsageError, match="the parameter's values are of type double"):
        result.where(a=slice(1))


def test_a_value_of_another_kind_is_told(result):
    with pytest.raises(UsageError, match="case=1: the parameter's values are of type string"):
        result.where(case=1)


def test_results_open_by_path(folder):
    assert len(open_result(folder)) == 6
    assert len(study(trials=5000, keep="all").run(folder)) == 6


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"space": {"a": [1]}}, "space={'a': .1.} is not a space, as grid"),
        ({"keep": ["all"]}, "keep=.'all'. is neither 'all' nor the name of one output"),
        ({"keep": True}, "keep=True is neither"),
    ],
)
def test_what_is_no_sweep(options, text):
    with pytest.raises(SpecError, match=text):
        replace(study(), **options)


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


def test_a_wide_table_is_written_in_parts(result):
    whole = format_table(result, "text").splitlines()
    parts = format_table(result, "text", width=60).splitlines()
    assert parts.pop() == whole.pop()
    assert max(map(len, parts)) <= 60 < max(map(len, whole))
    assert sum(each.lstrip().startswith("a  ") for each in parts) > 1
    assert format_table(result, "text", width=500).splitlines()[:-1] == whole


def test_an_interval_above_zero_never_begins_at_zero():
    row = {"n": 500_000, "x_mean": 2e-6, "x_ci_low": 5.06e-8, "x_ci_high": 1.114e-5}
    found = replace(Result(pa.table({"n": [1]})), url="")
    object.__setattr__(found, "plan", {"kernel": {"outputs": ["x"]}})
    assert _row(found, row)[2] == "[5.1e-08, 0.000011]"


def test_json_holds_numbers_and_nulls_only():
    one = study(trials=1).run()
    rows = json.loads(format_table(one, "json"))
    assert rows[0]["x_ci_low"] is None
    assert not any(isinstance(value, str) for name, value in rows[0].items() if name != "case")


def test_a_result_is_no_dict_of_columns(result):
    with pytest.raises(TypeError, match=r"result\['x'\]: a result is read by the number of a row"):
        result["x"]


def test_a_limit_is_for_every_format_but_parquet(result):
    assert len(format_table(result, "csv", limit=2).splitlines()) == 3
    assert format_table(result, "csv").startswith(format_table(result, "csv", limit=2))
    assert len(json.loads(format_table(result, "json", limit=2))) == 2
    assert len(format_table(result, "markdown", limit=2).splitlines()) == 4
    with pytest.raises(UsageError, match="limit=2 beside parquet, which is always the whole result"):
        format_table(result, "parquet", limit=2)
