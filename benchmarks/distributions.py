"""How many ns does one core need for a draw of each distribution, beside NumPy's vectorised generator and numba's in a loop?

    python benchmarks/distributions.py [--draws gamma,beta] [--quick] [--json FILE]

Ours is a kernel that returns one draw, run by the compiled driver, statistics included: a trial of one draw is the dearest way to get it, for
the other half of a Philox block is thrown away. NumPy fills arrays that stay in the cache and sums them, numba calls the same PCG64 generator in a
loop. All on one core, in turn, round by round; ratios are medians of the rounds' ratios to ours: 2.00 is twice our time.

Before it is timed, a contestant must have our mean within six standard errors, where the distribution has a mean. Exit code 1 if one has not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numba import njit
from numba.core.errors import NumbaError

from sweep.plan import BLOCK_SIZE
from sweep_kernels import kernel
from sweep_kernels.driver import Blocks, Driver, parameter_words
from sweep_kernels.statistics import FINITE, MEAN

CHUNK = 8192
SHORTEST_CALL = 2_000_000  # ns
WEIGHTS = (3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0)
SHARES = np.array(WEIGHTS) / sum(WEIGHTS)
DECK = np.arange(52)


@dataclass(frozen=True)
class Case:
    """A draw with us, with NumPy in an array of a size (None: NumPy has none), and whether numba's generator may have it too."""

    ours: Callable
    numpy: Callable | None = None
    numba: Callable | None = None


CASES = {
    "uniform": Case(lambda rng: rng.uniform(), lambda g, n: g.random(n), lambda g: g.random()),
    "normal": Case(lambda rng: rng.normal(), lambda g, n: g.standard_normal(n), lambda g: g.standard_normal()),
    "exponential": Case(
        lambda rng: rng.exponential(), lambda g, n: g.standard_exponential(n), lambda g: g.standard_exponential()
    ),
    "integers 6": Case(lambda rng: rng.integers(0, 6), lambda g, n: g.integers(0, 6, n), lambda g: g.integers(0, 6)),
    "lognormal": Case(
        lambda rng: rng.lognormal(0.0, 0.5), lambda g, n: g.lognormal(0.0, 0.5, n), lambda g: g.lognormal(0.0, 0.5)
    ),
    "rayleigh": Case(lambda rng: rng.rayleigh(), lambda g, n: g.rayleigh(1.0, n), lambda g: g.rayleigh(1.0)),
    "rice 1": Case(lambda rng: rng.rice(1.0, 1.0), lambda g, n: np.hypot(1.0 + g.normal(size=n), g.normal(size=n))),
    "weibull 1.5": Case(lambda rng: rng.weibull(1.5), lambda g, n: g.weibull(1.5, n), lambda g: g.weibull(1.5)),
    "triangular": Case(
        lambda rng: rng.triangular(0.0, 1.0, 3.0),
        lambda g, n: g.triangular(0.0, 1.0, 3.0, n),
        lambda g: g.triangular(0.0, 1.0, 3.0),
    ),
    "standard_t 3": Case(
        lambda rng: rng.standard_t(3.0), lambda g, n: g.standard_t(3.0, n), lambda g: g.standard_t(3.0)
    ),
    "gamma 0.3": Case(lambda rng: rng.gamma(0.3), lambda g, n: g.gamma(0.3, 1.0, n), lambda g: g.gamma(0.3, 1.0)),
    "gamma 2.5": Case(lambda rng: rng.gamma(2.5), lambda g, n: g.gamma(2.5, 1.0, n), lambda g: g.gamma(2.5, 1.0)),
    "gamma 1000": Case(lambda rng: rng.gamma(1e3), lambda g, n: g.gamma(1e3, 1.0, n), lambda g: g.gamma(1e3, 1.0)),
    "chisquare 3": Case(lambda rng: rng.chisquare(3.0), lambda g, n: g.chisquare(3.0, n), lambda g: g.chisquare(3.0)),
    "beta 2 3": Case(lambda rng: rng.beta(2.0, 3.0), lambda g, n: g.beta(2.0, 3.0, n), lambda g: g.beta(2.0, 3.0)),
    "beta 0.3 0.5": Case(lambda rng: rng.beta(0.3, 0.5), lambda g, n: g.beta(0.3, 0.5, n), lambda g: g.beta(0.3, 0.5)),
    "poisson 3": Case(lambda rng: rng.poisson(3.0), lambda g, n: g.poisson(3.0, n), lambda g: g.poisson(3.0)),
    "poisson 1000": Case(lambda rng: rng.poisson(1e3), lambda g, n: g.poisson(1e3, n), lambda g: g.poisson(1e3)),
    "binomial 10": Case(
        lambda rng: rng.binomial(10, 0.3), lambda g, n: g.binomial(10, 0.3, n), lambda g: g.binomial(10, 0.3)
    ),
    "binomial 1000": Case(
        lambda rng: rng.binomial(1000, 0.3), lambda g, n: g.binomial(1000, 0.3, n), lambda g: g.binomial(1000, 0.3)
    ),
    "binomial 10^9": Case(
        lambda rng: rng.binomial(10**9, 0.3), lambda g, n: g.binomial(10**9, 0.3, n), lambda g: g.binomial(10**9, 0.3)
    ),
    "geometric 0.5": Case(lambda rng: rng.geometric(0.5), lambda g, n: g.geometric(0.5, n), lambda g: g.geometric(0.5)),
    "geometric 0.01": Case(
        lambda rng: rng.geometric(0.01), lambda g, n: g.geometric(0.01, n), lambda g: g.geometric(0.01)
    ),
    "choice of 8": Case(lambda rng: rng.choice(WEIGHTS), lambda g, n: g.choice(8, n, p=SHARES)),
    "circle": Case(lambda rng: rng.circle()[0], lambda g, n: np.cos(2.0 * np.pi * g.random(n))),
    "sphere": Case(
        lambda rng: rng.sphere()[0],
        lambda g, n: 2.0 * np.sqrt((u := g.random(n)) * (1.0 - u)) * np.cos(2.0 * np.pi * g.random(n)),
    ),
}  # fmt: skip


