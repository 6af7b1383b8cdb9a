"""What every worker of a sweep is given, and what it makes of it once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from sweep.work.arguments import argument_kinds
from sweep_kernels.driver import Driver

if TYPE_CHECKING:
    from sweep.plan import Plan
    from sweep.store import Store
    from sweep_kernels.cuda.driver import CudaDriver
    from sweep_kernels.declaration import Kernel

__all__ = ["Study"]


class _Terms(TypedDict):
    seed: int
    trials: int
    block_size: int
    common_random_numbers: bool


@dataclass(frozen=True, eq=False)
class Study:
    """A kernel, the plan to run it by, the store to write to, and what runs it: ``"cpu"`` or ``"cuda"``, which give the same bytes."""

    kernel: Kernel
    plan: Plan
    store: Store
    device: str = "cpu"

    @functools.cached_property
    def driver(self) -> Driver | CudaDriver:
        """The compiled kernel; compiled or loaded on first use, and again after a journey to another process."""
        if self.device == "cpu":
            return self.driver_of(None)
        from sweep_kernels.cuda.driver import CudaDriver

        return CudaDriver(self.kernel, argument_kinds(self.kernel, self.plan.space), **self._terms)

    def driver_of(self, width: int | None) -> Driver:
        """Compile or load the kernel for so many trials side by side."""
        return Driver(self.kernel, argument_kinds(self.kernel, self.plan.space), width=width, **self._terms)

    @property
    def _terms(self) -> _Terms:
        plan = self.plan
        return {
            "seed": plan.seed,
            "trials": plan.trials,
            "block_size": plan.block_size,
            "common_random_numbers": plan.common_random_numbers,
        }

    def __reduce__(self) -> tuple[type[Study], tuple[Kernel, Plan, Store, str]]:
        return (Study, (self.kernel, self.plan, self.store, self.device))
