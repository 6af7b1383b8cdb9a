from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sweep.errors import SpaceError
from sweep.space import (
    Parameter,
    Space,
    from_spec,
    from_toml,
    grid,
    halton,
    independent,
    latin_hypercube,
    linspace,
    logspace,
    product,
    sobol,
    table,
    union,
    zipped,
)
from sweep.space.axis import Decimals, axis_from_spec

numbers = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=4)
floats = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4)
words = st.lists(st.sampled_from(["day", "night", "é", ""]), min_size=1, max_size=4)
bools = st.lists(st.booleans(), min_size=1, max_size=3)
values = numbers | floats | words | bools
grids = st.dictionaries(st.sampled_from("abcd"), values, min_size=1, max_size=3).map(lambda axes: grid(**axes))


@st.composite
def spaces(draw) -> Space:
    """Grids, products of grids with zips, unions with themselves, filters."""
    space = draw(grids)
    if draw(st.booleans()):
        length = draw(st.integers(1, 4))
        space = space * zipped(p=list(range(length)), q=[i / 2 for i in range(length)])
    if draw(st.booleans()):
        space = space + space
    return space


def plain(space: Space) -> list[dict]:
    return [space[i] for i in range(len(space))]


@given(spaces())
def test_columns_are_the_points(space):
    points = plain(space)
    assert points == space.arrow(0, len(space)).to_pylist()
    low, high = len(space) // 3, len(space) - len(space) // 4
    columns = space.columns(low, high)
    for each in space.parameters:
        expected = [point[each.name] for point in points[low:high]]
        found = columns[each.name].tolist()
        assert found == ([each.categories.index(value) for value in expected] if each.kind == "str" else expected)


@given(spaces())
def test_the_description_survives_json(space):
    again = from_spec(json.loads(json.dumps(space.spec())), space.tables())
    assert again == space
    assert plain(again) == plain(space)
    assert [type(value) for point in plain(again) for value in point.values()] == [
        type(value) for point in plain(space) for value in point.values()
    ]


def test_a_grid_is_every_combination_the_last_axis_fastest():
    space = grid(a=[1, 2], b=["x", "y"], c=[True])
    assert plain(space) == [
        dict(zip("abc", each, strict=True)) for each in itertools.product([1, 2], ["x", "y"], [True])
    ]
    assert space.parameters == (Parameter("a", "int"), Parameter("b", "str", ("x", "y")), Parameter("c", "bool"))
    assert space.axes == {"a": (1, 2), "b": ("x", "y"), "c": (True,)}


@given(st.integers(0, 10**12 - 1))
def test_a_trillion_points_by_index(i):
    space = grid(a=range(10**4), b=linspace(0, 1, 10**4), c=range(0, 2 * 10**4, 2))
    assert len(space) == 10**12
    a, b, c = i // 10**8, i // 10**4 % 10**4, i % 10**4
    assert space[i] == {"a": a, "b": np.linspace(0, 1, 10**4)[b], "c": 2 * c}


def test_products_and_unions():
    a, b = grid(x=[1, 2]), zipped(p=[1, 2], q=["u", "v"])
    assert plain(a * b) == [{**left, **right} for left in plain(a) for right in plain(b)]
    assert plain(a + grid(x=[9])) == [{"x": 1}, {"x": 2}, {"x": 9}]
    assert (a * b * grid(z=[1])).spec() == product(a, b, grid(z=[1])).spec()
    assert (a + a + a).spec() == union(a, a, a).spec()
    mixed = grid(x=[1], s=["a"]) + grid(s=["b", "a"], x=[0.5])
    assert mixed.parameters == (Parameter("x", "float"), Parameter("s", "str", ("a", "b")))
    assert plain(mixed) == [{"x": 1.0, "s": "a"}, {"x": 0.5, "s": "b"}, {"x": 0.5, "s": "a"}]
    assert mixed.columns(0, 3)["s"].tolist() == [0, 1, 0]


def test_decimals_are_exact_and_described_in_short():
    long = Decimals(10_000, -5, 1, 1)
    assert [long.value(i) for i in (0, 6, 8, 9_999)] == [-0.5, 0.1, 0.3, 999.4]
    assert axis_from_spec("a", json.loads(json.dumps(long.spec()))) == long
    assert Decimals(3, 1, 1, 1).spec() == [0.1, 0.2, 0.3]
    with pytest.raises(SpaceError, match="beyond 15 digits"):
        Decimals(2, 0, 2**53, 0)


