from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import betainc, betaincc

from sweep.intervals import EXACT_BELOW, mean_interval, proportion_interval


@pytest.mark.parametrize("n", [1, 2, 10, 57, 400])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_few_counts_are_covered_at_least_as_promised(n, confidence):
    """Exact coverage, by adding up the binomial distribution."""
    hits = np.arange(n + 1)
    low, high = proportion_interval(hits, np.full(n + 1, n), confidence)
    for p in (1e-4, 0.01, 0.1, 0.3, 0.5, 0.77, 0.999):
        covered = stats.binom.pmf(hits, n, p)[(low <= p) & (p <= high)].sum()
        assert covered >= confidence - 1e-12


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 50), (999, 10**5), (1, 10**12)])
def test_few_counts_against_scipy(hits, n):
    exact = (
        stats.beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0,
        stats.beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0,
    )
    low, high = proportion_interval([hits], [n], 0.95)
    assert (low[0], high[0]) == pytest.approx(exact, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("n", [999_999, 10**6, 10**9, 10**11, 10**12, 10**13, 2**44])
@pytest.mark.parametrize("hits", [1, 10, 999])
def test_few_counts_of_very_many_leave_each_tail_what_it_is_promised(hits, n):
    """Put the bounds back into the distribution: the inverse that scipy offers is wrong by a factor of 140 at 10**13."""
    low, high = proportion_interval([hits], [n], 0.95)
    assert betaincc(hits + 1, n - hits, high[0]) == pytest.approx(0.025, rel=2e-6)
    assert betainc(hits, n - hits + 1, low[0]) == pytest.approx(0.025, rel=2e-6)
    few_missed = [1.0 - bound[0] for bound in proportion_interval([n - hits], [n], 0.95)]
    assert few_missed == pytest.approx([high[0], low[0]], rel=1e-9, abs=2e-16)


def test_the_known_bound_of_999_in_a_trillion():
    """By 40-digit arithmetic (mpmath)."""
    assert proportion_interval([999], [10**12], 0.95)[1][0] == pytest.approx(1.0629211511909e-9, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(("hits", "n"), [(1000, 10**6), (5 * 10**5, 10**6), (10**9, 10**12)])
def test_many_counts_against_scipy(hits, n):
    wilson = stats.binomtest(hits, n).proportion_ci(0.99, "wilson")
    low, high = proportion_interval([hits], [n], 0.99)
    assert (low[0], high[0]) == pytest.approx((wilson.low, wilson.high), rel=1e-9)


def test_the_two_meet_closely_where_one_takes_over():
    (below,), (above,) = (proportion_interval([hits], [10**6], 0.95)[1] for hits in (EXACT_BELOW - 1, EXACT_BELOW))
    assert above - below == pytest.approx(1e-6, abs=2e-6)


def test_no_hits_have_the_exact_upper_bound_and_no_trials_none():
    low, high = proportion_interval([0, 0], [100, 0], 0.95)
    assert low.tolist() == [0.0, 0.0]
    assert high[0] == pytest.approx(1.0 - 0.025 ** (1 / 100))
    assert high[1] == 1.0


def test_means_against_scipy():
    x = np.random.default_rng(1).normal(size=12)
    exact = stats.ttest_1samp(x, 0.0).confidence_interval(0.95)
    low, high = mean_interval([12], [x.mean()], [x.std(ddof=1)], 0.95)
    assert (low[0], high[0]) == pytest.approx((exact.low, exact.high))


def test_one_value_bounds_nothing_and_none_says_nothing():
    low, high = mean_interval([1, 0], [3.0, np.nan], [np.nan, np.nan], 0.95)
    assert (low[0], high[0]) == (-np.inf, np.inf)
    assert np.isnan([low[1], high[1]]).all()
