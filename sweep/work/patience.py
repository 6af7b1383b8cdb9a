"""The ``rng`` of a trial that is run again in plain Python to be explained, and that may have been a long one."""

from __future__ import annotations

import time
from typing import Any

from sweep_kernels.rng import Rng

__all__ = ["OutOfPatienceError", "PatientRng"]

SECONDS = 30.0
EVERY = 1 << 12
"""Draws between two looks at the clock."""


class OutOfPatienceError(Exception):
    """A trial draws for too long."""


class PatientRng(Rng):
    """The same draws, for so many seconds.

    Parameters
    ----------
    seed, point, trial
        As for `Rng`.
    seconds
        From now.
    """

    __slots__ = ("_ends",)

    def __init__(self, seed: int, point: int, trial: int, seconds: float = SECONDS) -> None:
        super().__init__(seed, point, trial)
        self._ends = time.monotonic() + seconds

    def uniform(self, *given: Any, **named: Any) -> float:
        """Draw as `Rng.uniform` does, which says itself what it cannot take."""
        self._look(self.uniforms)
        return super().uniform(*given, **named)

    def normal(self, *given: Any, **named: Any) -> float:
        """Draw as `Rng.normal` does, which says itself what it cannot take."""
        self._look(self.normals)
        return super().normal(*given, **named)

    def _look(self, drawn: int) -> None:
        if drawn % EVERY == 0 and time.monotonic() > self._ends:
            raise OutOfPatienceError
