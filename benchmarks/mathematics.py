"""How far off is each elementary function at worst, and what does it cost where LLVM vectorises it?

    python benchmarks/mathematics.py [--points N] [--quick] [--json FILE]

Accuracy: compiled float64 results against 80-bit references (the C library's long double functions; for the error function and the normal
distribution a series and a continued fraction in long double); the worst 100 points of each are measured again with mpmath, and theirs is the
figure shown. Half of the points are in the usual range, half over the whole domain; those on the way to underflow (results below 2**-1022)
have a column of their own, for there a result is rounded twice. Time: one core, a loop over 4096 numbers of the usual range.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import scipy.special
from long_double import LONG, ROOT_PI, ROOT_TWO, erf, erfc, gamma, lgamma, normal_cdf, normal_middle, normal_tail
from numba import njit

from sweep_kernels import mathematics
from sweep_kernels.native import Compiler
from sweep_kernels.objectcode import processor

CHUNK = 200_000
WORST = 100
COMPILER = Compiler(checked=False)


# ---------------------------------------------------------------- references that need what is examined


def normal_quantile(p):
    """One step of Newton's from the result that is examined, on the logarithm in the tails."""
    x = np.abs(RUN["normal_quantile"](p.astype(np.float64)).astype(LONG))
    tail = np.minimum(p, 1 - p)
    density = np.exp(-x * x / 2) / (ROOT_TWO * ROOT_PI)
    near = x < 0.7
    centre = x - (normal_middle(np.where(near, x, LONG(0))) - (LONG(0.5) - tail)) / density
    outside = np.where(near, LONG(1), x)
    far = outside + (normal_tail(outside) / tail - 1) * tail / np.where(near, LONG(1), density)
    return np.where(p < 0.5, -1, 1) * np.where(near, centre, far)


def exact_quantile(p):
    tail = min(p, 1 - p)
    x = mpmath.mpf(mathematics.normal_quantile(float(tail)))
    for _ in range(2):
        below = mpmath.ncdf(x)
        x -= mpmath.log(below / tail) * below / mpmath.npdf(x)
    return x if p < 0.5 else -x


# ---------------------------------------------------------------- where the functions are examined


def uniform(low, high):
    return lambda chance, count: chance.uniform(low, high, count)


def logarithmic(low, high, signs=True):
    def sample(chance, count):
        size = np.exp(chance.uniform(math.log(low), math.log(high), count))
        return np.where(chance.random(count) < 0.5, size, -size) if signs else size

    return sample


def plus(offset, sample):
    return lambda chance, count: offset + sample(chance, count)


def powers(low, high):
    def sample(chance, count):
        wide = np.exp(chance.uniform(math.log(low), math.log(high), count))
        base = np.where(chance.random(count) < 0.5, wide, chance.uniform(0.5, 2, count))
        return base, chance.uniform(-745, 709.7, count) / np.log(base)

    return sample


def two(sample, other):
    return lambda chance, count: (sample(chance, count), other(chance, count))


SMALLEST, LARGEST = 5e-324, 1.79e308


@dataclass
class Case:
    usual: Any
    whole: Any
    reference: Any
    exact: Any
    library: Any = None  # numpy's or scipy's; the reference if it is numpy's

    def rival(self):
        return self.library or self.reference


