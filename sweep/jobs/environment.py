"""Where jobs run: compute environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Environment", "Purchase"]


class Purchase(Enum):
    """How capacity is had; SPOT capacity may be taken away."""

    EC2 = 1
    SPOT = 2
    FARGATE = 3
    FARGATE_SPOT = 4

    @property
    def is_spot(self) -> bool:
        """Whether it may be taken away."""
        return self in {Purchase.SPOT, Purchase.FARGATE_SPOT}

    @property
    def is_fargate(self) -> bool:
        """Whether it comes without machines of one's own."""
        return self in {Purchase.FARGATE, Purchase.FARGATE_SPOT}


@dataclass(frozen=True, slots=True)
class Environment:
    """A compute environment.

    Attributes
    ----------
    managed
        Whether the engine starts the workers; else `address` names a Ray cluster that is there. One that is not managed and has no address is
        this machine, as an endpoint has it.
    vcpus, memory, gpus
        The most that all children in it may hold at a time; memory in MiB.
    purchase
        SPOT capacity is interrupted `interruptions_per_hour` times an hour and lease on average, at moments that `seed` decides, with
        `notice` seconds between the warning (SIGTERM) and the end (SIGKILL). AWS gives 120.
    address
        ``None`` for this machine, ``"local"`` for a Ray that the engine starts, else the address of a cluster.
    enabled
        Nothing new is placed in a disabled one; what runs goes on.
    recorded
        Everything else that AWS lets one say (roles, subnets, instance types), kept and shown as given.
    """

    name: str
    vcpus: float
    memory: int
    gpus: int = 0
    managed: bool = True
    purchase: Purchase = Purchase.EC2
    address: str | None = None
    enabled: bool = True
    interruptions_per_hour: float = 0.0
    notice: float = 120.0
    seed: int = 0
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    recorded: Mapping[str, Any] = field(default_factory=dict[str, Any])
