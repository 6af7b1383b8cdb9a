"""A sweep as its user writes it down: a kernel, a space, a number of trials."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, cast

from sweep.errors import SpecError, nearest
from sweep.openscenario.concrete import ConcreteScenarios
from sweep.openscenario.scenario import Scenario
from sweep.programs.declaration import Command
from sweep.request import RELATIVE_ERROR, Request
from sweep.space.base import Space
from sweep_kernels.declaration import Kernel
from sweep_kernels.tables import as_table

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from sweep.plan import Plan
    from sweep.progress import Progress
    from sweep.result import Result
    from sweep.store import Store
    from sweep_kernels.distributions import Distribution

__all__ = ["Sweep"]


class _LeftOut(int):
    """A number that the user did not give."""


LEFT_OUT = _LeftOut(0)


@dataclass(frozen=True)
class Sweep:
    """Monte Carlo trials of a kernel at every point of a space.

    Attributes
    ----------
    kernel
        A function decorated with `sweep.kernel`, or a program that `sweep.command` makes a trial.
    space
        From `sweep.grid` and its relatives; or from `sweep.openscenario.read`, which gives draws too.
    trials
        Trials of each point, ``1 <= trials <= 2**44``; of a scenario with draws its number of test runs when left out.
    seed
        ``0 <= seed < 2**64``; of a scenario its own when left out.
    keep
        ``""`` for statistics alone; ``"all"`` to keep every trial; the name of an output to keep the trials where it is true.
    common_random_numbers
        Give every point the same draws, so that differences between points are not blurred by chance.
    confidence
        Of the intervals, ``0 < confidence < 1``.
    data
        Tables that all trials read, by the parameters that they are: arrays of 1 to 3 dimensions, of float64, float32, int64, int32, uint8 or bool.
        They are copied, unless they cannot be written to, and hashed: a plan with another table is another plan.
    quantiles
        Levels between 0 and 1, of all outputs that are not bools: ``[0.5, 0.99]``; or by output: ``{"wait": [0.5, 0.99]}``. Here and below, the
        name of a vector stands for each of its components.
    relative_error
        The most by which a quantile may be off, 0.0005 to 0.2.
    histograms
        By output, the low and the high end and the number of bins between them: ``{"wait": (0.0, 50.0, 100)}``.
    draws
        Distributions of parameters that each trial draws before it begins, by name: ``{"gap": Normal(20.0, 4.0, low=5.0)}``; see
        `sweep_kernels.distributions`. What was drawn is an output too, so it is kept with kept trials.
    proposals
        Of drawn parameters, what they are drawn from instead, so that what is rare happens often: ``{"gap": Normal(8.0, 4.0, low=5.0)}``. Each
        trial is weighted by the density that is meant over the one that was drawn from, and the estimates are those of what is meant.
    scenario
        Where space and draws came from, if a scenario was given in the place of a space; nothing is computed from it.
    covariance
        Whether to give covariances and correlations of all outputs, if these are few, or of which pairs: ``[("wait", "cost")]``;
        ``("curve", "curve")`` is every pair of a vector's components.

    Examples
    --------
    >>> from sweep import Sweep, grid, kernel
    >>> @kernel(outputs=["inside"])
    ... def disc(rng, radius):
    ...     x, y = rng.uniform(), rng.uniform()
    ...     return x * x + y * y < radius * radius
    >>> result = Sweep(disc, grid(radius=[0.5, 1.0]), trials=10_000).run()
    >>> [round(row["inside_mean"], 2) for row in result]
    [0.2, 0.79]
    """

    kernel: Kernel | Command
    space: Space | Scenario
    trials: int = LEFT_OUT
    seed: int = LEFT_OUT
    keep: str = ""
    common_random_numbers: bool = False
    confidence: float = 0.95
    data: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)
    quantiles: Sequence[float] | Mapping[str, Sequence[float]] = ()
    relative_error: float = RELATIVE_ERROR
    histograms: Mapping[str, tuple[float, float, int]] | None = None
    covariance: bool | Sequence[tuple[str, str]] = False
    draws: Mapping[str, Distribution] = field(default_factory=dict[str, "Distribution"])
    proposals: Mapping[str, Distribution] = field(default_factory=dict[str, "Distribution"])
    scenario: Scenario | None = field(default=None, repr=False, compare=False)

    def __new__(cls, *_: Any, **named: Any) -> Self:
        """Refuse what a sweep does not have, and name what it may be meant for, where Python would name nothing."""
        known = [each.name for each in fields(cls)]
        for name in named:
            if name not in known:
                raise SpecError(f"a Sweep has no {name!r}: {nearest(name, known)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if not isinstance(self.kernel, Kernel | Command):  # pyright: ignore[reportUnnecessaryIsInstance] - the user's own argument
            raise SpecError(
                f"kernel={self.kernel!r} is not a kernel: decorate the function with @kernel(outputs=[...]), or say command([...])"
            )
        if isinstance(self.space, Scenario):  # pyright: ignore[reportUnnecessaryIsInstance]
            self._take_scenario(self.space)
        if not isinstance(self.space, Space):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SpecError(f"space={self.space!r} is not a space, as grid(a=[1, 2]) makes one")
        if self.trials is LEFT_OUT:
            raise SpecError(
                "a Sweep without trials: how many of each point, as in Sweep(kernel, space, trials=100_000)"
            )
        object.__setattr__(self, "seed", 0 if self.seed is LEFT_OUT else self.seed)
        if not isinstance(self.keep, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SpecError(f"keep={self.keep!r} is neither 'all' nor the name of one output")
        if not isinstance(self.data, dict):
            raise SpecError(f"data={self.data!r} is no dict of arrays, as in data={{'antenna': array}}")
        if not isinstance(self.draws, dict):
            raise SpecError(
                f"draws={self.draws!r} is no dict of distributions, as in draws={{'gap': Normal(20.0, 4.0)}}"
            )
        if not isinstance(self.proposals, dict):
            raise SpecError(
                f"proposals={self.proposals!r} is no dict of distributions, as in proposals={{'gap': Normal(8.0, 4.0)}}"
            )
        object.__setattr__(self, "kernel", self._given())
        object.__setattr__(self, "data", {name: as_table(name, each) for name, each in self.data.items()})

    def _given(self) -> Kernel | Command:
        """Return the kernel as one that draws what it is to draw, and a command as one that is given scenario files, if it asks for them."""
        kernel = self.kernel
        if self.scenario is not None and isinstance(kernel, Command):
            kernel = kernel.of_scenario(ConcreteScenarios.of(self.scenario), self.space.names)
        return kernel.drawing(self.draws, self.proposals) if self.draws or self.proposals or kernel.draws else kernel

    def _take_scenario(self, scenario: Scenario) -> None:
        """Take space, draws, trials and seed of a scenario, as far as the user has not given them."""
        set_to: dict[str, Any] = {
            "scenario": scenario,
            "space": scenario.space,
            "draws": {**scenario.draws, **self.draws},
        }
        if self.trials is LEFT_OUT and scenario.trials is not None:
            set_to["trials"] = scenario.trials
        if self.seed is LEFT_OUT:
            set_to["seed"] = scenario.seed
        for name, value in set_to.items():
            object.__setattr__(self, name, value)

    def plan(self, source: str = "") -> Plan:
        """Check the sweep and return its plan.

        Parameters
        ----------
        source
            Where the kernel was found, for people; the kernel's own file when left out.

        Raises
        ------
        PlanError
            If a number is out of range, the kernel's parameters and the space's axes differ, or there is no output of a name.
        """
        from sweep.plan import Plan

        return Plan.make(
            self.kernel,
            cast("Space", self.space),
            self.trials,
            seed=self.seed,
            keep=self.keep,
            common_random_numbers=self.common_random_numbers,
            confidence=self.confidence,
            source=source,
            data=self.data,
            request=Request.make(
                self.kernel.outputs,
                quantiles=self.quantiles,
                relative_error=self.relative_error,
                histograms=self.histograms,
                covariance=self.covariance,
            ),
        )

    def run(
        self,
        store: str | os.PathLike[str] | Store | None = None,
        *,
        executor: str = "auto",
        device: str = "cpu",
        workers: int | None = None,
        shards: int | None = None,
        ray_address: str = "local",
        replace: bool = False,
        progress: Progress | None = None,
        max_failures: int | None = None,
    ) -> Result:
        """Compute what `store` does not hold yet and return the result.

        Parameters
        ----------
        store
            A folder, ``s3://bucket/prefix``, or a store; memory when left out.
        executor, device, workers, shards, ray_address, progress, max_failures
            See `sweep.run.run_plan`. None of them changes a byte of the result.
        replace
            Throw away what `store` holds if it is another sweep.

        Returns
        -------
        Result
            One row a point.

        Raises
        ------
        SweepError
            One line that says what is wrong; see `sweep.errors`.
        """
        from sweep.run import run_plan
        from sweep.store import open_store

        return run_plan(
            self.kernel,
            self.plan(),
            open_store("memory://" if store is None else store),
            executor=executor,
            device=device,
            workers=workers,
            shards=shards,
            ray_address=ray_address,
            replace=replace,
            progress=progress,
            data=self.data,
            max_failures=max_failures,
        )