@pytest.mark.parametrize(
    "arguments", [(0, 20, 41), (0.1, 0.3, 3), (-5, 5, 2), (3, 3, 1), (1e-300, 1e300, 1000), (0, 1e-323, 5)]
)
def test_linspace_is_numpys_to_the_bit(arguments):
    assert linspace(*arguments).at(np.arange(arguments[2])).tobytes() == np.linspace(*arguments).tobytes()


def test_logspace_is_geometric_with_exact_ends():
    found = logspace(1e-6, 1e-2, 9).at(np.arange(9))
    np.testing.assert_allclose(found, np.geomspace(1e-6, 1e-2, 9), rtol=1e-14)
    assert (found[0], found[-1]) == (1e-6, 1e-2)


def test_one_space_said_in_several_ways_has_one_description():
    assert grid(a=linspace(0, 20, 41)) == grid(a=np.linspace(0, 20, 41)) == grid(a=list(np.linspace(0, 20, 41)))
    assert grid(a=range(3)) == grid(a=[0, 1, 2]) == grid(a=np.arange(3)) == grid(a=pd.Index([0, 1, 2]))
    assert grid(a=[0, 1]) != grid(a=[0.0, 1.0])
    assert grid(a=[1], b=[2]) != grid(b=[2], a=[1])  # another order of points
    assert "linspace" in json.dumps(grid(a=linspace(0, 1, 10**6)).spec())


ROWS = [{"a": 1, "s": "x", "f": 0.5}, {"a": 2, "s": "y", "f": 1.5}]


def test_numpys_numbers_are_numbers():
    assert grid(a=linspace(np.float64(0), np.int64(1), np.int64(5000))) == grid(a=linspace(0, 1, 5000))
    assert hash(grid(a=linspace(0, 1, np.int64(5000)))) == hash(grid(a=linspace(0, 1, 5000)))
    assert sobol(np.int64(8), seed=np.uint64(3), a=(0, 1)) == sobol(8, seed=3, a=(0, 1))
    assert sobol(8, a=linspace(0, 1, 5), b=range(3)) == sobol(8, a=[0, 0.25, 0.5, 0.75, 1.0], b=[0, 1, 2])


def test_a_range_to_the_ends_of_64_bits():
    space = grid(a=range(2**63 - 1, -(2**63) - 1, -(2**62)))
    assert space.columns(0, len(space))["a"].tolist() == [point["a"] for point in space]


def test_a_name_is_what_python_makes_of_it(tmp_path):
    (tmp_path / "p.csv").write_text("\u00b5\n1\n")
    assert table(tmp_path / "p.csv").names == grid(**dict.fromkeys(["\u00b5"], 1)).names == ("\u03bc",)


def test_categories_of_a_frame(tmp_path):
    series = pl.Series(["x", "y", "x"])
    for dtype in (pl.Categorical, pl.Enum(["y", "x"])):
        assert plain(table(pl.DataFrame({"a": series.cast(dtype)}))) == [{"a": "x"}, {"a": "y"}, {"a": "x"}]
    assert plain(table(pd.DataFrame({"a": pd.Categorical([2, 1])}))) == [{"a": 2}, {"a": 1}]


def test_a_file_that_is_not_there_is_one_plain_clause(tmp_path):
    with pytest.raises(SpaceError) as told:
        table(tmp_path / "nowhere.csv")
    assert str(told.value) == f"table '{tmp_path}/nowhere.csv': No such file or directory"


def test_a_file_that_is_no_table_is_named(tmp_path):
    (tmp_path / "p.csv").write_text("a,a\n1,2\n")
    with pytest.raises(SpaceError, match=r"table '.*p\.csv': column 'a' is there twice"):
        table(tmp_path / "p.csv")


def test_tables_from_everywhere(tmp_path):
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "points.csv", index=False)
    frame.to_parquet(tmp_path / "points.parquet")
    sources = [ROWS, frame, frame.set_index(pd.Index([7, 9])), pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)]
    sources += [str(tmp_path / "points.csv"), tmp_path / "points.parquet"]
    made = [table(source) for source in sources]
    assert all(plain(each) == ROWS for each in made)
    assert len({json.dumps(each.spec()) for each in made}) == 1
    assert from_spec(made[0].spec(), made[0].tables()) == made[0]