ANYWHERE = logarithmic(SMALLEST, LARGEST)
POSITIVE = logarithmic(SMALLEST, LARGEST, signs=False)
CASES = {
    "exp": Case(uniform(-10, 10), uniform(-745, 709.7), np.exp, mpmath.exp),
    "exp2": Case(uniform(-10, 10), uniform(-1075, 1024), np.exp2, lambda x: mpmath.power(2, x)),
    "expm1": Case(uniform(-2, 2), logarithmic(1e-300, 709), np.expm1, mpmath.expm1),
    "log": Case(uniform(0.1, 10), POSITIVE, np.log, mpmath.log),
    "log2": Case(uniform(0.1, 10), POSITIVE, np.log2, lambda x: mpmath.log(x) / mpmath.ln2),
    "log10": Case(uniform(0.1, 10), POSITIVE, np.log10, mpmath.log10),
    "log1p": Case(uniform(-0.9, 2), lambda c, n: np.maximum(logarithmic(SMALLEST, LARGEST)(c, n), -0.999), np.log1p, mpmath.log1p),
    "sin": Case(uniform(-10, 10), logarithmic(1e-300, 2.0**51), np.sin, mpmath.sin),
    "cos": Case(uniform(-10, 10), logarithmic(1e-300, 2.0**51), np.cos, mpmath.cos),
    "tan": Case(uniform(-10, 10), logarithmic(1e-300, 2.0**51), np.tan, mpmath.tan),
    "asin": Case(uniform(-1, 1), logarithmic(SMALLEST, 1), np.arcsin, mpmath.asin),
    "acos": Case(uniform(-1, 1), logarithmic(SMALLEST, 1), np.arccos, mpmath.acos),
    "atan": Case(uniform(-5, 5), ANYWHERE, np.arctan, mpmath.atan),
    "atan2": Case(two(uniform(-5, 5), uniform(-5, 5)), two(ANYWHERE, ANYWHERE), np.arctan2, mpmath.atan2),
    "sinh": Case(uniform(-3, 3), logarithmic(1e-300, 710.4), np.sinh, mpmath.sinh),
    "cosh": Case(uniform(-3, 3), logarithmic(1e-300, 710.4), np.cosh, mpmath.cosh),
    "tanh": Case(uniform(-3, 3), logarithmic(1e-300, 710.4), np.tanh, mpmath.tanh),
    "asinh": Case(uniform(-5, 5), ANYWHERE, np.arcsinh, mpmath.asinh),
    "acosh": Case(uniform(1, 10), plus(1.0, logarithmic(1e-16, LARGEST, signs=False)), np.arccosh, mpmath.acosh),
    "atanh": Case(uniform(-1, 1), logarithmic(1e-300, 1), np.arctanh, mpmath.atanh),
    "pow": Case(two(uniform(0.1, 10), uniform(-5, 5)), powers(1e-300, 1e300), np.power, mpmath.power),
    "hypot": Case(two(uniform(-5, 5), uniform(-5, 5)), two(ANYWHERE, ANYWHERE), np.hypot, mpmath.hypot),
    "cbrt": Case(uniform(-10, 10), ANYWHERE, np.cbrt, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))),
    "erf": Case(uniform(-3, 3), logarithmic(1e-300, 6), erf, mpmath.erf, scipy.special.erf),
    "erfc": Case(uniform(-3, 3), uniform(-6, 27.3), erfc, mpmath.erfc, scipy.special.erfc),
    "gamma": Case(uniform(0.01, 10), uniform(-170, 171.6), gamma, mpmath.gamma, scipy.special.gamma),
    "lgamma": Case(uniform(2.5, 30), logarithmic(1e-300, 1e300, signs=False), lgamma, mpmath.loggamma, scipy.special.gammaln),
    "normal_cdf": Case(uniform(-4, 4), uniform(-38.6, 8), normal_cdf, mpmath.ncdf, scipy.special.ndtr),
    "normal_quantile": Case(uniform(0.001, 0.999), logarithmic(SMALLEST, 0.5, signs=False), normal_quantile, exact_quantile, scipy.special.ndtri),
}  # fmt: skip
TWO = {"atan2", "hypot", "pow"}
RUN: dict[str, Any] = {}


# ---------------------------------------------------------------- measuring


def loop(function, *, two_arguments: bool):
    if two_arguments:

        @njit(error_model="numpy")
        def run(x, y, out):
            for i in range(x.size):
                out[i] = function(x[i], y[i])
    else:

        @njit(error_model="numpy")
        def run(x, out):
            for i in range(x.size):
                out[i] = function(x[i])

    return run


def fresh(run):
    def call(*arguments):
        out = np.empty_like(arguments[0])
        run(*arguments, out)
        return out

    return call


def spacing(x):
    return np.spacing(np.maximum(np.abs(x.astype(np.float64)), 2.0**-1022))


def errors(case, run, arguments):
    found = run(*arguments)
    exact = case.reference(*[each.astype(LONG) for each in arguments])
    with np.errstate(all="ignore"):
        nearest = exact.astype(np.float64)
        off = np.abs((found.astype(LONG) - exact) / spacing(exact)).astype(np.float64)
    both_infinite = np.isinf(nearest) & (found == nearest)
    skipped = both_infinite | np.isnan(nearest) | (np.isinf(nearest) & (np.abs(found) > 1.797e308))
    return np.where(skipped, 0.0, off), np.abs(nearest) < 2.0**-1022


