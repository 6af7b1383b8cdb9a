"""A scenario with all that varies in it: as a space of points, and as draws of their trials."""

from __future__ import annotations

import functools
import json
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import ScenarioError, UsageError, nearest
from sweep.openscenario.parts import Node
from sweep.space.algebra import product
from sweep.space.grid import Grid
from sweep_kernels.distributions import drawing
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.openscenario.template import Template
    from sweep.openscenario.variation import Variation
    from sweep.space import Space
    from sweep_kernels.distributions import Distribution

__all__ = ["Scenario", "seed_of"]

MOST_WHOLE = 2.0**53


@dataclass(frozen=True, eq=False)
class Scenario:
    """What stands where a space stands: ``Sweep(kernel, scenario)``.

    ``scenario * grid(latency=[0.1, 0.2])`` adds axes.

    Attributes
    ----------
    template
        The scenario file.
    variation
        What the distribution file says; None for a scenario file alone, of which nothing varies.
    space
        The deterministic parameters: a point of no parameters where there are none.
    draws
        The distributions of the stochastic parameters, in the order of the file: each trial draws them.
    trials
        ``numberOfTestRuns``; None where nothing is stochastic.
    seed
        `seed_of` the ``randomSeed``.
    """

    template: Template
    variation: Variation | None
    space: Space
    draws: Mapping[str, Distribution] = field(default_factory=dict[str, "Distribution"])
    trials: int | None = None
    seed: int = 0

    @classmethod
    def of(cls, template: Template, variation: Variation | None) -> Scenario:
        """Make one of what the files say."""
        if variation is None:
            return cls(template, None, Grid({}))
        parts = [each.space() for each in variation.deterministic]
        draws = {each.name: each.distribution for each in variation.stochastic}
        return cls(
            template, variation, product(*parts) if parts else Grid({}), draws, variation.runs, seed_of(variation.seed)
        )

    @functools.cached_property
    def _draw(self) -> Callable[[Rng], tuple[Any, ...]]:
        return drawing(tuple(self.draws.values()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Scenario, (self.template, self.variation, self.space, dict(self.draws), self.trials, self.seed))

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters that vary: those of the space, then those that are drawn."""
        return (*self.space.names, *self.draws)

    def __mul__(self, other: Space) -> Scenario:
        return replace(self, space=product(self.space, other) if self.space.names else other)

    def drawn_from(self, **distributions: Distribution) -> Scenario:
        """Return the scenario with other distributions of some of its stochastic parameters.

        A result under these is weighted back by ``exp(scenario.log_density(values) - other.log_density(values))``; ``Sweep(kernel, scenario,
        proposals=distributions)`` does it by itself.

        Parameters
        ----------
        **distributions
            Of `sweep_kernels.distributions`, by parameter.

        Raises
        ------
        ScenarioError
            If a parameter is none of the stochastic ones, or the values would be of another type.
        """
        for name, each in distributions.items():
            old = self._drawn(name)
            if (each.kind, each.categories) != (old.kind, old.categories):
                raise ScenarioError(f"the parameter {name!r} is drawn as {old.kind}, and {each!r} gives {each.kind}")
        return replace(self, draws={**self.draws, **distributions})

    def _drawn(self, name: str) -> Distribution:
        if name not in self.draws:
            known = nearest(name, list(self.draws)) if self.draws else "nothing is drawn"
            raise ScenarioError(f"the parameter {name!r} is not one that is drawn: {known}")
        return self.draws[name]

    def log_density(self, values: Mapping[str, Any]) -> Any:
        """Return the logarithm of the joint density of the stochastic parameters; of countable ones, of their probability.

        Parameters
        ----------
        values
            A number for each of them, or an array, all of one length: kept trials have them under their names. Text as itself or as the position of
            its category, as kept trials have it. Other names are passed over.

        Returns
        -------
        float or ndarray of float64
            ``-inf`` where a value cannot be drawn.

        Raises
        ------
        ScenarioError
            If a parameter is lacking, or text is none of its categories.
        """
        total: Any = 0.0
        for name, each in self.draws.items():
            if name not in values:
                raise ScenarioError(f"there is no value of {name!r}, which is drawn")
            total = total + _log_density(name, each, values[name])
        return total

    def values(
        self, point: int, trial: int = 0, *, seed: int | None = None, common_random_numbers: bool = False
    ) -> dict[str, Any]:
        """Return the parameters of one trial, as a sweep of this scenario draws them.

        Parameters
        ----------
        point
            Of the space, ``0 <= point < space.size``.
        trial
            Counted from 0.
        seed, common_random_numbers
            The sweep's, where they are not the scenario's.

        Returns
        -------
        dict
            By name: those of the point, then those that the trial draws.

        Raises
        ------
        UsageError
            If there is no such point.
        """
        if not 0 <= point < self.space.size:
            raise UsageError(
                f"point {point} is not one of the scenario's {self.space.size:,}: 0 to {self.space.size - 1}"
            )
        rng = Rng(self.seed if seed is None else seed, 0 if common_random_numbers else point, trial)
        drawn = zip(self.draws.items(), self._draw(rng), strict=True)
        return self.space.point(point) | {name: distribution.decoded(value) for (name, distribution), value in drawn}

    def concrete(self, values: Mapping[str, Any]) -> bytes:
        """Return the scenario file with these values of its parameters; all else stays as it is, byte by byte.

        Raises
        ------
        ScenarioError
            If the scenario declares no parameter of a name, or a value does not fit it.
        """
        return self.template.concrete(self._declared(values))

    def assignments(self, values: Mapping[str, Any]) -> str:
        """Return the values as the element ``<ParameterAssignments>`` of a reference to a catalog.

        Raises
        ------
        ScenarioError
            See `concrete`.
        """
        fitting = self.template.fitting(self._declared(values))
        inner = [
            Node("ParameterAssignment", [("parameterRef", name), ("value", each)]) for name, each in fitting.items()
        ]
        return "\n".join(Node("ParameterAssignments", (), inner).lines()) + "\n"

    def as_json(self, values: Mapping[str, Any]) -> str:
        """Return the values as one object of JSON.

        Raises
        ------
        ScenarioError
            See `concrete`.
        """
        return json.dumps(self.template.fitting(self._declared(values)), indent=1) + "\n"

    def _declared(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out axes that were added to the scenario's own, and decode text."""
        added = {each for each in self.space.names if each not in self.template.declarations}
        return {
            name: self.draws[name].decoded(each)
            if name in self.draws and self.draws[name].categories and not isinstance(each, str)
            else each
            for name, each in values.items()
            if name not in added
        }

    def told(self, name: str) -> str:
        """Say in a few words how the files vary a parameter; nothing of one that they do not."""
        if self.variation is None:
            return ""
        drawn = [each.told() for each in self.variation.stochastic if each.name == name]
        stepped = [each.told() for each in self.variation.deterministic if name in each.names]
        return "".join([*drawn, *stepped])

    def __repr__(self) -> str:
        drawn = f", {len(self.draws)} drawn" if self.draws else ""
        return f"<Scenario {self.template.markup.name}: {self.space.size:,} points of {len(self.space.names)} parameters{drawn}>"


def _log_density(name: str, distribution: Distribution, value: Any) -> Any:
    density = distribution.log_density
    try:
        if isinstance(value, str) or np.ndim(value) == 0:
            return density(distribution.encoded(value))
        return np.fromiter((density(distribution.encoded(each)) for each in np.asarray(value).tolist()), np.float64)
    except UsageError as error:
        raise ScenarioError(f"the parameter {name!r} has the value {error}") from None


def seed_of(given: float | None) -> int:
    """Return a sweep's seed of a ``randomSeed``, which is a double.

    A whole number from 0 to 2**53 is itself; of any other the 64 bits of the double are taken. None is 0.

    >>> seed_of(7.0), hex(seed_of(0.5)), seed_of(None)
    (7, '0x3fe0000000000000', 0)
    """
    if given is None:
        return 0
    if given.is_integer() and 0.0 <= given <= MOST_WHOLE:
        return int(given)
    return struct.unpack("<Q", struct.pack("<d", given))[0]