class OwnNorm(stats.rv_continuous):
    def _cdf(self, x):
        return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: grid(a=[]), "axis 'a' is empty"),
        (lambda: grid(a=range(0)), "axis 'a' is empty"),
        (lambda: grid(a=[1.0, math.nan]), "axis 'a' has nan at position 1"),
        (lambda: grid(a=[math.inf]), "axis 'a' has inf at position 0"),
        (lambda: grid(a=[1, "x"]), "axis 'a' mixes int and str"),
        (lambda: grid(a=[True, 1]), "axis 'a' mixes bool and int"),
        (lambda: grid(a=[1, None]), "axis 'a' has None at position 1"),
        (lambda: grid(a=[[1, 2]]), r"axis 'a' has \[1, 2\] at position 0"),
        (lambda: grid(a=np.zeros((2, 2))), "axis 'a' has 2 dimensions"),
        (lambda: grid(a=[2**63]), "beyond 64 bits"),
        (lambda: grid(a=np.array([1, 2**63 + 5], np.uint64)), "has 9223372036854775813 at position 1: beyond 64 bits"),
        (lambda: table(pa.table({"a": pa.array([2**63 + 5], pa.uint64())})), "beyond 64 bits"),
        (lambda: grid(a=range(2**63, 2**63 + 5)), "beyond 64 bits"),
        (lambda: grid(a=range(0, 2**64, 2**63)), "beyond 64 bits"),
        (lambda: grid(a=[2**53 + 1, 0.5]), "beside floats it would be rounded"),
        (lambda: grid(a=np.array([1e308], np.longdouble) * 10), "values must be finite"),
        (lambda: grid(a=np.array(["2026-01-01"], "datetime64[ns]")), "values are numbers, bools or strings"),
        (lambda: grid(a=["x\0"]), "text is one line without control characters"),
        (lambda: grid(a=range(2**33), b=linspace(0, 1, np.int64(2**32 + 1))), "at most 2..40"),
        (lambda: linspace(-1e308, 1e308, 4), "further apart than a float can say"),
        (lambda: logspace(1e-300, 1e300, 4), "a larger factor apart than a float can say"),
        (lambda: linspace(0, 10**400, 4), "both ends must be finite numbers"),
        (lambda: independent(8, a=(-1e308, 1e308)), "further apart than a float can say"),
        (lambda: independent(8, a=stats.poisson(1e19)), "poisson .* has values that 64 bits do not hold"),
        (lambda: independent(8, a=OwnNorm(name="norm")()), "'norm' is a distribution of your own"),
        (lambda: independent(8, a=type(stats.norm)(a=0.0, name="norm")()), "'norm' is a distribution of your own"),
        (lambda: sobol(8, a=linspace(0, 1, 5000)), "a choice of 5,000 values; at most 4,096"),
        (lambda: grid(**dict.fromkeys(["\u00b5", "\u03bc"], 1)), "is there twice"),
        (lambda: table(pa.table([[1], [2]], names=["a", "a"])), "column 'a' is there twice"),
        (lambda: table([{1: 2}]), "column 1 is not a name"),
        (lambda: grid(a=max), "axis 'a' is <built-in"),
        (lambda: grid(**{"a b": [1]}), "'a b' is not a name"),
        (lambda: grid(a=range(2**21), b=range(2**21)), "at most 2..40"),
        (lambda: zipped(a=[1], b=[1, 2]), r"one length \(a: 1, b: 2\)"),
        (lambda: grid(a=[1]) * grid(a=[2]), "parameter 'a' is in two factors"),
        (lambda: grid(a=[1]) + grid(b=[2]), "a union of different parameters"),
        (lambda: grid(a=[1]) + grid(a=["x"]), "parameter 'a' is int in one part of a union and str in another"),
        (lambda: table([]), "the table has no rows"),
        (lambda: table([{"a": 1}, {"b": 1}]), "row 1 of the table differs from row 0 in the column 'a'"),
        (lambda: table(pa.table({"a": [1, None]})), "column 'a' of the table has no value in row 1"),
        (lambda: table("nowhere.csv"), "nowhere.csv"),
        (lambda: table("points.xlsx"), "must end in .csv or .parquet"),
        (lambda: table(3), "table of type int: give a list of dicts"),
        (lambda: linspace(0, 1, 0), "must be a whole number, 1 or more"),
        (lambda: logspace(0, 1, 3), "both ends must be above zero"),
        (lambda: sobol(8), "has no range"),
        (lambda: sobol(8, a=(1, 0)), "not a lower and a higher number"),
        (lambda: sobol(8, a=3), "range of 'a' is 3"),
        (lambda: sobol(2**25, a=(0, 1)), "at most 2..24"),
        (lambda: sobol(8.0, a=(0, 1)), "must be a whole number"),
        (lambda: halton(8, seed=-1, a=(0, 1)), "a seed is a whole number"),
        (lambda: independent(8, a={"dist": "nrom"}), "no distribution 'nrom': did you mean 'norm'"),
        (lambda: independent(8, a={"dist": "norm", "sigma": 1}), "norm has no argument 'sigma'"),
        (lambda: independent(8, a={"dist": "norm", "scale": -1}), "norm does not exist with"),
        (
            lambda: axis_from_spec("a", {"linspace": [0, 1]}),
            r"axis 'a': linspace = \[0, 1\] is not the low end, the high end and the number",
        ),
        (lambda: axis_from_spec("a", {"logspace": {"low": 1}}), "is not the low end, the high end and the number"),
        (lambda: from_spec({"nothing": 1}, {}), "describes no space"),
    ],
)
def test_what_is_no_space_is_told_in_one_line(make, text):
    with pytest.raises(SpaceError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- filters

BASE = grid(a=[0, 1, 2, 3], b=[0.5, 1.5, 2.5], s=["x", "y"], flag=[False, True])


@pytest.mark.parametrize(
    "expression",
    [
        "a > 1",
        "0 < a <= 2 and b != 1.5",
        "s == 'x' or not flag",
        "a in [0, 3] and s not in ('y',)",
        "a * b - 1 > abs(a - 2) / 2",
        "a % 2 == 1 and a // 2 < 1",
        "max(a, b) > 2 and min(a, 1) == 1",
        "sqrt(a) + exp(0) > 2 or log10(b + 0.5) == 0",
        "flag",
        "a ** 2 > 4",
        "-a < -1",
        "max(a, b, 2.5) > 2.5 or min(a, b, 1) < 0.7",
        "a != 0 and 6 % a == 0",
        "a == 0 or 1 / a < 0.4",
        "flag + flag == 2",
        "(a > 1) == flag",
        "a < 3 < b + 2",
        "not (a > 1 and not flag)",
    ],
)
def test_a_filter_keeps_what_python_would_keep(expression):
    scope = {"sqrt": math.sqrt, "exp": math.exp, "log10": math.log10, "abs": abs, "min": min, "max": max}
    expected = [point for point in plain(BASE) if eval(expression, scope, point)]
    assert plain(BASE.where(expression)) == expected
    assert from_spec(BASE.where(expression).spec(), {}) == BASE.where(f"  {expression} ")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("a >", "invalid syntax"),
        ("a = 1", "'=' cannot stand in a condition: write '==' to compare"),
        ("a => 1", "'=>' cannot stand in a condition: write '>='"),
        ("a > 1 && a < 3", "'&&' cannot stand in a condition: write 'and'"),
        ("!a", "'!' cannot stand in a condition: write 'not'"),
        ("s == '=' 1", "where \"s == '=' 1\": invalid syntax"),
        ("aa > 1", "there is no parameter 'aa'"),
        ("open('x')", "'open' is none of"),
        ("a.real > 1", "'a.real' cannot stand in a condition"),
        ("[x for x in [1]]", "cannot stand in a condition"),
        ("(lambda: 1)()", "is none of"),
        ("a > None", "None is no number"),
        ("a << 1", "LShift cannot stand"),
        ("(a > 1) & (a < 3)", "'&' cannot stand in a condition: write 'and'"),
        ("(a > 1) | (a < 3)", "'|' cannot stand in a condition: write 'or'"),
        ("~(a > 1)", "'~' cannot stand in a condition: write 'not'"),
        ("a is 1", "'is' cannot stand in a condition: write '=='"),
        ("sqrt > 1", "there is no parameter 'sqrt'"),
        ("a > 1,", "is a list; one can only stand after 'in'"),
        ("a == [1, 9]", "is a list; one can only stand after 'in'"),
        ("a in [[1]]", "is a list; one can only stand after 'in'"),
        ("s in 'xy'", "is no list; 'in' asks for one"),
        ("a > 100000000000000000000", "a number in it is beyond 64 bits"),
        ("a > 1e999", "a number in it is beyond 64 bits"),
        ("abs(a, b) > 1", "abs takes one value, not 2"),
        ("min(a) > 1", "min takes two values or more, not 1"),
        (lambda point: True, "write the condition as text"),
    ],
)
def test_what_is_no_filter(expression, text):
    with pytest.raises(SpaceError, match=text):
        BASE.where(expression)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("(a + 3037000500) * (a + 3037000500) > 0", "is beyond 64 bits for a point; 1.0 . makes a number a float"),
        ("1 % a == 0", "'1 % a' has no finite value for a point"),
        ("b / a > 1", "'b / a' has no finite value"),
        ("sqrt(a - 1) > 1", "has no finite value"),
        ("exp(a * 1000) > 1", "has no finite value"),
        ("1 == s", "s is text and 1 is a number: these never compare"),
        ("s * 2 == 'xx'", "'s' is text, which has no arithmetic"),
        ("s or flag", "'s' is text, neither true nor false"),
    ],
)
def test_what_has_no_value_at_a_point_is_no_silent_answer(expression, text):
    with pytest.raises(SpaceError, match=text):
        len(BASE.where(expression))


