"""What leases hold together."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sweep.jobs.definition import Resources

__all__ = ["Held"]


@dataclass(slots=True)
class Held:
    """Slots, counted by what each of them needs: so the sums are exact whatever comes and goes in whichever order."""

    slots: dict[Resources, int] = field(default_factory=dict[Resources, int])
    gpus: set[int] = field(default_factory=set[int])

    def add(self, need: Resources, slots: int) -> None:
        """Count more slots, or fewer if below 0."""
        left = self.slots.get(need, 0) + slots
        if left:
            self.slots[need] = left
        else:
            self.slots.pop(need, None)

    @property
    def vcpus(self) -> float:
        """In all."""
        return math.fsum(need.vcpus * slots for need, slots in self.slots.items())

    @property
    def memory(self) -> int:
        """MiB in all."""
        return sum(need.memory * slots for need, slots in self.slots.items())