def ours(case: Case) -> Callable[[int], float]:
    each = kernel(outputs=["value"])(case.ours)
    driver = Driver(each, (), seed=1, trials=1 << 44, block_size=BLOCK_SIZE)
    words = parameter_words([], (), 1)
    at = 0

    def total(count: int) -> float:
        nonlocal at
        blocks = count // BLOCK_SIZE
        rows = driver.run(Blocks(0, at, blocks, 0, blocks), words)[:, 0]
        at += blocks
        return float((rows[:, FINITE] * rows[:, MEAN]).sum())

    return total


def by_numpy(case: Case) -> Callable[[int], float] | None:
    generator, draw = np.random.default_rng(1), case.numpy
    if draw is None:
        return None
    return lambda count: float(sum(draw(generator, CHUNK).sum() for _ in range(count // CHUNK)))


def by_numba(case: Case) -> Callable[[int], float] | None:
    if case.numba is None:
        return None
    draw = njit(case.numba)

    @njit
    def loop(generator, count):
        total = 0.0
        for _ in range(count):
            total += draw(generator)
        return total

    generator = np.random.default_rng(2)
    try:
        loop(generator, 1)
    except NumbaError:
        return None
    return lambda count: loop(generator, count)


CONTESTANTS = {"ours": ours, "numpy": by_numpy, "numba": by_numba}


def nanoseconds(run: Callable[[int], float], seconds: float, count: int) -> float:
    spent = calls = 0
    while spent < seconds * 1e9:
        begun = time.perf_counter_ns()
        run(count)
        spent += time.perf_counter_ns() - begun
        calls += 1
    return spent / (calls * count)


def long_enough(run: Callable[[int], float]) -> int:
    """Return how many draws make a call that is long beside what it takes to make it."""
    count = CHUNK
    while nanoseconds(run, 1e-9, count) * count < SHORTEST_CALL:
        count *= 2
    return count


def race(case: Case, rounds: int, seconds: float, draws: int) -> dict:
    runs = {name: run for name, prepare in CONTESTANTS.items() if (run := prepare(case)) is not None}
    sample = np.array([runs["ours"](CHUNK) / CHUNK for _ in range(draws // CHUNK)])
    error = sample.std() / math.sqrt(len(sample))
    means = {"ours": float(sample.mean())} | {name: run(draws) / draws for name, run in runs.items() if name != "ours"}
    agree = {
        name: bool(abs(mean - means["ours"]) <= 9.0 * error) for name, mean in means.items()
    }  # six of a difference's
    counts = {name: long_enough(run) for name, run in runs.items()}
    times = [{name: nanoseconds(run, seconds, counts[name]) for name, run in runs.items()} for _ in range(rounds)]
    return {"means": means, "agree": agree, "ns": {name: [each[name] for each in times] for name in runs}}


def row(name: str, found: dict) -> str:
    ns = found["ns"]
    ratios = "".join(
        f"{median(a / b for a, b in zip(ns[each], ns['ours'], strict=True)):>9.2f}" if each in ns else f"{'-':>9}"
        for each in ("numpy", "numba")
    )
    times = "".join(f"{median(ns[each]):>9.2f}" if each in ns else f"{'-':>9}" for each in CONTESTANTS)
    return f"{name:<16}{times}   {ratios}"


def chosen(text: str) -> list[str]:
    names = [name for name in CASES if name.split()[0] in text.split(",")]
    if not names:
        print(f"distributions.py: there is no draw {text!r}; there are {', '.join(CASES)}", file=sys.stderr)
        raise SystemExit(2)
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=chosen, default=list(CASES), help="some of them, by the name of the method")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rounds, seconds, draws = (3, 0.01, 1 << 17) if arguments.quick else (7, 0.1, 1 << 20)
    print(
        f"{'':<16}{'ns a draw':>27}   {'time / ours':>18}\n{'':<16}{'ours':>9}{'numpy':>9}{'numba':>9}   {'numpy':>9}{'numba':>9}"
    )
    found = {}
    for name in arguments.draws:
        found[name] = race(CASES[name], rounds, seconds, draws)
        print(row(name, found[name]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"rounds": rounds, "seconds": seconds, "draws": found}, indent=1) + "\n")
    wrong = [
        f"{each} disagrees on {name}: {found[name]['means']}"
        for name in found
        for each, fine in found[name]["agree"].items()
        if not fine
    ]
    raise SystemExit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
