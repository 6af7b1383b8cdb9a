"""The estimators on NumPy arrays, a trial in each element, in tiles that fit the cache."""

from __future__ import annotations

import math

import numpy as np

TILE = 8192


def pi(rng, n):
    x, y = rng.random((2, n))
    return x * x + y * y < 1.0


def two_normals(rng, n):
    a, b = rng.standard_normal((2, n))
    return a * b


def walk(rng, n, steps):
    x, z = np.zeros(n), np.empty(n)
    for _ in range(steps):
        x += rng.standard_normal(out=z)
    return x


def asian_gbm(rng, n, spot, strike, rate, volatility, maturity, steps):
    dt = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * dt
    spread = volatility * math.sqrt(dt)
    x, total, z = np.zeros(n), np.zeros(n), np.empty(n)
    for _ in range(steps):
        rng.standard_normal(out=z)
        z *= spread
        z += drift
        x += z
        total += np.exp(x, out=z)
    return math.exp(-rate * maturity) * np.maximum(spot * total / steps - strike, 0.0)


def heston(rng, n, spot, strike, rate, variance, reversion, level, wobble, rho, maturity, steps):
    dt = maturity / steps
    root_dt = math.sqrt(dt)
    across = math.sqrt(1.0 - rho * rho)
    x, variance = np.zeros(n), np.full(n, variance)
    a, b, v, spread = np.empty((4, n))
    for _ in range(steps):
        rng.standard_normal(out=a)
        rng.standard_normal(out=b)
        np.maximum(variance, 0.0, out=v)
        np.sqrt(v, out=spread)
        spread *= root_dt
        x += (rate - 0.5 * v) * dt
        x += spread * a
        variance += (reversion * dt) * (level - v)
        spread *= wobble
        spread *= rho * a + across * b
        variance += spread
    return math.exp(-rate * maturity) * np.maximum(spot * np.exp(x) - strike, 0.0)


def first_passage(rng, n, band, limit):
    x = np.zeros(n)
    taken = []
    for step in range(1, limit + 1):
        x += rng.standard_normal(x.size)
        inside = np.abs(x) < band
        left = x.size - np.count_nonzero(inside)
        if left:
            taken.append(np.full(left, step))
            x = x[inside]
    return np.concatenate([*taken, np.full(x.size, limit)])


def mm1(rng, n, arrival_rate, service_rate, customers):
    wait, total, served, arrived = np.zeros((4, n))
    for _ in range(customers):
        rng.standard_exponential(out=served)
        rng.standard_exponential(out=arrived)
        served *= 1.0 / service_rate
        arrived *= 1.0 / arrival_rate
        wait += served
        wait -= arrived
        np.maximum(wait, 0.0, out=wait)
        total += wait
    return total / customers


def radar(rng, n, amplitude, threshold, pulses):
    total, z = np.zeros((2, n))
    for _ in range(pulses):
        for offset in (amplitude, 0.0):
            rng.standard_normal(out=z)
            z += offset
            z *= z
            total += z
    return 0.5 * total > threshold


def prepare(name, arguments):
    """Return ``run(first, trials)``; see `ours`. The draws are PCG64's, so which trials they are means nothing."""
    estimator = globals()[name]
    rng = np.random.default_rng(1)

    def run(_first, trials):
        total = squares = 0.0
        for _ in range(0, trials, TILE):
            values = estimator(rng, TILE, *arguments).astype(float, copy=False)
            total += values.sum()
            squares += values @ values
        return total, squares

    return run
