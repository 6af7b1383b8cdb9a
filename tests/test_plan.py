from __future__ import annotations

import json

import numpy as np
import pytest

from sweep import Sweep, grid, kernel, linspace
from sweep.errors import CorruptError, PlanError
from sweep.plan import Plan
from sweep_kernels.models import pi, radar_detection
from tests.studies import mixed, study


def test_json_round_trip():
    plan = study(keep="big", common_random_numbers=True, confidence=0.9).plan(source="here.py")
    again = Plan.from_json(plan.to_json(), {})
    assert again == plan
    assert again.hash == plan.hash
    assert again.to_json() == plan.to_json()


def test_the_hash_is_that_of_what_the_result_depends_on():
    base = study().plan()
    assert study().plan(source="elsewhere.py").hash == base.hash
    others = [study(trials=20_001), study(keep="all"), study(common_random_numbers=True), study(confidence=0.9)]
    others.append(Sweep(mixed, study().space, 20_000, seed=12))
    assert len({base.hash, *(each.plan().hash for each in others)}) == 6


def test_hashes_are_what_they_always_were():
    """On every version of Python and on every machine; a change would orphan every store."""
    assert pi.version.startswith("ee3ad86d")
    plan = Sweep(radar_detection, grid(snr_db=linspace(0, 20, 41), swerling=[0, 1]), trials=1000, seed=2**64 - 1).plan()
    assert plan.hash.startswith("82671e92")  # the kernel calls functions of math: their edition is part of its version


def test_numpys_integers_will_do():
    assert Sweep(mixed, study().space, np.int64(20_000), seed=np.uint64(11)).plan() == study().plan()


def test_a_plan_of_another_format_is_refused():
    text = study().plan().to_json().replace(b'"format": 1', b'"format": 2')
    with pytest.raises(PlanError, match="has format 2; this version reads format 1"):
        Plan.from_json(text, {})


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1, "counter_layout": 1}'])
def test_what_is_no_plan_is_named(text):
    with pytest.raises(CorruptError, match=r"plan\.json cannot be read as a plan"):
        Plan.from_json(text.encode(), {})


def test_the_json_is_small_and_for_people():
    text = study().plan().to_json().decode()
    assert len(text.splitlines()) == len(json.loads(text)) + 2
    assert len(text) < 1200


@kernel(outputs=["y", "trial"])
def clashing(rng, x):
    return x, x


@kernel(outputs=["y", "y_mean"])
def doubled(rng):
    return rng.uniform(), rng.uniform()


@kernel(outputs=["y"])
def plain(rng, trial=1, point=1, y=1, y_std=1, n=1):
    return rng.uniform()


def test_an_axis_in_the_place_of_the_random_numbers_is_told():
    @kernel
    def forgetful(x, y):
        return x * y

    with pytest.raises(PlanError, match=r"receives the random numbers: declare def forgetful\(rng, x, y\)"):
        Sweep(forgetful, grid(x=[1.0], y=[2.0]), trials=10).plan()


@pytest.mark.parametrize("name", plain.parameters)
def test_an_axis_shares_no_name_with_a_column_of_the_results(name):
    with pytest.raises(PlanError, match=f"axis '{name}' would share its name with a column"):
        Sweep(plain, grid(**{name: [1, 2]}), trials=10).plan()


def test_an_output_shares_no_name_with_a_column_of_the_results():
    with pytest.raises(PlanError, match="output 'trial' would share its name with a column"):
        Sweep(clashing, grid(x=[1]), trials=10).plan()
    with pytest.raises(PlanError, match="output 'y_mean' would share its name with a column"):
        Sweep(doubled, grid(), trials=10).plan()


def refused(new: Sweep, old: Sweep) -> str:
    with pytest.raises(PlanError) as told:
        new.plan().continues(old.plan())
    return str(told.value)


def test_another_plan_is_told_by_all_its_differences_and_what_can_be_done():
    told = refused(Sweep(mixed, grid(a=[9.0], case=["day"]), 10, seed=12), study())
    for text in ("seed differs", "trials differs", "space differs", "name another store, or let this plan replace it"):
        assert text in told
    many = refused(Sweep(plain, grid(), 10, seed=12, keep="all"), study())
    assert "; and 4 more; name another store" in many


def test_fewer_trials_are_told_how_to_go_on():
    told = refused(study(trials=100), study())
    assert told.endswith("ask for 20000 to go on with it, `sweep show` prints it, another store takes fewer")


def test_a_parameter_without_an_axis_and_an_axis_without_a_parameter():
    with pytest.raises(
        PlanError, match=r"has no axis and no default: add an axis 'case' to the space .its axes are 'a'."
    ):
        Sweep(mixed, grid(a=[1.0]), trials=1).plan()
    with pytest.raises(PlanError, match="axis 'x' is no parameter of kernel 'doubled': it has none after its first"):
        Sweep(doubled, grid(x=[1.0]), trials=1).plan()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"trials": 0}, "trials=0 is not a whole number from 1 to 2..44"),
        ({"trials": 1e6}, "trials=1000000.0"),
        ({"trials": True}, "trials=True"),
        ({"trials": 2**44 + 1}, "trials="),
        ({"seed": 2**64}, "seed=.* is not a whole number from 0 to 2..64 - 1"),
        ({"confidence": 95}, "confidence=95 is not between 0 and 1"),
        ({"confidence": float("nan")}, "confidence=nan"),
        ({"confidence": 1 - 2**-53}, "confidence=0.9999999999999999 is not between 0 and 1 - 1e-12"),
        ({"common_random_numbers": "yes"}, "common_random_numbers='yes' is neither True nor False"),
        ({"keep": "larg"}, "keep='larg' is neither 'all' nor an output of 'mixed'"),
    ],
)
def test_numbers_out_of_range(options, text):
    with pytest.raises(PlanError, match=text):
        Sweep(mixed, study().space, **({"trials": 10} | options)).plan()
