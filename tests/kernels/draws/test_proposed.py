"""Draws from proposals: the weight is the ratio of two densities, SciPy's among them, and is the same compiled."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats as st

from sweep_kernels import Rng
from sweep_kernels.driver import TrialRaisedError
from tests.kernels.compiling import as_kernel, compiled_trials

WEIGHTS, OTHERS = (1.0, 2.0, 5.0), (3.0, 3.0, 1.0)


def lognormal(mean, sigma):
    return st.lognorm(sigma, scale=math.exp(mean))


def chosen(weights):
    return st.rv_discrete(values=(range(len(weights)), np.array(weights) / sum(weights)))


CASES = [
    ("uniform", (0.25, 0.5), (0.0, 1.0), lambda low, high: st.uniform(low, high - low)),
    ("normal", (1.0, 2.0), (6.0, 1.0), st.norm),
    ("normal", (0.0, 1.0), (0.0, 1.0), st.norm),
    ("lognormal", (0.5, 0.25), (1.0, 0.75), lognormal),
    ("exponential", (0.5,), 3.0, lambda scale: st.expon(scale=scale)),
    ("rayleigh", (1.5,), 4.0, lambda scale: st.rayleigh(scale=scale)),
    ("weibull", (1.5, 2.0), (0.75, 3.0), lambda a, scale: st.weibull_min(a, scale=scale)),
    ("gamma", (2.5, 0.5), (0.75, 2.0), lambda a, scale: st.gamma(a, scale=scale)),
    ("bernoulli", (0.001,), 0.5, st.bernoulli),
    ("geometric", (0.5,), 0.125, st.geom),
    ("poisson", (2.0,), 9.0, st.poisson),
    ("poisson", (20.0,), 30.0, st.poisson),
    ("binomial", (20, 0.125), 0.5, lambda p: st.binom(20, p)),
    ("choice", (WEIGHTS,), OTHERS, chosen),
]


def logarithm(distribution, x) -> float:
    return float(distribution.logpdf(x) if hasattr(distribution, "logpdf") else distribution.logpmf(x))


def distributions(case):
    name, arguments, proposal, make = case
    if name == "binomial":
        return make(arguments[1]), make(proposal)
    return make(*arguments), make(proposal) if name == "choice" or not isinstance(proposal, tuple) else make(*proposal)


@pytest.mark.parametrize("case", CASES, ids=lambda each: each[0])
def test_the_weight_is_what_is_meant_over_what_was_drawn_from(case):
    name, arguments, proposal, _ = case
    meant, drawn_from = distributions(case)
    for trial in range(200):
        rng, other = Rng(7, 0, trial), Rng(7, 0, trial)
        x = getattr(rng, name)(*arguments, proposal=proposal)
        plain = proposal if isinstance(proposal, tuple) and name != "choice" else (proposal,)
        assert x == getattr(other, name)(
            *((20, *plain) if name == "binomial" else plain)
        )  # as if it had been given these
        assert (rng.uniforms, rng.normals) == (other.uniforms, other.normals)
        wanted = logarithm(meant, x) - logarithm(drawn_from, x)
        assert rng.log_weight == pytest.approx(wanted, rel=1e-11, abs=1e-11)


def test_weights_multiply():
    rng, one, two = Rng(1, 0, 0), Rng(1, 0, 0), Rng(1, 0, 0)
    x = rng.normal(0.0, 1.0, proposal=(2.0, 1.0))
    y = rng.normal(0.0, 1.0, proposal=(3.0, 1.0))
    rng.weigh(-0.5)
    one.weigh(st.norm(0, 1).logpdf(x) - st.norm(2, 1).logpdf(x))
    two.weigh(st.norm(0, 1).logpdf(y) - st.norm(3, 1).logpdf(y))
    assert rng.log_weight == pytest.approx(one.log_weight + two.log_weight - 0.5, rel=1e-13)


def everything(rng):
    rng.weigh(-0.25)
    return (
        rng.uniform(0.25, 0.5, proposal=(0, 1)) + rng.normal(1, 2.0, proposal=(6.0, 1)) + rng.lognormal(proposal=(1.0, 0.75)),
        rng.exponential(0.5, proposal=3) + rng.rayleigh(1.5, proposal=2.0) + rng.weibull(1.5, 2.0, proposal=(1.25, 3.0)),
        rng.gamma(2.5, 0.5, proposal=(1.5, 1.0)) + rng.poisson(20.0, proposal=30.0) + rng.geometric(0.5, proposal=0.25),
        rng.binomial(20, 0.25, proposal=0.5) + rng.choice(WEIGHTS, proposal=OTHERS) + (100 if rng.bernoulli(0.1, proposal=0.5) else 0),
    )  # fmt: skip


def test_one_by_one_and_side_by_side_to_the_bit():
    each = as_kernel(everything, "a", "b", "c", "d")
    values = compiled_trials(each, 9, 2, 0, 1, 512)
    assert each.outputs == ("a", "b", "c", "d", "weight")
    for trial in range(100):
        found = each.trial(9, 2, trial)
        assert (*found, *(value * found[-1] for value in found[:-1])) == tuple(values[:, trial])


def test_weights_of_what_is_meant_to_never_happen():
    weights = set()
    for trial in range(50):
        rng = Rng(3, 0, trial)
        x = rng.uniform(0.0, 0.5, proposal=(0.0, 1.0))
        weights.add(rng.log_weight)
        assert rng.log_weight == (math.log(2.0) if x <= 0.5 else -math.inf)
        for name, arguments, proposal in [
            ("bernoulli", (0.0,), 0.5),
            ("poisson", (0.0,), 2.0),
            ("binomial", (5, 0.0), 0.5),
            ("binomial", (5, 1.0), 0.5),
        ]:
            rng = Rng(3, 0, trial)
            k = getattr(rng, name)(*arguments, proposal=proposal)
            certain = arguments[0] if arguments == (5, 1.0) else 0
            assert (math.exp(rng.log_weight) == 0.0) == (k != certain)
    assert len(weights) == 2


NAN, INF = math.nan, math.inf
REFUSED = [
    *(("uniform", (0.0, 1.0), each, "must hold the range") for each in [(0.5, 2.0), (0.0, 0.9), (NAN, 2.0)]),
    ("uniform", (1.0, 1.0), (0.0, 2.0), "must not be empty"),
    *(("normal", (0.0, 1.0), each, "the proposal's standard deviation") for each in [(0.0, 0.0), (NAN, 1.0), (0.0, INF), (INF, 1.0)]),
    *(("normal", each, (0.0, 1.0), "with a proposal the standard deviation") for each in [(0.0, 0.0), (INF, 1.0)]),
    *(("exponential", each, other, "above 0") for each, other in [((0.0,), 1.0), ((1.0,), 0.0), ((1.0,), -1.0), ((1.0,), NAN)]),
    *(("rayleigh", each, other, "above 0") for each, other in [((0.0,), 1.0), ((1.0,), 0.0), ((1.0,), NAN)]),
    *(("weibull", each, other, "above 0") for each, other in [((1.0, 0.0), (1.0, 1.0)), ((1.0, 1.0), (1.0, 0.0)), ((1.0, 1.0), (0.0, 1.0))]),
    *(("gamma", each, other, "above 0") for each, other in [((1.0, 0.0), (1.0, 1.0)), ((1.0, 1.0), (1.0, 0.0)), ((1.0, 1.0), (-1.0, 1.0))]),
    *(("bernoulli", each, other, "between 0 and 1") for each, other in [((0.5,), 0.0), ((0.5,), 1.0), ((0.5,), 2.0), ((2.0,), 0.5), ((0.5,), NAN)]),
    *(("geometric", each, other, "between 1e-14 and 1") for each, other in [((0.5,), 1.0), ((0.5,), 0.0), ((0.0,), 0.5)]),
    *(("poisson", each, other, "poisson: the mean") for each, other in [((1.0,), 0.0), ((-1.0,), 1.0), ((1.0,), -1.0)]),
    *(("binomial", (5, each), other, "between 0 and 1") for each, other in [(0.5, 0.0), (0.5, 1.0), (2.0, 0.5)]),
    *(("choice", (WEIGHTS,), each, "choice: ") for each in [(1.0, 1.0), (1.0, 0.0, 1.0), (1.0, -1.0, 1.0), (INF, 1.0, 1.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "proposal", "told"), REFUSED)
def test_proposals_that_do_not_fit_are_refused(name, arguments, proposal, told):
    with pytest.raises(ValueError, match=told) as caught:
        getattr(Rng(0, 0, 0), name)(*arguments, proposal=proposal)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("log_ratio", [NAN, INF])
def test_a_weight_is_a_number(log_ratio):
    with pytest.raises(ValueError, match="the logarithm of a weight"):
        Rng(0, 0, 0).weigh(log_ratio)


def test_a_compiled_trial_refuses_too():
    each = as_kernel(lambda rng, s: rng.normal(0.0, 1.0, proposal=(0.0, s)))
    assert math.isfinite(compiled_trials(each, 0, 0, 0, 1, s=0.5)[0, 0])
    with pytest.raises(TrialRaisedError):
        compiled_trials(each, 0, 0, 0, 1, s=0.0)


def test_a_proposal_that_is_given_by_position_is_found_out():
    each = as_kernel(lambda rng: rng.normal(0.0, 1.0, (3.0, 1.0)))
    assert not each.is_weighted
    with pytest.raises(TrialRaisedError):
        compiled_trials(each, 0, 0, 0, 1)
    with pytest.raises(TypeError, match="positional"):
        each.trial(0, 0, 0)
