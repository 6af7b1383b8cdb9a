"""The estimators as a user writes them, each a plain function of `rng` for one trial: we compile them, and numba does with its own generators."""

from __future__ import annotations

import math


def pi(rng):
    x, y = rng.uniform(), rng.uniform()
    return x * x + y * y < 1.0


def two_normals(rng):
    return rng.normal() * rng.normal()


def walk(rng, steps):
    x = 0.0
    for _ in range(steps):
        x += rng.normal()
    return x


def asian_gbm(rng, spot, strike, rate, volatility, maturity, steps):
    """An Asian call on the arithmetic mean, under geometric Brownian motion."""
    dt = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * dt
    spread = volatility * math.sqrt(dt)
    x = 0.0
    total = 0.0
    for _ in range(steps):
        x += drift + spread * rng.normal()
        total += math.exp(x)
    return math.exp(-rate * maturity) * max(spot * total / steps - strike, 0.0)


def heston(rng, spot, strike, rate, variance, reversion, level, wobble, rho, maturity, steps):
    """A European call; Euler steps with full truncation (R. Lord, R. Koekkoek and D. van Dijk, https://doi.org/10.1080/14697680802392496)."""
    dt = maturity / steps
    root_dt = math.sqrt(dt)
    across = math.sqrt(1.0 - rho * rho)
    x = 0.0
    for _ in range(steps):
        a, b = rng.normal(), rng.normal()
        v = max(variance, 0.0)
        spread = math.sqrt(v) * root_dt
        x += (rate - 0.5 * v) * dt + spread * a
        variance += reversion * (level - v) * dt + wobble * spread * (rho * a + across * b)
    return math.exp(-rate * maturity) * max(spot * math.exp(x) - strike, 0.0)


def first_passage(rng, band, limit):
    """Steps that a walk takes to leave ``-band < x < band``, or `limit`."""
    x = 0.0
    steps = 0
    while abs(x) < band and steps < limit:
        x += rng.normal()
        steps += 1
    return steps


def mm1(rng, arrival_rate, service_rate, customers):
    """Mean wait by Lindley's recursion, from an empty queue."""
    wait = 0.0
    total = 0.0
    for _ in range(customers):
        wait = max(wait + rng.exponential() / service_rate - rng.exponential() / arrival_rate, 0.0)
        total += wait
    return total / customers


def radar(rng, amplitude, threshold, pulses):
    """Whether a steady target is detected: a square-law detector over some pulses."""
    total = 0.0
    for _ in range(pulses):
        in_phase, quadrature = amplitude + rng.normal(), rng.normal()
        total += 0.5 * (in_phase * in_phase + quadrature * quadrature)
    return total > threshold
