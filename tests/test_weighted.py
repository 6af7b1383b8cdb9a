"""Sweeps whose trials are drawn from proposals: estimates of what is meant, their errors, effective sizes, and what is said of small ones."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats as st

from sweep import Sweep, compare, find_cases, grid, kernel, open_store
from sweep.errors import KernelError, PlanError, SpecError
from sweep.intervals import weighted_proportion_interval
from sweep.replay import prepare_stored, replay_cases
from sweep_kernels.distributions import Discrete, Histogram, Normal, Poisson, Uniform


@kernel(outputs=["hit", "x", ("pair", 2)])
def tail(rng, b):
    x = rng.normal(0.0, 1.0, proposal=(b, 1.0))
    return x > b, x, (x, 1.0)


@kernel(outputs=["crash", "depth"])
def cut(rng, gap, speed):
    delay = rng.exponential(0.5, proposal=1.5)
    depth = speed * delay - gap
    return depth > 0.0, max(depth, 0.0)


MEANT, PROPOSED = Normal(30.0, 2.0, low=10.0, high=50.0), Normal(27.0, 2.5, low=10.0, high=50.0)
STUDY = Sweep(cut, grid(speed=[5.0, 8.0]), trials=60_000, seed=3, draws={"gap": MEANT}, proposals={"gap": PROPOSED})


def crash_probability(speed: float) -> float:
    """Integrate ``P(delay > gap / speed)`` over the gaps."""
    gap = np.linspace(10.0, 50.0, 200_001)
    density = st.truncnorm(-10.0, 10.0, 30.0, 2.0).pdf(gap)
    return float(np.trapezoid(density * np.exp(-gap / speed / 0.5), gap))


def test_a_rare_tail_is_found_with_its_error():
    """Six standard errors: one false alarm in 5e8 such tests, if the estimates were normal."""
    result = Sweep(tail, grid(b=[3.0, 5.0]), trials=100_000, seed=1).run(executor="inprocess")
    for row in result:
        truth = st.norm.sf(row["b"])
        assert abs(row["hit_mean"] - truth) < 6.0 * row["hit_stderr"] < 0.1 * truth
        assert row["hit_ci_low"] < truth < row["hit_ci_high"]
        assert row["hit_ess"] == pytest.approx(1.0 / (row["hit_stderr"] / row["hit_mean"]) ** 2, rel=0.3)
    assert "weight" in result.outputs
    assert not any("weight_" in line for line in repr(result).splitlines())


def test_drawn_parameters_and_draws_are_weighted_together():
    for row in STUDY.run(executor="inprocess"):
        truth = crash_probability(row["speed"])
        assert truth < 0.002
        assert abs(row["crash_mean"] - truth) < 6.0 * row["crash_stderr"] < 0.3 * truth
        assert row["gap_mean"] == pytest.approx(30.0, abs=6.0 * row["gap_stderr"])
        assert row["weight_mean"] == pytest.approx(1.0, abs=6.0 * row["weight_stderr"])


def test_every_column_is_what_kept_trials_say():
    store = "memory://weighted-kept"
    study = replace(STUDY, trials=5000, keep="all")
    result = study.run(store, executor="inprocess")
    kept = find_cases(store, "speed > 6", limit=None).table
    w, row = kept["weight"].to_numpy(), result[1]
    for name in ("crash", "depth", "gap"):
        y = kept[name].to_numpy(zero_copy_only=False).astype(float)
        assert row[f"{name}_mean"] == pytest.approx(np.mean(w * y), rel=1e-12)
        assert row[f"{name}_std"] == pytest.approx(np.std(w * y, ddof=1), rel=1e-12)
        assert row[f"{name}_stderr"] == pytest.approx(np.std(w * y, ddof=1) / math.sqrt(5000), rel=1e-12)
        assert row[f"{name}_ess"] == pytest.approx(np.sum(w * y) ** 2 / np.sum((w * y) ** 2), rel=1e-12)
        assert (row[f"{name}_min"], row[f"{name}_max"]) == (y.min(), y.max())
    assert row["weight_ess"] == pytest.approx(np.sum(w) ** 2 / np.sum(w * w), rel=1e-12)


def test_the_cut_changes_no_byte():
    tables = [
        STUDY.run(open_store(f"memory://weighted-{name}"), executor=executor, workers=2, shards=shards).table
        for name, executor, shards in (("one", "inprocess", 1), ("seven", "inprocess", 7))
    ]
    assert tables[0].equals(tables[1])


def test_more_trials_extend_a_weighted_sweep():
    store = "memory://weighted-more"
    replace(STUDY, trials=5000).run(store, executor="inprocess")
    assert STUDY.run(store, executor="inprocess").table.equals(STUDY.run(executor="inprocess").table)


def test_cases_are_replayed_to_the_bit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.py").write_text(TEXT)
    done = run_sweep("run", "study.py", "--store", "out", "--executor", "inprocess", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "effective n" in done.stdout
    found = find_cases(str(tmp_path / "out"), "crash", limit=10)
    again = list(replay_cases(*prepare_stored(str(tmp_path / "out")), found))
    assert len(again) == 10
    assert all(0.0 < each.outputs["weight"] < 1.0 for each in again)
    shown = run_sweep("replay", "out", "--where", "crash", "--limit", "3", cwd=tmp_path)
    assert shown.stdout.splitlines()[0].split() == ["point", "trial", "speed", "crash", "depth", "gap", "weight"]
    plan = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert plan["kernel"]["weighted"] is True
    assert plan["proposals"] == [["gap", PROPOSED.spec()]]


def run_sweep(*arguments: str, cwd) -> subprocess.CompletedProcess[str]:
    code = "import sys; from sweep.cli.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )


TEXT = """
from sweep import Sweep, grid, kernel
from sweep_kernels.distributions import Normal

