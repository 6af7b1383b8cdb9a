from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep import Sweep, grid, kernel
from sweep.errors import PlanError
from sweep.plan import Plan
from sweep.request import Request, quantile_label
from sweep_kernels.tallies import Histogram, Sketch
from tests.studies import study

OUTPUTS = ("wait", "cost", "late")
KINDS = ("float", "int", "bool")


def test_what_is_asked_for_in_short_is_what_is_asked_for_at_length():
    every = Request.make(OUTPUTS, quantiles=[0.5, 0.1], covariance=True)
    assert every.levels("wait", "float") == every.levels("cost", "int") == (0.1, 0.5)
    assert every.levels("late", "bool") == ()
    assert every.covariance == (("wait", "cost"), ("wait", "late"), ("cost", "late"))
    one = Request.make(
        OUTPUTS,
        quantiles={"cost": 0.5},
        histograms={"wait": [0, 50, 10]},
        covariance=[["late", "wait"], ("wait", "late")],
    )
    assert one.covariance == (("wait", "late"),)
    assert one.tallies(OUTPUTS, KINDS).counted == (Sketch(1, 0.01), Histogram(0, 0.0, 50.0, 10))
    assert one.tallies(OUTPUTS, KINDS).pairs == ((0, 2),)
    assert not Request.make(OUTPUTS, quantiles=[], histograms={}, covariance=[])


@given(st.floats(0.0, 1.0, exclude_min=True, exclude_max=True), st.floats(0.0, 1.0, exclude_min=True, exclude_max=True))
def test_levels_that_differ_have_names_that_differ(a, b):
    assert (quantile_label(a) == quantile_label(b)) == (a == b)


WRONG = {
    "quantiles: 1.5 is not between 0 and 1, as in 0.99": {"quantiles": [0.5, 1.5]},
    "quantiles of 'wait': nan is not between": {"quantiles": {"wait": [math.nan]}},
    "quantiles: True is not between": {"quantiles": [True]},
    "quantiles: '0.5' is no list of levels": {"quantiles": "0.5"},
    "quantiles: 'wai' is no output: did you mean 'wait'?": {"quantiles": {"wai": [0.5]}},
    "relative_error=0.0 is not from 0.0005 to 0.2": {"quantiles": [0.5], "relative_error": 0.0},
    "histogram of 'wait': (5, 5, 10): 5 is not below 5": {"histograms": {"wait": (5, 5, 10)}},
    "histogram of 'wait': (0, inf, 10): 0 is not below inf, both finite": {"histograms": {"wait": (0, math.inf, 10)}},
    "has 0 bins, which is not a whole number from 1 to 65,536": {"histograms": {"wait": (0, 5, 0)}},
    "has 2.0 bins": {"histograms": {"wait": (0, 5, 2.0)}},
    "narrower than 8 neighbouring floats": {"histograms": {"wait": (1e16, 1e16 + 64, 100)}},
    "(0, 5) is not low, high and the number of bins": {"histograms": {"wait": (0, 5)}},
    "histograms: 'x' is no output": {"histograms": {"x": (0, 5, 2)}},
    "histograms=[1] is no table of outputs, as in {'wait': (0.0, 50.0, 100)}": {"histograms": [1]},
    "covariance: 'x' is no output": {"covariance": [("wait", "x")]},
    "covariance: ('wait', 'wait') is one output twice": {"covariance": [("wait", "wait")]},
    "covariance: 'wait' is no pair of outputs": {"covariance": ["wait", "cost"]},
    "covariance='all' is neither True, False nor a list": {"covariance": "all"},
}


@pytest.mark.parametrize("message", WRONG)
def test_bad_input_is_one_line(message):
    with pytest.raises(PlanError) as told:
        Request.make(OUTPUTS, **WRONG[message])
    assert message in str(told.value)
    assert "\n" not in str(told.value)


CURVE = ("peak", *(f"curve[{i}]" for i in range(4)))


def test_the_name_of_a_vector_stands_for_its_components():
    asked = Request.make(CURVE, quantiles={"curve[2]": 0.9, "curve": 0.5}, histograms={"curve": (0.0, 1.0, 2)})
    assert asked.quantiles == tuple((f"curve[{i}]", (0.9 if i == 2 else 0.5,)) for i in range(4))
    assert [name for name, _ in asked.histograms] == list(CURVE[1:])
    assert len(Request.make(CURVE, covariance=[("curve", "curve")]).covariance) == 6
    with_peak = Request.make(CURVE, covariance=[("curve", "peak"), ("peak", "curve[1]")])
    assert with_peak.covariance == tuple(("peak", each) for each in CURVE[1:])
    assert Request.from_fields(with_peak.fields(), CURVE) == with_peak
    with pytest.raises(PlanError, match="'curv' is no output: did you mean 'curve'"):
        Request.make(CURVE, quantiles={"curv": 0.5})


