"""What a run costs: hours of processors, and requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep.forecast.prices import Instance, Prices
    from sweep.forecast.requests import Requests
    from sweep.forecast.schedule import Schedule

__all__ = ["Bill", "bills", "requests_cost"]

HOUR = 3600.0


@dataclass(frozen=True)
class Bill:
    """Money for one run on one type of instance.

    Attributes
    ----------
    instance, vcpus, machines
        Which, how many processors were wished, and how many machines have them.
    hours
        Machines times the time of the run: all are paid until the last shard ends.
    on_demand, spot
        In the prices' currency; None where there is no price. Each is (estimate, low, high).
    """

    instance: str
    vcpus: int
    machines: int
    hours: float
    on_demand: tuple[float, float, float] | None
    spot: tuple[float, float, float] | None


def bills(prices: Prices, schedules: list[Schedule], low: float, high: float) -> list[Bill]:
    """Work out what each type costs for each number of processors.

    Parameters
    ----------
    prices
        Per hour.
    schedules
        How long a run takes.
    low, high
        Bounds of the core-seconds, as parts of the estimate.
    """
    return [_bill(each, plan, low, high) for plan in schedules for each in prices.instances]


def _bill(instance: Instance, run: Schedule, low: float, high: float) -> Bill:
    machines = -(-run.vcpus // instance.vcpus)
    hours = machines * run.seconds / HOUR

    def cost(price: float | None) -> tuple[float, float, float] | None:
        return None if price is None else (hours * price, hours * price * low, hours * price * high)

    return Bill(instance.name, run.vcpus, machines, hours, cost(instance.on_demand), cost(instance.spot))


def requests_cost(prices: Prices, requests: Requests) -> float | None:
    """Return what the requests cost; None where the prices do not say."""
    if prices.put is None or prices.get is None:
        return None
    return (prices.put * (requests.put + requests.list) + prices.get * requests.get) / 1000.0