def remeasured(case, run, worst):
    """Errors at the worst points, by mpmath."""
    with mpmath.workprec(200):
        found = []
        for point in worst:
            got = float(run(*[np.array([each]) for each in point])[0])
            exact = case.exact(*map(mpmath.mpf, point))
            found.append((float(abs(exact - mpmath.mpf(got)) / mpmath.mpf(math.ulp(float(exact)))), point))
    return max(found, default=(0.0, ()))


def accuracy(name, case, points):
    """Largest errors where results are normal and where they are subnormal, by mpmath, each with its point."""
    run, chance = RUN[name], np.random.default_rng(7)
    worst: dict[bool, list[tuple[float, tuple[float, ...]]]] = {False: [], True: []}
    for begun in range(0, points, CHUNK):
        sample = case.usual if (begun // CHUNK) % 2 == 0 and points > CHUNK else case.whole
        count = min(CHUNK, points - begun)
        arguments = sample(chance, count)
        if points <= CHUNK:
            halves = zip(
                *[
                    each if isinstance(each, tuple) else (each,)
                    for each in (case.usual(chance, count // 2), case.whole(chance, count // 2))
                ],
                strict=True,
            )
            arguments = tuple(np.concatenate(each) for each in halves)
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        off, subnormal = errors(case, run, arguments)
        for kind, kept in worst.items():
            these = np.where(subnormal == kind, off, -1.0)
            for i in np.argpartition(these, -WORST)[-WORST:]:
                if these[i] >= 0:
                    kept.append((float(these[i]), tuple(float(each[i]) for each in arguments)))
            kept.sort(reverse=True)
            del kept[WORST:]
    return [remeasured(case, run, [point for _, point in kept]) for kept in worst.values()]


def nanoseconds(call, arguments, repeats=9, inner=30):
    out = np.empty_like(arguments[0])
    call(*arguments, out)
    best = math.inf
    for _ in range(repeats):
        begun = time.perf_counter()
        for _ in range(inner):
            call(*arguments, out)
        best = min(best, (time.perf_counter() - begun) / inner)
    return best / out.size * 1e9


def usual_numbers(case):
    given = case.usual(np.random.default_rng(3), 4096)
    return given if isinstance(given, tuple) else (given,)


def examine(name, case, points):
    run = loop(COMPILER.compiled(getattr(mathematics, name)), two_arguments=name in TWO)
    RUN[name] = fresh(run)
    given = usual_numbers(case)
    ours = nanoseconds(run, given)
    packed = re.findall(r"vfn?m(?:add|sub)\d+pd[^\n]*(zmm|ymm)", next(iter(run.inspect_asm().values())))
    theirs = nanoseconds(lambda *all_of: case.rival()(*all_of[:-1], out=all_of[-1]), given)
    scalar = getattr(math, name, None)
    by_math = (
        nanoseconds(loop(scalar, two_arguments=name in TWO), given) if scalar and name not in {"cbrt", "exp2"} else None
    )
    (normal, at), (subnormal, _) = accuracy(name, case, points)
    return {
        "function": name, "ulp": normal, "at": at, "ulp_subnormal": subnormal, "ns": ours, "ns_numpy": theirs, "ns_math": by_math,
        "registers": max(packed, default="none, not vectorised"),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=10**7, help="for each function")
    parser.add_argument("--quick", action="store_true", help="10**5 points")
    parser.add_argument("--only", nargs="*", default=list(CASES), help="names of functions")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    points = 10**5 if arguments.quick else arguments.points
    print(
        f"{'':<16}{'max ulp':>9}{'subnormal':>11}{'ns':>8}{'numpy, ns':>11}{'ratio':>7}{'math, ns':>10}{'registers':>11}"
    )
    rows = []
    for name in arguments.only:
        row = examine(name, CASES[name], points)
        rows.append(row)
        by_math = f"{row['ns_math']:.2f}" if row["ns_math"] else "-"
        print(
            f"{name:<16}{row['ulp']:>9.4f}{row['ulp_subnormal']:>11.4f}{row['ns']:>8.2f}{row['ns_numpy']:>11.2f}"
            f"{row['ns_numpy'] / row['ns']:>7.2f}{by_math:>10}{row['registers']:>11}",
            flush=True,
        )
    if arguments.json:
        found = {"machine": [platform.machine(), *processor()][:2], "points": points, "functions": rows}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
