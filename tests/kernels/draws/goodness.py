"""How well a sample fits a distribution that SciPy knows: in its body, in its tails, by its moments."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from tests.kernels.compiling import as_kernel, compiled_trials

__all__ = ["DRAWS", "misfits", "sample"]

DRAWS = 1 << 20
BINS = 200
RESOLVED = 1e-9
TAILS = (1e-3, 1e-4, 1e-5, 1e-6)


def sample(function, **parameters) -> np.ndarray:
    """Return `DRAWS` compiled draws of a kernel with one output."""
    return compiled_trials(as_kernel(function), 20_261_125, 5, 0, DRAWS // 4096, 4096, **parameters)[0]


def misfits(x: np.ndarray, law, false_alarm: float) -> list[str]:
    """Say what of a sample does not fit a frozen distribution, if anything.

    A right sample fails each of up to ten checks with a probability of at most `false_alarm` (twice that by chi-square, which is good to some
    10 % at such a level).
    """
    assert not np.isnan(x).any()
    checks = {"body": body(x, law)}
    for share in TAILS:
        checks[f"lower {share:g}"] = tail(x, law, float(law.ppf(share)), upper=False)
        checks[f"upper {share:g}"] = tail(x, law, float(law.isf(share)), upper=True)
    with np.errstate(all="ignore"):
        mean, variance, kurtosis = (float(each) for each in law.stats("mvk"))
    if math.isfinite(kurtosis) and kurtosis < 1e3:
        checks["mean"] = two_sided((x.mean() - mean) / math.sqrt(variance / len(x)))
        checks["variance"] = two_sided((x.var() / variance - 1.0) / math.sqrt((kurtosis + 2.0) / len(x)))
    return [f"{name}: {each:.1e}" for name, each in checks.items() if each < false_alarm]


def body(x: np.ndarray, law) -> float:
    """Chi-square over bins of nearly the same probability, or of what single numbers have."""
    edges = np.unique(law.ppf(np.linspace(0.0, 1.0, BINS + 1)[1:-1]))
    edges = edges[np.isfinite(edges)]
    edges = edges[np.diff(edges, append=math.inf) > RESOLVED * np.abs(edges)]
    expected = np.diff(law.cdf(edges), prepend=0.0, append=1.0) * len(x)
    counts = np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1)
    few = expected < 10.0
    observed, wanted = np.append(counts[~few], counts[few].sum()), np.append(expected[~few], expected[few].sum())
    if wanted[-1] < 10.0:
        observed, wanted = observed[:-1], wanted[:-1]
    if len(wanted) < 2:
        return 1.0
    return float(stats.chi2.sf(((observed - wanted) ** 2 / wanted).sum(), len(wanted) - 1))


def tail(x: np.ndarray, law, edge: float, *, upper: bool) -> float:
    share = float(law.sf(edge) if upper else law.cdf(edge))
    if share == 0.0 or not math.isfinite(edge):  # beyond what a float64 holds
        return 1.0
    return stats.binomtest(int(((x > edge) if upper else (x <= edge)).sum()), len(x), share).pvalue


def two_sided(deviation: float) -> float:
    return 2.0 * float(stats.norm.sf(abs(deviation)))