def test_pairs_that_nobody_means_are_refused():
    outputs = ("peak", *(f"curve[{i}]" for i in range(50)))
    with pytest.raises(
        PlanError, match=r"True is all 1,275 pairs of 51 numbers, peak, curve\[50\], .*\[\('peak', 'curve'\)\]"
    ):
        Request.make(outputs, covariance=True)
    assert len(Request.make(outputs, covariance=[("curve", "curve")]).covariance) == 1225
    long = tuple(f"curve[{i}]" for i in range(4096))
    with pytest.raises(PlanError, match=r"with \('curve', 'curve'\) there are more than 8,192 pairs"):
        Request.make(long, covariance=[("curve", "curve")])


def test_a_covariance_takes_two_outputs():
    with pytest.raises(PlanError, match="it takes two outputs, and there is only 'x'"):
        Request.make(("x",), covariance=True)


@pytest.mark.parametrize(
    ("options", "kinds", "message"),
    [
        (
            {"quantiles": {"late": [0.5]}},
            KINDS,
            "quantiles of 'late': it is a bool, .*; ask for those of 'wait', 'cost'",
        ),
        ({"histograms": {"late": (0, 1, 2)}}, KINDS, "histograms of 'late': it is a bool"),
        ({"quantiles": [0.5]}, ("bool",) * 3, r"quantiles: every output is a bool \(wait, cost, late\)"),
    ],
)
def test_a_bool_has_no_quantiles(options, kinds, message):
    with pytest.raises(PlanError, match=message):
        Request.make(OUTPUTS, **options).tallies(OUTPUTS, kinds)


@kernel(outputs=["a", "a_b", "b_c", "c"])
def clashing(rng):
    return 1.0, 2.0, 3.0, 4.0


def test_columns_of_one_name_are_refused():
    with pytest.raises(PlanError, match="two columns of the results would be named 'a_b_c_cov'"):
        Sweep(clashing, grid(), trials=1, covariance=True).plan()
    with pytest.raises(PlanError, match="axis 'x_q50' would share its name|'x_q50' is no parameter"):
        Sweep(study().kernel, grid(a=[1.0], case=[1], x_q50=[1]), trials=1, quantiles=[0.5]).plan()


ASKED = {
    "quantiles": {"x": [0.5, 0.99]},
    "relative_error": 0.005,
    "histograms": {"count": (0, 20, 20)},
    "covariance": True,
}


def test_a_plan_comes_back_from_its_json():
    for options in (ASKED, {"quantiles": np.array([0.5, 0.1])}, {}):
        plan = study(**options).plan()
        again = Plan.from_json(plan.to_json(), {})
        assert (again.request, again.hash) == (plan.request, plan.hash)


def test_a_plan_that_asks_for_nothing_is_what_it_was_before_anything_could_be_asked_for():
    assert not {"quantiles", "relative_error", "histograms", "covariance"} & set(json.loads(study().plan().to_json()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"quantiles": {"x": [0.1], "count": [0.5]}},
            r"outputs with quantiles differs: it holds \['x'\], asked for \['x', 'count'\]",
        ),
        ({"quantiles": [0.1]}, r"it holds \['x'\], asked for \['all numbers'\]"),
        ({"relative_error": 0.01}, "relative_error differs: it holds 0.005, asked for 0.01"),
        ({"histograms": None}, r"histograms differs: it holds {'count': \[0.0, 20.0, 20\]}, asked for None"),
        ({"covariance": False}, r"covariance differs: it holds \[\['x', 'big'\], "),
    ],
)
def test_what_was_counted_otherwise_is_another_plan(options, message):
    with pytest.raises(PlanError, match=message):
        study(**(ASKED | options)).plan().continues(study(**ASKED).plan())


def test_other_levels_are_read_off_the_same_counts():
    other = study(**(ASKED | {"quantiles": {"x": [0.1]}})).plan()
    other.continues(study(**ASKED).plan())
    assert other.hash != study(**ASKED).plan().hash
