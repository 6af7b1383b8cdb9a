"""Trials side by side against one after the other: the same bits, whatever the kernel does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sweep_kernels import kernel
from sweep_kernels.cpu import compile_kernel
from sweep_kernels.driver import Blocks, Driver, TrialRaisedError
from sweep_kernels.lanes import NotWidenedError
from tests.kernels.compiling import loaded
from tests.kernels.lanes.alike import assert_alike
from tests.kernels.lanes.programs import HEAD, random_program

NUMBERS = np.arange(16) * 1.5 + 0.25
DIGITS = (3, 1, 4, 1, 5, 9, 2, 6)


def first_passage(rng, band: float = 3.0, limit: int = 200):
    x = 0.0
    steps = 0
    while abs(x) < band and steps < limit:
        x += rng.normal()
        steps += 1
    return steps, x


def returns_early(rng, band: float = 2.0, limit: int = 50):
    x = 0.0
    for i in range(limit):
        x += rng.normal()
        if abs(x) > band:
            return float(i), x
    return -1.0, x


def rejects(rng, radius: float = 1.0, _: int = 0):
    while True:
        x, y = rng.uniform() * 2.0 - 1.0, rng.uniform() * 2.0 - 1.0
        if x * x + y * y < radius:
            return x, y


def loops_in_loops(rng, p: float = 0.3, times: int = 5):
    s = 0.0
    n = 0
    for _ in range(times):
        u = rng.uniform()
        if u < p:
            continue
        if u > 0.95:
            break
        n = int(u * 10)
        for _ in range(n):
            s += rng.normal()
            if s > 3.0:
                return s, n
        if n == 7:
            s -= rng.exponential()
        elif n > 7:
            k = 0
            while k < n and s > 0:
                s -= rng.uniform()
                k += 2
            s += k
    else:
        s += 100.0
    return s, n


def looks_up(rng, scale: float = 2.0, times: int = 3):
    k = rng.integers(0, 16)
    s = NUMBERS[k]
    for i in range(times):
        s += scale * NUMBERS[(k * 7 + i) % 16] - NUMBERS[i]
    return s, DIGITS[(k + times) % 8]


def divides(rng, scale: float = 50.0, shift: int = 3):
    k = int(scale * (rng.uniform() - 0.5))
    m = rng.integers(1, 9)
    return (k // m) * 1000 + k % m + (k << 2) + (k >> 1), (k ^ m) + abs(k) + min(k, m) + max(k, shift)


def counts(rng, mean: float = 3.0, _: int = 0):
    return rng.poisson(mean), rng.poisson(mean * 10.0)


def chooses(rng, p: float = 0.3, limit: int = 3):
    a = rng.bernoulli(p)
    x = rng.normal() if a else rng.uniform()
    y = math.exp(x) if x > 0 else math.log(1.0 - x)
    c = 0
    if (a and x > 0.5) or y < 0.2:
        c = limit
    return y, c


def narrow(rng, scale: float = 2.5, shift: int = 1):
    x = np.float32(rng.normal())
    return x * np.float32(scale) + np.float32(shift), np.float32(math.sqrt(x * x))


def in_the_middle(rng, slope):
    while True:
        x, y = rng.uniform(), rng.uniform()
        if x > 0.2 and y < slope * x:
            return x


def rejects_twice(rng, slope: float = 0.5, _: int = 0):
    """Lanes leave a loop under masks, not at its end; only one such loop could be run in rounds, which end anyway."""
    return in_the_middle(rng, slope), in_the_middle(rng, slope * 0.5)


KERNELS = [
    first_passage,
    returns_early,
    rejects,
    rejects_twice,
    loops_in_loops,
    looks_up,
    divides,
    counts,
    chooses,
    narrow,
]


@pytest.mark.parametrize("function", KERNELS, ids=lambda each: each.__name__)
def test_the_same_bits_side_by_side(function):
    assert_alike(kernel(outputs=["a", "b"])(function), 16)


@pytest.mark.parametrize("width", [4, 8, 32])
def test_any_width(width):
    assert_alike(kernel(outputs=["a", "b"])(loops_in_loops), width)


def test_trials_longer_than_a_round():
    assert_alike(kernel(outputs=["a", "b"])(first_passage), 16, {"band": 30.0, "limit": 3000})


@pytest.mark.parametrize("seed", [3, 11, 17])
def test_random_kernels(tmp_path, seed):
    assert_alike(loaded(tmp_path, random_program(seed), f"program{seed}").program, 16)


@pytest.mark.parametrize("limit", ["4", "400000"])
def test_a_trial_that_raises_stops_its_block(tmp_path, limit):
    text = HEAD.partition("    x = 0.25")[0] + f"    k = int(rng.uniform() * {limit})\n    return 5 // (k - 2), k\n"
    assert_alike(loaded(tmp_path, text, f"raising{limit}").program, 16)


def test_what_cannot_be_done_side_by_side_is_done_one_by_one(tmp_path):
    text = """
    @kernel(outputs=["a", "b"])
    def program(rng, p: float = 0.5, m: int = 2):
        t = (1.5, 2.5, p)
        s = complex(rng.uniform(), t[rng.integers(0, 3)]) ** 0.5
        return s.real, s.imag
    """
    each = loaded(tmp_path, text, "complicated").program
    assert compile_kernel(each, ("float", "int")).width == 1
    with pytest.raises(NotWidenedError, match="numbers that go through memory"):
        compile_kernel(each, ("float", "int"), 16)


def test_a_kernel_that_always_raises_does():
    def hopeless(rng):
        return rng.integers(0, 3.5)

    driver = Driver(kernel(hopeless), (), seed=1, trials=100, block_size=64)
    with pytest.raises(TrialRaisedError, match="trial 0 of point 0"):
        driver.run(Blocks(0, 0, 1, 0, 1), np.zeros((1, 1), np.int64))
