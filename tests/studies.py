"""Sweeps that several tests run, and where to run them."""

from __future__ import annotations

import hashlib

from sweep import Sweep, grid, kernel
from sweep.store import open_store


@kernel(outputs=["x", "big", "count"])
def mixed(rng, a, case):
    """Return a float, a bool and an integer; sometimes the float is not finite."""
    x = a * rng.normal() + case
    count = rng.poisson(2.0)
    if count > 9:
        x = float("inf")
    return x, x > 1.0, count


def study(trials: int = 20_000, **options) -> Sweep:
    """Six points, blocks whole and partial."""
    return Sweep(mixed, grid(a=[0.5, 1.0, 2.0], case=["day", "night"]), trials=trials, seed=11, **options)


def sha256(url: str) -> str:
    """Return the digest of a finished sweep's result."""
    return hashlib.sha256(open_store(url).get("result.parquet")).hexdigest()
