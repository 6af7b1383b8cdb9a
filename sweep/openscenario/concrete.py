"""The scenario file of each trial of a sweep, for a program that is given its path."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.openscenario.scenario import Scenario
    from sweep.openscenario.template import Template

__all__ = ["ConcreteScenarios"]


@dataclass(frozen=True, eq=False)
class ConcreteScenarios:
    """Makes scenario files that can be read from any folder.

    Attributes
    ----------
    template
        The scenario file that they are made of.
    folder
        Where it lies: relative paths of road networks and catalogs in it count from there.
    names
        Those of its parameters that vary.
    """

    template: Template
    folder: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """Make them of a scenario, as a sweep varies it."""
        template = scenario.template
        names = tuple(each for each in scenario.names if each in template.declarations)
        return cls(template, str(Path(template.markup.name).absolute().parent), names)

    @property
    def digest(self) -> str:
        """The hash of the scenario file, which is part of what a trial is; where it lies is not."""
        return hashlib.sha256(self.template.markup.text.encode("utf-8", "surrogatepass")).hexdigest()

    def concrete(self, values: Mapping[str, Any]) -> bytes:
        """Return the file with these values of its parameters; others are passed over.

        Raises
        ------
        ScenarioError
            If a value does not fit a parameter's type or constraints.
        """
        return self.template.concrete({name: values[name] for name in self.names}, self.folder)
