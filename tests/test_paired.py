"""Paired differences: their intervals, and two variants compared on common random numbers.

Statistical comparisons are seeded and state their false-alarm rates.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sweep import Sweep, command, compare, from_text, grid, kernel
from sweep.errors import UsageError
from sweep.paired import difference_of_means, difference_of_proportions, paired_proportion_interval
from sweep_kernels.distributions import Normal


def test_the_interval_is_the_published_one():
    # Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014), airway hyper-responsiveness: Tango's interval is -0.517 to -0.026
    low, high = paired_proportion_interval([7], [1], [21], 0.95)
    assert (round(low[0], 3), round(high[0], 3)) == (-0.517, -0.026)


def test_pairs_that_never_differ_still_have_an_interval():
    low, high = paired_proportion_interval([0], [0], [1000], 0.95)
    z = stats.norm.ppf(0.975)
    assert high[0] == -low[0] == pytest.approx(z * z / (1000 + z * z), rel=1e-9)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10**12), st.floats(0.5, 0.999))
def test_the_ends_are_where_the_score_test_turns(first_only, second_only, more, confidence):
    n = first_only + second_only + more + 1
    low, high = paired_proportion_interval([first_only], [second_only], [n], confidence)
    value = (second_only - first_only) / n
    assert -1.0 <= low[0] <= value <= high[0] <= 1.0
    mirrored = paired_proportion_interval([second_only], [first_only], [n], confidence)
    assert (mirrored[0][0], mirrored[1][0]) == (-high[0], -low[0])


@pytest.mark.parametrize(("p_first", "p_second"), [(0.1, 0.1), (0.02, 0.05), (0.3, 0.1)])
def test_the_interval_covers_as_often_as_it_says(p_first, p_second):
    """Exactly, over all tables of 60 pairs: no chance is in it."""
    n = 60
    b, c = (each.ravel() for each in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    b, c = b[b + c <= n], c[b + c <= n]
    chance = stats.multinomial.pmf(
        np.stack([b, c, n - b - c], axis=1), n, [p_first, p_second, 1.0 - p_first - p_second]
    )
    low, high = paired_proportion_interval(b, c, np.full(len(b), n), 0.95)
    covered = chance[(low <= p_second - p_first) & (p_second - p_first <= high)].sum()
    assert 0.93 < covered < 0.99


def test_means_are_compared_within_pairs():
    a, b = np.array([1.0, 2.0, 4.0, np.nan, 1.0]), np.array([1.5, 2.0, 5.5, 1.0, np.inf])
    found = difference_of_means(a, b, 0.95)
    test = stats.ttest_rel(b[:3], a[:3]).confidence_interval(0.95)
    assert (found.n, found.value) == (3, pytest.approx(2.0 / 3.0))
    assert (found.low, found.high) == (pytest.approx(test.low), pytest.approx(test.high))
    assert np.isinf(difference_of_means(a[:1], b[:1], 0.95).high)
    assert np.isnan(difference_of_proportions(5, 0, 0, 10, 0.95).gain)


@kernel(outputs=["is_far", "x"])
def throw(rng, spread, lift):
    x = lift + spread * rng.normal()
    return x > 2.0, x


def values(point_seed: int, points, trials: int) -> np.ndarray:
    return np.array([[throw.trial(point_seed, 0, i, **point) for i in range(trials)] for point in points])


def test_points_are_compared_along_a_parameter(tmp_path):
    space = grid(spread=[1.0, 1.2, 1.4], lift=[0.0, 0.5])
    study = Sweep(throw, space, trials=5000, seed=3, keep="is_far", common_random_numbers=True, confidence=0.9)
    study.run(tmp_path / "a")
    found = compare(tmp_path / "a", by="spread")
    rows = found.table.to_pylist()
    assert found.output == "is_far"
    assert [(row["spread_first"], row["spread_second"], row["lift"]) for row in rows] == [
        (1.0, spread, lift) for spread in (1.2, 1.4) for lift in (0.0, 0.5)
    ]
    plain = values(3, [{"spread": 1.0, "lift": 0.5}, {"spread": 1.4, "lift": 0.5}], 5000)[:, :, 0] != 0.0
    only = (plain[0] & ~plain[1]).sum(), (plain[1] & ~plain[0]).sum()
    expected = difference_of_proportions(int((plain[0] & plain[1]).sum()), *map(int, only), 5000, 0.9)
    for name, value in zip(("difference", "ci_low", "ci_high", "gain"), expected[3:4] + expected[5:], strict=True):
        assert rows[-1][name] == pytest.approx(value, rel=1e-12)
    with pytest.raises(UsageError, match="tell nothing of 'x' in the others"):
        compare(tmp_path / "a", by="spread", output="x")
    with pytest.raises(UsageError, match=r"no parameter 'spred': did you mean 'spread'"):
        compare(tmp_path / "a", by="spred")


def test_sweeps_are_compared_point_by_point(tmp_path):
    """Also of different lengths: the trials that both have. One interval of 99.99 % misses its truth once in 10,000 seeds."""
    for name, lift, trials in (("a", 0.0, 4000), ("b", 0.25, 6000)):
        space = grid(spread=[1.0, 2.0], lift=[lift])
        Sweep(throw, space, trials=trials, seed=8, keep="all", confidence=0.9999).run(tmp_path / name)
    x = compare(tmp_path / "a", tmp_path / "b", output="x").table.to_pylist()
    assert [row["n"] for row in x] == [4000, 4000]
    assert [row["difference"] for row in x] == pytest.approx([0.25, 0.25], abs=1e-12)  # the draws fall out
    far = compare(tmp_path / "a", tmp_path / "b").table.to_pylist()
    for row, spread in zip(far, (1.0, 2.0), strict=True):
        truth = stats.norm.sf(2.0, 0.25, spread) - stats.norm.sf(2.0, 0.0, spread)
        assert row["ci_low"] <= truth <= row["ci_high"]
        assert row["gain"] > 1.5
        assert (row["lift_first"], row["lift_second"], row["spread"]) == (0.0, 0.25, spread)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 9}, "no trials in common: seed=8 in the first, seed=9 in the second"),
        ({"space": grid(spread=[1.0], lift=[0.0])}, "points=2 in the first, points=1"),
        ({"keep": ""}, "keeps no trials"),
    ],
)
def test_what_cannot_be_compared_is_told(tmp_path, changes, told):
    common = {"space": grid(spread=[1.0, 2.0], lift=[0.0]), "trials": 100, "seed": 8, "keep": "is_far"}
    Sweep(throw, **common).run(tmp_path / "a")
    Sweep(throw, **(common | changes)).run(tmp_path / "b")
    with pytest.raises(UsageError, match=told):
        compare(tmp_path / "a", tmp_path / "b")
    with pytest.raises(UsageError, match="draws of their own: run it with common_random_numbers=True"):
        compare(tmp_path / "a", by="spread")
    with pytest.raises(UsageError, match="compare two sweeps, or one along a parameter"):
        compare(tmp_path / "a")


FAILING = """
import json, sys
print('{"ready": true}', flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    seed, fail = asked["seed"], asked["parameters"]["fail"]
    answer = {"hit": seed % 2 == 1, "gap": seed % 7}
    print(json.dumps({"error": "no"} if seed % 10 < fail else answer), flush=True)
"""


@pytest.mark.parametrize("keep", ["all", "hit"])
@pytest.mark.parametrize("output", ["hit", "gap"])
def test_runs_of_a_program_that_failed_are_no_pairs(tmp_path, keep, output):
    (tmp_path / "server.py").write_text(FAILING)
    words = ["{python}", str(tmp_path / "server.py")]
    program = command(words, outputs={"hit": bool, "gap": float}, server=True, parameters=["fail"], retries=0)
    study = Sweep(program, grid(fail=[0, 5]), trials=60, seed=1, keep=keep, common_random_numbers=True)
    result = study.run(tmp_path / "store")
    if (keep, output) == ("hit", "gap"):
        with pytest.raises(UsageError, match="keep='all'"):
            compare(tmp_path / "store", by="fail", output=output)
        return
    found = compare(tmp_path / "store", by="fail", output=output)
    row = found.table.to_pylist()[0]
    sound = 60 - result[1][f"{output}_nonfinite"]
    assert 10 < sound < 50
    assert (row["n"], found.left_out, row["difference"], row["second"]) == (
        sound,
        60 - sound,
        0.0,
        result[1][f"{output}_mean"],
    )


def test_trials_that_a_program_has_no_value_of_are_not_taken_to_be_false(tmp_path):
    script = "import sys; seed = int(sys.argv[1]); sys.exit(3) if seed % 3 else print(seed % 2)"
    program = command(["{python}", "-c", script, "{seed}", "{x}"], outputs={"hit": bool}, failure_codes={"crash": 3})
    study = Sweep(program, grid(x=[1, 2]), trials=12, seed=1, keep="hit", common_random_numbers=True)
    study.run(tmp_path / "store")
    with pytest.raises(UsageError, match="have no 'hit', though they did not fail"):
        compare(tmp_path / "store", by="x")


def test_weighted_runs_of_a_program_of_which_nothing_was_seen_have_no_bound(tmp_path):
    script = "import sys; sys.exit(1) if int(sys.argv[1]) % 3 == 0 else print(float(sys.argv[2]) > 99.0)"
    program = command(
        ["{python}", "-c", script, "{seed}", "{gap}", "{x}"], outputs={"hit": from_text("True|False", kind=bool)}
    )
    draws, proposals = {"gap": Normal(0.0, 1.0)}, {"gap": Normal(1.0, 1.0)}
    study = Sweep(
        program,
        grid(x=[1, 2]),
        trials=12,
        seed=1,
        keep="hit",
        common_random_numbers=True,
        draws=draws,
        proposals=proposals,
    )
    study.run(tmp_path / "store")
    found = compare(tmp_path / "store", by="x")
    row = found.table.to_pylist()[0]
    assert (row["difference"], row["ci_low"], row["ci_high"]) == (0.0, -np.inf, np.inf)
    assert 0 < row["n"] == 12 - found.left_out < 12
