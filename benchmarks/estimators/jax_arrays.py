"""The estimators in JAX: a trial in each element of a batch, float64, threefry, one compiled program each."""

from __future__ import annotations

import os

os.environ["JAX_PLATFORMS"] = os.environ.get("SWEEP_JAX_PLATFORM", "cpu")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"  # read at the import

import jax
import jax.numpy as jnp
from jax import lax
from jax.random import exponential, fold_in, normal, uniform

jax.config.update("jax_enable_x64", val=True)
TILE = 1 << (12 if os.environ["JAX_PLATFORMS"] == "cpu" else 18)


def two(draw, key, n):
    """Draw two arrays; by keys of their own, because XLA makes both halves of one array again for each half."""
    return [draw(each, (n,)) for each in jax.random.split(key)]


def pi(key, n):
    x, y = two(uniform, key, n)
    return x * x + y * y < 1.0


def two_normals(key, n):
    a, b = two(normal, key, n)
    return a * b


def walk(key, n, steps):
    return lax.fori_loop(0, steps, lambda i, x: x + normal(fold_in(key, i), (n,)), jnp.zeros(n))


def asian_gbm(key, n, spot, strike, rate, volatility, maturity, steps):
    dt = maturity / steps
    drift = (rate - 0.5 * volatility * volatility) * dt
    spread = volatility * jnp.sqrt(dt)

    def step(i, state):
        x, total = state
        x += drift + spread * normal(fold_in(key, i), (n,))
        return x, total + jnp.exp(x)

    _, total = lax.fori_loop(0, steps, step, (jnp.zeros(n), jnp.zeros(n)))
    return jnp.exp(-rate * maturity) * jnp.maximum(spot * total / steps - strike, 0.0)


def heston(key, n, spot, strike, rate, variance, reversion, level, wobble, rho, maturity, steps):
    dt = maturity / steps
    root_dt = jnp.sqrt(dt)
    across = jnp.sqrt(1.0 - rho * rho)

    def step(i, state):
        x, variance = state
        a, b = two(normal, fold_in(key, i), n)
        v = jnp.maximum(variance, 0.0)
        spread = jnp.sqrt(v) * root_dt
        x += (rate - 0.5 * v) * dt + spread * a
        return x, variance + reversion * (level - v) * dt + wobble * spread * (rho * a + across * b)

    x, _ = lax.fori_loop(0, steps, step, (jnp.zeros(n), jnp.full(n, variance)))
    return jnp.exp(-rate * maturity) * jnp.maximum(spot * jnp.exp(x) - strike, 0.0)


def first_passage(key, n, band, limit):
    def inside(state):
        i, x, _ = state
        return (i < limit) & jnp.any(jnp.abs(x) < band)

    def step(state):
        i, x, steps = state
        moves = jnp.abs(x) < band
        return i + 1, jnp.where(moves, x + normal(fold_in(key, i), (n,)), x), steps + moves

    return lax.while_loop(inside, step, (0, jnp.zeros(n), jnp.zeros(n)))[2]


def mm1(key, n, arrival_rate, service_rate, customers):
    def customer(i, state):
        wait, total = state
        served, arrived = two(exponential, fold_in(key, i), n)
        wait = jnp.maximum(wait + served / service_rate - arrived / arrival_rate, 0.0)
        return wait, total + wait

    return lax.fori_loop(0, customers, customer, (jnp.zeros(n), jnp.zeros(n)))[1] / customers


def radar(key, n, amplitude, threshold, pulses):
    def pulse(i, total):
        a, b = two(normal, fold_in(key, i), n)
        return total + 0.5 * ((amplitude + a) ** 2 + b * b)

    return lax.fori_loop(0, pulses, pulse, jnp.zeros(n)) > threshold


def prepare(name, arguments):
    """Return ``run(first, trials)``; see `ours`. The draws are threefry's, a key for each tile."""
    estimator = globals()[name]

    @jax.jit
    def sums(tile, tiles):
        def add(i, total):
            values = estimator(fold_in(jax.random.key(1), tile + i), TILE, *arguments).astype(float)
            values = lax.optimization_barrier(values)  # else they are made twice, once for each sum
            return total + jnp.array([values.sum(), values @ values])

        return lax.fori_loop(0, tiles, add, jnp.zeros(2))

    return lambda first, trials: sums(first // TILE, trials // TILE).tolist()
