"""One trial: what it is given, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Outcome", "Trial"]


@dataclass(frozen=True)
class Trial:
    """Which trial, and what it is given.

    Attributes
    ----------
    point, trial
        Which.
    seed
        Its seed.
    parameters
        Values by name: those of the point, then those that the trial draws.
    drawn
        What it draws as numbers, which are outputs.
    """

    point: int
    trial: int
    seed: int
    parameters: Mapping[str, Any]
    drawn: tuple[float, ...] = ()

    @property
    def index(self) -> str:
        """Point and trial as one name."""
        return f"{self.point}-{self.trial}"

    @property
    def own(self) -> dict[str, Any]:
        """What is the trial's own, by placeholder; its folder is not known before it runs."""
        return {"seed": self.seed, "point": self.point, "trial": self.trial, "index": self.index}


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes
    ----------
    values
        A number for each output, and then for each parameter that it draws; NaN for an output that the trial does not have; None if the trial failed.
    reason
        Why it failed, or what else is to be known of it; ``""`` if there is nothing.
    code
        The exit code of its last attempt; None if it had none.
    attempts
        How often it was tried.
    seconds
        What the last attempt took by the clock.
    stdout, stderr
        The last that it printed, where there is a reason.
    """

    values: tuple[float, ...] | None
    reason: str = ""
    code: int | None = None
    attempts: int = 1
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""
