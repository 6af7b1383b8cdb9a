"""What jobs need beside room: licences, connections, tokens; AWS calls them consumable resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Change", "Consumable"]


@dataclass(frozen=True, slots=True)
class Consumable:
    """A consumable resource.

    Attributes
    ----------
    total
        How much there is; of what is not replenishable, how much is left.
    replenishable
        Whether a job gives back what it took.
    created
        ms since 1970.
    """

    name: str
    total: int
    replenishable: bool = True
    created: int = 0
    tags: Mapping[str, str] = field(default_factory=dict[str, str])


class Change(Enum):
    """How a quantity changes the total."""

    SET = 0
    ADD = 1
    REMOVE = 2
