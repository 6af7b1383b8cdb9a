"""Who waits for a job, by what of it he waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sweep.jobs.ids import parted
from sweep.jobs.request import Dependency, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Dependents"]


@dataclass(slots=True)
class Dependents:
    """The ids of jobs that wait for one job; a job may stand in several places.

    Attributes
    ----------
    whole
        For its end.
    pairs
        Child `i` for its child `i`.
    children
        By index: for one child of it.
    """

    whole: dict[str, None] = field(default_factory=dict[str, None])
    pairs: dict[str, None] = field(default_factory=dict[str, None])
    children: dict[int, dict[str, None]] = field(default_factory=dict[int, dict[str, None]])

    def add(self, job_id: str, dependency: Dependency) -> None:
        """Note that a job waits, and for what."""
        _, _, index = parted(dependency.job_id or "")
        if dependency.kind is Kind.N_TO_N:
            self.pairs[job_id] = None
        elif index is None:
            self.whole[job_id] = None
        else:
            self.children.setdefault(index, {})[job_id] = None

    def on_children(self, indices: np.ndarray) -> Iterator[str]:
        """Go through those that wait for one of some children."""
        awaited = np.fromiter(self.children, np.int64, len(self.children))
        for index in awaited[np.isin(awaited, indices)].tolist():
            yield from self.children[index]
