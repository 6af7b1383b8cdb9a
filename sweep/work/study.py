"""What every worker of a sweep is given, and what it makes of it once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from sweep.errors import DeviceError
from sweep.programs.attempts import Trials
from sweep.programs.declaration import Command
from sweep.programs.runner import Runner
from sweep.work.arguments import argument_kinds
from sweep.work.tables import load_tables
from sweep_kernels.driver import Driver
from sweep_kernels.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.plan import Plan
    from sweep.store import Store
    from sweep.work.allowance import Allowance
    from sweep_kernels.cuda.driver import CudaDriver
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.tables import Table

__all__ = ["COUNTED_ON_CPU", "Study"]

COUNTED_ON_CPU = "quantiles, histograms and covariances are computed on the CPU only: leave device='cuda' out"


class _Terms(TypedDict):
    seed: int
    trials: int
    block_size: int
    common_random_numbers: bool
    tables: Mapping[str, Table]


@dataclass(frozen=True, eq=False)
class Study:
    """A kernel, the plan to run it by, and the store to write to.

    Attributes
    ----------
    data
        The tables of the plan; read from the store when left out.
    device
        What runs it: ``"cpu"`` or ``"cuda"``, which give the same bytes.
    allowance
        How many trials may fail; any number when left out.
    """

    kernel: Kernel | Command
    plan: Plan
    store: Store
    data: Mapping[str, Table] | None = None
    device: str = "cpu"
    allowance: Allowance | None = None

    @functools.cached_property
    def tables(self) -> Mapping[str, Table]:
        """The tables that the kernel reads, by parameter."""
        return load_tables(self.store, self.plan) if self.data is None else self.data

    @functools.cached_property
    def runner(self) -> Runner | None:
        """What runs the programs of a plan that runs some."""
        if not isinstance(self.kernel, Command):
            return None
        self.check()
        plan = self.plan
        common = plan.common_random_numbers
        return Runner(Trials(self.kernel, plan.space.collections(), plan.seed, common_random_numbers=common))

    @functools.cached_property
    def output_kinds(self) -> tuple[str, ...]:
        """Kinds of the outputs: as a command declares them, or as a kernel was compiled."""
        return self.kernel.output_kinds if isinstance(self.kernel, Command) else self.driver.output_kinds

    def prepare(self) -> None:
        """Make what trials are run by: compile the kernel, or find the program.

        Raises
        ------
        KernelError, PlanError, DeviceError
            If that cannot be done.
        """
        _ = self.tables, self.runner or self.driver, self.output_kinds, self.observer

    def check(self) -> None:
        """See, without running anything, whether what is asked for can be had.

        Raises
        ------
        KernelError, PlanError, DeviceError
            If it cannot: the kernel does not compile, or a program has no quantiles of a bool, and no GPU. That a program is there is not looked for.
        """
        if not isinstance(self.kernel, Command):
            _ = self.driver
            return
        if self.device != "cpu":
            raise DeviceError(
                f"command {self.kernel.name!r} is a program: device={self.device!r} is for compiled kernels"
            )
        self.plan.request.tallies(self.kernel.columns, self.kernel.output_kinds)

    def dismiss_programs(self) -> None:
        """Have programs that wait for trials end, for all trials have been run."""
        runner = self.__dict__.get("runner")
        if runner is not None:
            runner.dismiss()

    def close(self) -> None:
        """End the processes that wait for trials; they end with this process as well."""
        runner = self.__dict__.pop("runner", None)
        if runner is not None:
            runner.close()

    @property
    def compiled(self) -> Kernel:
        """The kernel, where it is one: only these have drivers."""
        if isinstance(self.kernel, Command):
            raise TypeError(f"command {self.kernel.name!r} is not compiled")
        return self.kernel

    @functools.cached_property
    def driver(self) -> Driver | CudaDriver:
        """The compiled kernel; compiled or loaded on first use, and again after a journey to another process."""
        if self.device == "cpu":
            return self.driver_of(None)
        from sweep_kernels.cuda.driver import CudaDriver

        if self.plan.request:
            raise DeviceError(COUNTED_ON_CPU)
        return CudaDriver(self.compiled, argument_kinds(self.compiled, self.plan), **self._terms)

    def driver_of(self, width: int | None) -> Driver:
        """Compile or load the kernel for so many trials side by side.

        Raises
        ------
        PlanError
            If quantiles or a histogram are asked for of a bool.
        """
        driver = Driver(self.compiled, argument_kinds(self.compiled, self.plan), width=width, **self._terms)
        self.plan.request.tallies(
            self.kernel.columns, driver.output_kinds
        )  # what cannot be counted is told before anything is
        return driver

    @functools.cached_property
    def observer(self) -> Observer | None:
        """What looks at trials for more than statistics, if the plan asks for that."""
        if isinstance(self.kernel, Command):
            return None
        tallies = self.plan.request.tallies(self.kernel.columns, self.driver.output_kinds)
        return Observer(tallies, len(self.kernel.columns), self.plan.block_size) if tallies else None

    @property
    def _terms(self) -> _Terms:
        plan = self.plan
        return {
            "seed": plan.seed,
            "trials": plan.trials,
            "block_size": plan.block_size,
            "common_random_numbers": plan.common_random_numbers,
            "tables": self.tables,
        }

    def __reduce__(self) -> tuple[type[Study], tuple[Any, ...]]:
        return (Study, (self.kernel, self.plan, self.store, self.data, self.device, self.allowance))