def test_large_integers_are_filtered_exactly():
    large = grid(a=[3, 2_000_000_000, 2**63 - 1])
    assert plain(large.where("a + 0 >= 2000000000")) == [{"a": 2_000_000_000}, {"a": 2**63 - 1}]
    assert len(large.where("a < 2000000001 and a * a > 9")) == 1


def test_a_filter_of_the_one_point_without_axes():
    assert len(grid().where("1 < 2")) == 1


def test_a_filter_that_nothing_passes():
    with pytest.raises(SpaceError, match="no point of 48 passes 'a > 9'"):
        len(BASE.where("a > 9"))


def test_a_filter_of_too_much():
    with pytest.raises(SpaceError, match="narrow the axes first"):
        grid(a=range(10**5), b=range(10**5)).where("a > b")


# ---------------------------------------------------------------- extension


@pytest.mark.parametrize(
    ("new", "old", "told"),
    [
        (grid(a=[1, 2, 3], b=[1, 2]), grid(a=[1, 2], b=[1, 2]), None),
        (grid(a=[1, 2], b=[1, 2, 3]), grid(a=[1, 2], b=[1, 2]), "at point 2 it has a=2, asked for 1"),
        (grid(a=[1, 2]) + grid(a=[7]), grid(a=[1, 2]), None),
        (grid(a=["x", "y", "z"]), grid(a=["x", "y"]), None),
        (grid(a=["z", "x", "y"]), grid(a=["x", "y"]), "'a' had the categories"),
        (grid(a=[1.0, 2.0]), grid(a=[1, 2]), "'a' was int, is float now"),
        (grid(a=[1]), grid(a=[1, 2]), "it has 2 points, asked for 1"),
        (table([{"a": 1}, {"a": 2}]), table([{"a": 1}]), None),
        (sobol(100, a=(0, 1)), sobol(30, a=(0, 1)), None),
        (halton(100, a=(0, 1)), halton(30, a=(0, 1)), None),
        (independent(100, a=(0, 1)), independent(30, a=(0, 1)), None),
        (grid(a=range(10**6), b=range(10**6)), grid(a=range(10**6), b=range(10**6)), None),
        (grid(a=range(10**5 + 1), b=linspace(0, 1, 10**7)), grid(a=range(10**5), b=linspace(0, 1, 10**7)), None),
        (grid(a=[1.0, 2.5], b=["x"]), grid(a=[1.0, 2.0], b=["x"]), "at point 1 it has a=2.0, asked for 2.5"),
        (grid(a=[1, 2], b=[1, 3]), grid(a=[1], b=[1, 2]), "at point 1 it has b=2, asked for 3"),
    ],
)
def test_which_spaces_begin_with_which(new, old, told):
    found = new.extends(old)
    assert found == told if told is None else told in found


