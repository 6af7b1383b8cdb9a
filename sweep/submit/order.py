"""What is to be sent, and how long its trials take."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.aside import started
from sweep.device import seconds_per_trial
from sweep.errors import StoreError, UsageError
from sweep.ledger import MAX_SHARDS
from sweep.work.pilot import require_sound
from sweep.work.study import Study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.plan import Plan
    from sweep.programs import Command
    from sweep.store import Store
    from sweep.submit.options import Containers
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["Order"]


@dataclass(frozen=True)
class Order:
    """What is to be sent.

    Attributes
    ----------
    study
        Where it is: ``file.py``, ``file.py:name`` or ``file.toml``.
    kernel, plan, data
        What it gives.
    store
        Where results go; workers must reach it.
    containers
        What children are given.
    shards
        How many children; chosen from a short timed pilot when left out.
    replace
        Throw away what the store holds, if it is another sweep.
    """

    study: str
    kernel: Kernel | Command
    plan: Plan
    data: Mapping[str, Table]
    store: Store
    containers: Containers
    shards: int | None = None
    replace: bool = False

    def __post_init__(self) -> None:
        if self.store.url.startswith("memory:"):
            raise StoreError(f"{self.store.url} is in this process's memory: containers need s3://bucket/prefix")
        if self.containers.gpus and self.plan.request:
            raise UsageError(
                f"--gpus {self.containers.gpus}: quantiles, histograms and covariances are computed on the CPU only"
            )
        if self.shards is not None and not 1 <= self.shards <= MAX_SHARDS:
            raise UsageError(
                f"--shards {self.shards} is not between 1 and {MAX_SHARDS:,}, the most children that an array job may have"
            )

    @functools.cached_property
    def work_study(self) -> Study:
        """What workers are given, for this machine."""
        return Study(self.kernel, self.plan, self.store, self.data)

    @functools.cached_property
    def seconds_per_trial(self) -> float:
        """On a processor of this machine, by a short pilot, which meets trials that raise in any case; a program need not be here, and is guessed.

        Raises
        ------
        TrialError
            If it meets one.
        """

        def timed() -> float:
            is_program = self.plan.kernel.is_program
            if not is_program:
                require_sound(self.work_study)
            return seconds_per_trial(self.work_study, in_cluster=is_program)

        return started(timed).result()
