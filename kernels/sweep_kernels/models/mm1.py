"""The M/M/1 queue, started empty.

Waiting times follow D. V. Lindley (1952), https://doi.org/10.1017/S0305004100027638; their means F. Spitzer (1956),
https://doi.org/10.1090/S0002-9947-1956-0079851-X.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.declaration import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.rng import Rng

__all__ = ["expected_waits", "mm1_queue", "stationary_wait"]


@kernel(outputs=["last_wait", "mean_wait"])
def mm1_queue(
    rng: Rng, arrival_rate: float = 0.8, service_rate: float = 1.0, customers: int = 100
) -> tuple[float, float]:
    """How long the last customer waits for service, and how long all do on average.

    Parameters
    ----------
    rng
        The trial's draws; two uniforms a customer after the first.
    arrival_rate, service_rate
        Customers per unit of time, above 0; the arrivals may be the faster ones.
    customers
        How many come, 1 or more; the first finds the queue empty.
    """
    wait = 0.0
    total = 0.0
    for _ in range(customers - 1):
        wait = max(wait + rng.exponential() / service_rate - rng.exponential() / arrival_rate, 0.0)
        total += wait
    return wait, total / customers


def expected_waits(arrival_rate: float, service_rate: float, customers: int) -> NDArray[np.float64]:
    """Return the expected waiting time of each customer, shape (customers,).

    With `S_k` the difference of `k` services and `k` gaps between arrivals, customer ``n + 1`` waits ``sum_{k <= n} E[max(S_k, 0)] / k``. When
    the `k`-th arrival comes, the number of services that would have been over is negative binomial, and each that would not takes
    another ``1 / service_rate``.
    """
    from scipy.stats import nbinom

    gains = np.zeros(customers)
    arrives_first = arrival_rate / (arrival_rate + service_rate)
    for k in range(1, customers):
        over = np.arange(k)
        gains[k] = (nbinom.pmf(over, k, arrives_first) * (k - over)).sum() / service_rate / k
    return np.cumsum(gains)


def stationary_wait(arrival_rate: float, service_rate: float) -> float:
    """Return the expected waiting time in the long run; arrivals must be the slower ones.

    >>> round(stationary_wait(0.8, 1.0), 12)
    4.0
    """
    return arrival_rate / service_rate / (service_rate - arrival_rate)