def test_another_latin_hypercube_is_another_design():
    assert latin_hypercube(100, a=(0, 1)).extends(latin_hypercube(30, a=(0, 1))) is not None


# ---------------------------------------------------------------- designs

DESIGNS = [sobol, halton, latin_hypercube, independent]


def unit(design, n: int, dimensions: int = 3, seed: int = 5) -> np.ndarray:
    space = design(n, seed=seed, **{f"x{i}": (0, 1) for i in range(dimensions)})
    return np.column_stack(list(space.columns(0, n).values()))


@pytest.mark.parametrize("design", DESIGNS)
def test_designs_are_the_same_by_point_and_by_column(design):
    space = design(100, seed=3, a=(0, 2), k=["p", "q", "r"], z=stats.norm(1, 2), c=stats.poisson(3.0))
    assert plain(space) == space.arrow(0, 100).to_pylist()
    assert from_spec(json.loads(json.dumps(space.spec())), {}) == space
    assert [each.kind for each in space.parameters] == ["float", "str", "float", "int"]
    assert space != design(100, seed=4, a=(0, 2), k=["p", "q", "r"], z=stats.norm(1, 2), c=stats.poisson(3.0))


def test_designs_are_what_they_always_were():
    """Known answers: a changed design is a new major version."""
    found = {design.__name__: [row.tolist() for row in unit(design, 4, 2)] for design in DESIGNS}
    golden = json.loads((__import__("pathlib").Path(__file__).parents[1] / "golden" / "designs.json").read_text())
    assert found == golden


