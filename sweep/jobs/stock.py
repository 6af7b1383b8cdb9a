"""What is left of consumable resources during one look at the queues."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.jobs.state import State

__all__ = ["Stock"]


@dataclass(slots=True)
class Stock:
    """What the state has available, less what is kept back for those whose turn comes first."""

    state: State
    kept: dict[str, int] = field(default_factory=dict[str, int])

    def fits(self, need: Mapping[str, int]) -> float:
        """Return how many times a need can be met; infinity where nothing is needed."""
        return min((self._left(name) // quantity for name, quantity in need.items() if quantity), default=math.inf)

    def _left(self, name: str) -> int:
        return max(0, self.state.available(name) - self.kept.get(name, 0))

    def keep(self, need: Mapping[str, int]) -> None:
        """Keep back what a job waits for. For who could not have it though nobody else did, nothing need be kept yet."""
        known = self.state.consumables
        if all(known[name].total - self.kept.get(name, 0) >= quantity for name, quantity in need.items()):
            for name, quantity in need.items():
                self.kept[name] = self.kept.get(name, 0) + quantity