@kernel(outputs=["crash", "depth"])
def cut(rng, gap, speed):
    delay = rng.exponential(0.5, proposal=1.5)
    depth = speed * delay - gap
    return depth > 0.0, max(depth, 0.0)

study = Sweep(
    cut, grid(speed=[5.0, 8.0]), trials=20_000, keep="crash",
    draws={"gap": Normal(30.0, 2.0, low=10.0, high=50.0)}, proposals={"gap": Normal(27.0, 2.5, low=10.0, high=50.0)},
)
"""


def test_two_variants_are_compared_by_weight():
    """The difference of weighted means, from hits alone as from all trials; six standard errors."""
    found = []
    for keep in ("crash", "all"):
        study = replace(STUDY, keep=keep, common_random_numbers=True)
        study.run(store := f"memory://weighted-compared-{keep}", executor="inprocess")
        found.append(compare(store, by="speed", output="crash").table.to_pylist()[0])
    assert found[0] == found[1]
    truth = crash_probability(8.0) - crash_probability(5.0)
    assert abs(found[0]["difference"] - truth) < 6.0 * found[0]["stderr"] < 0.3 * truth
    assert found[0]["n"] == 60_000


def test_few_effective_trials_are_told():
    result = Sweep(tail, grid(b=[0.5, 6.0]), trials=20_000).run(executor="inprocess")
    lines = [each.partition(":") for each in result.warnings]
    assert [each[0] for each in lines] == ["x", "pair"]
    assert "at 1 of 2 points its estimate rests on fewer than 100 effective trials" in lines[0][2]
    nothing = Sweep(tail, grid(b=[9.0]), trials=100, draws={}).run(executor="inprocess")
    assert nothing.warnings  # hits, but few


@kernel(outputs=["never", "amount"])
def unreached(rng, s):
    x = rng.normal(proposal=(0.0, s))
    return x > 50.0, max(x - 50.0, 0.0)


def test_nothing_seen_is_nothing_known():
    (row,) = result = Sweep(unreached, grid(s=[1.0]), trials=1000).run(executor="inprocess")
    assert (row["never_mean"], row["never_ci_low"], row["never_ci_high"], row["never_ess"]) == (0.0, 0.0, 1.0, 0.0)
    assert (row["amount_ci_low"], row["amount_ci_high"]) == (-math.inf, math.inf)
    assert result.warnings[0].startswith(
        "never: no trial that was drawn has any of it, so nothing is known of it there"
    )


@kernel(outputs=["ttc"])
def sometimes_infinite(rng, p):
    return math.inf if rng.bernoulli(0.5, proposal=p) else 1.0


def test_a_value_that_is_not_finite_leaves_no_estimate():
    (row,) = result = Sweep(sometimes_infinite, grid(p=[0.25]), trials=1000).run(executor="inprocess")
    assert row["ttc_nonfinite"] > 0
    assert all(math.isnan(row[f"ttc_{each}"]) for each in ("mean", "stderr", "ci_low", "ci_high", "ess"))
    assert (
        "gave NaN or inf, so its points have no estimate, for which every weight counts; see one with"
        in result.warnings[0]
    )


@pytest.mark.parametrize(
    ("mu", "b", "n"), [(4.0, 4.0, 200), (2.0, 4.0, 2000), (2.0, 0.0, 1000), (0.0, 1.0, 500), (1.0, 3.0, 1000)]
)
def test_the_interval_covers(mu, b, n):
    """4,000 samples each; a coverage of 94 % would fail with a probability of 1e-10 where it is 96 %."""
    rng = np.random.default_rng(1)
    x = mu + rng.standard_normal((4000, n))
    y = np.exp(0.5 * mu * mu - mu * x) * (x > b)
    stderr = y.std(axis=1, ddof=1) / math.sqrt(n)
    low, high = weighted_proportion_interval(y.mean(axis=1), stderr, y.max(axis=1) / n, 0.95)
    truth = st.norm.sf(b)
    assert np.mean(low > truth) < 0.033
    assert np.mean(high < truth) < 0.033


def test_the_interval_of_equal_weights_is_that_of_counts():
    """With weights of 1 and rare hits it is Garwood's exact interval for Poisson counts, by the sample's variance."""
    n = 10**9
    for hits in (1, 5, 50):
        p = hits / n
        low, high = weighted_proportion_interval(p, math.sqrt(p * (1.0 - p) / n), 1.0 / n, 0.95)
        assert float(low) * n == pytest.approx(st.chi2.ppf(0.025, 2 * hits) / 2.0, rel=1e-6)
        assert float(high) * n == pytest.approx(st.chi2.ppf(0.975, 2 * hits + 2) / 2.0, rel=1e-6)
    low, high = weighted_proportion_interval([1e-300, 0.0, math.nan], [1e-301, 0.0, 1.0], [1e-302, 0.0, 1.0], 0.95)
    assert 0.8e-300 < low[0] < 1e-300 < high[0] < 1.3e-300
    assert (low[1], high[1]) == (0.0, 1.0)
    assert math.isnan(low[2])


@pytest.mark.parametrize(
    ("proposal", "meant", "reaches"),
    [
        (Normal(0.0, 1.0), Normal(5.0, 2.0), True),
        (Normal(0.0, 1.0, low=0.0), Normal(5.0, 2.0), False),
        (Normal(0.0, 1.0, high=9.0), Uniform(0.0, 9.0), True),
        (Uniform(0.0, 9.0), Normal(5.0, 1.0), False),
        (Uniform(0.0, 9.0), Poisson(5.0, as_float=True), False),
        (Histogram(((0.0, 1.0, 0.5), (2.0, 3.0, 0.5))), Uniform(0.0, 3.0), False),
        (Histogram(((0.0, 1.0, 0.5), (1.0, 3.0, 0.5))), Uniform(0.0, 3.0), True),
        (Histogram(((0.0, 1.0, 0.5), (1.0, 3.0, 0.0), (3.0, 4.0, 1.0))), Histogram(((0.0, 1.0, 1.0), (3.0, 4.0, 1.0))), True),
        (Poisson(9.0), Poisson(2.0), True),
        (Poisson(9.0, low=3.0), Poisson(2.0), False),
        (Discrete((1, 2, 3), (1.0, 1.0, 1.0)), Discrete((1, 3), (0.5, 0.5)), True),
        (Discrete((1, 2, 3), (1.0, 0.0, 1.0)), Discrete((1, 2, 3), (1.0, 1.0, 1.0)), False),
        (Discrete((0, 2), (1.0, 1.0)), Poisson(1.0, high=2.0), False),
        (Discrete((0, 1, 2), (1.0, 1.0, 1.0)), Poisson(1.0, high=2.0), True),
    ],
)  # fmt: skip
def test_which_proposals_reach_what_is_meant(proposal, meant, reaches):
    assert proposal.reaches(meant) is reaches


def a_sweep(**changed):
    return Sweep(cut, grid(speed=[5.0]), trials=10, **({"draws": {"gap": MEANT}} | changed)).plan()


@pytest.mark.parametrize(
    ("changed", "error", "told"),
    [
        ({"proposals": {"gap": Normal(27.0, 2.5, low=20.0)}}, KernelError, "which never gives some values of Normal"),
        ({"proposals": {"gap": Poisson(20.0)}}, KernelError, "the proposal for 'gap'"),
        ({"proposals": {"speed": MEANT}}, KernelError, "is of no parameter that kernel 'cut' draws: 'gap'"),
        ({"proposals": {"gap": 3.0}}, KernelError, "no distribution"),
        ({"proposals": [("gap", MEANT)]}, SpecError, "no dict of distributions"),
        ({"quantiles": [0.5]}, PlanError, "quantiles of kernel 'cut': its trials have weights"),
        ({"histograms": {"depth": (0.0, 1.0, 5)}}, PlanError, "histograms of kernel 'cut'"),
        ({"covariance": True}, PlanError, "covariance of kernel 'cut'"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(changed, error, told):
    with pytest.raises(error, match=told) as caught:
        a_sweep(**changed)
    assert "\n" not in str(caught.value)


@kernel(outputs=["weight"])
def own_weight(rng):
    return rng.normal(proposal=(1.0, 1.0))


def test_the_weight_needs_its_name():
    with pytest.raises(PlanError, match="output 'weight' of kernel 'own_weight' has the name of its trials' weight"):
        Sweep(own_weight, grid(), trials=10).plan()


def test_another_proposal_is_another_plan():
    store = "memory://weighted-other"
    replace(STUDY, trials=5000).run(store, executor="inprocess")
    other = replace(STUDY, trials=5000, proposals={"gap": Normal(26.0, 2.5, low=10.0, high=50.0)})
    assert other.plan().hash != replace(STUDY, trials=5000).plan().hash
    with pytest.raises(
        PlanError, match="the proposal for 'gap' differs: it holds .*27.0.*, asked for .*26.0"
    ) as caught:
        other.run(store, executor="inprocess")
    assert "the source of the kernel" not in str(caught.value)


def helped(rng):
    return rng.exponential(1.0, proposal=2.0)


def weighed(rng):
    rng.weigh(-1.0)
    return 1.0


@pytest.mark.parametrize(
    ("function", "is_weighted"),
    [
        (lambda rng: rng.normal(proposal=(1.0, 1.0)), True),
        (lambda rng: 2.0 * helped(rng), True),
        (lambda rng: 2.0 * weighed(rng), True),
        (lambda rng: rng.normal(), False),
        (lambda rng: rng.choice((1.0, 2.0)), False),
    ],
)
def test_which_kernels_are_weighted(function, is_weighted):
    assert kernel(outputs=["y"])(function).is_weighted is is_weighted