@pytest.mark.parametrize("power", [1, 5, 10])
def test_scrambled_sobol_points_are_a_net(power):
    """The first two dimensions have exactly one point in each elementary interval, others in each interval of one axis."""
    u = unit(sobol, 1 << power, 4)
    for axis in range(4):
        assert len(set((u[:, axis] * 2**power).astype(int))) == 1 << power
    for a in range(power + 1):
        boxes = {*zip((u[:, 0] * 2**a).astype(int), (u[:, 1] * 2 ** (power - a)).astype(int), strict=True)}
        assert len(boxes) == 1 << power


def test_designs_are_as_even_as_scipys():
    from scipy.stats import qmc

    chance = qmc.discrepancy(unit(independent, 512))
    assert qmc.discrepancy(unit(sobol, 512)) < 2 * qmc.discrepancy(qmc.Sobol(3, rng=1).random(512)) < chance / 10
    assert qmc.discrepancy(unit(halton, 512)) < 2 * qmc.discrepancy(qmc.Halton(3, rng=1).random(512)) < chance / 10
    assert qmc.discrepancy(unit(latin_hypercube, 512)) < chance


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_a_latin_hypercube_visits_each_stratum_once(n, seed):
    u = unit(latin_hypercube, n, 2, seed)
    for axis in range(2):
        assert sorted((u[:, axis] * n).astype(int)) == list(range(n))


@pytest.mark.parametrize("design", DESIGNS)
def test_each_coordinate_is_uniform_and_unlike_the_others(design):
    """Seeded; a right design fails with another seed at most once in 10,000."""
    u = unit(design, 4096)
    assert all(stats.kstest(u[:, axis], "uniform").pvalue > 1e-4 for axis in range(3))
    assert np.abs(np.corrcoef(u.T) - np.eye(3)).max() < 4.5 / 64
    assert u.min() > 0.0
    assert u.max() < 1.0


def test_a_frozen_distribution_and_its_name_are_one():
    frozen = independent(10, x=stats.gamma(2.0, scale=3.0), y=stats.norm(), z=(1, 2))
    named = independent(
        10, x={"dist": "gamma", "a": 2, "scale": 3}, y={"dist": "norm", "loc": 0, "scale": 1}, z={"low": 1, "high": 2}
    )
    assert frozen == named
    assert frozen.columns(0, 10)["x"].tobytes() == named.columns(0, 10)["x"].tobytes()


@pytest.mark.parametrize("design", [sobol, halton, latin_hypercube, independent])
def test_a_list_of_two_numbers_is_neither_range_nor_choice_in_silence(design):
    with pytest.raises(
        SpaceError, match=r"range of 'x' is \[0, 3\]: write \(0, 3\), .*, for all between, or \{'choice': \[0, 3\]\}"
    ):
        design(4, x=[0, 3])
    chosen = design(64, x={"choice": [0, 3]}, flag=[True, False], name=["a", "b"])
    assert {point["x"] for point in chosen} == {0, 3}
    assert chosen.spec()[design.__name__]["ranges"][0] == ["x", [0, 3]]
    assert from_spec(chosen.spec(), {}) == chosen


def test_toml_says_a_range_and_a_choice_apart(tmp_path):
    with pytest.raises(SpaceError, match=r"in TOML \{low = 0, high = 3\}"):
        from_toml({"sobol": {"n": 4, "x": [0, 3]}}, tmp_path)
    assert from_toml({"sobol": {"n": 4, "x": {"choice": [0, 3]}}}, tmp_path) == sobol(4, x={"choice": [0, 3]})
    assert from_toml({"sobol": {"n": 4, "x": {"low": 0, "high": 3}}}, tmp_path) == sobol(4, x=(0, 3))


def test_spaces_cost_no_heavy_imports():
    code = "import sys, sweep.space; assert not {'scipy', 'pyarrow', 'pandas', 'numba'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
