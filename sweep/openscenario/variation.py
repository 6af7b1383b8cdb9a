"""A parameter value distribution file: what it varies, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.openscenario.deterministic import DistributionRange, DistributionSet, ValueSetDistribution
from sweep.openscenario.header import header, version
from sweep.openscenario.naming import declaration_of
from sweep.openscenario.parts import Context, Node
from sweep.openscenario.stochastic import STOCHASTIC, Stochastic, stochastic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.openscenario.declarations import Declaration
    from sweep.openscenario.markup import Element, Markup

__all__ = ["Variation", "scenario_file", "varied"]

SINGLE = {"DistributionSet": DistributionSet, "DistributionRange": DistributionRange}
USER_DEFINED = "UserDefinedDistribution"
HEADER = ("author", "date", "description", "revMajor", "revMinor")


@dataclass(frozen=True)
class Variation:
    """What a distribution file says.

    Attributes
    ----------
    header
        The attributes of its ``<FileHeader>``.
    scenario
        The scenario file, as it is named.
    deterministic, stochastic
        Its distributions, in the order of the file; it has one kind or the other.
    runs
        ``numberOfTestRuns`` of stochastic ones.
    seed
        ``randomSeed``, if one is given.
    """

    header: Mapping[str, str]
    scenario: str
    deterministic: tuple[DistributionSet | DistributionRange | ValueSetDistribution, ...] = ()
    stochastic: tuple[Stochastic, ...] = ()
    runs: int | None = None
    seed: float | None = None

    def to_xml(self) -> str:
        """Write it as a file; what is read of it is equal to what this was read of.

        A weight, a limit or a value that was an expression is written as its value.
        """
        from xml.sax.saxutils import quoteattr  # which imports urllib, and with it an HTTP client

        if self.stochastic:
            named = [("numberOfTestRuns", self.runs), *([("randomSeed", self.seed)] if self.seed is not None else [])]
            definition = Node("Stochastic", named, [each.node() for each in self.stochastic])
        else:
            definition = Node("Deterministic", (), [each.node() for each in self.deterministic])
        body = Node("ParameterValueDistribution", (), [Node("ScenarioFile", [("filepath", self.scenario)]), definition])
        head = "".join(f" {key}={quoteattr(value)}" for key, value in self.header.items())
        lines = [
            '<?xml version="1.0" encoding="utf-8"?>',
            "<OpenSCENARIO>",
            f"  <FileHeader{head}/>",
            *body.lines(1),
            "</OpenSCENARIO>",
        ]
        return "\n".join(lines) + "\n"


def scenario_file(markup: Markup) -> Element | None:
    """Return a distribution file's ``<ScenarioFile>``; None for a file of another kind.

    Raises
    ------
    ScenarioError
        If it is a distribution file of a version that has none, or names no scenario.
    """
    head = header(markup)
    found = [each for each in markup.root.children if each.tag == "ParameterValueDistribution"]
    if not found:
        return None
    version(head, oldest=1)
    markup.root.some("FileHeader", "ParameterValueDistribution")
    if len(found) > 1:
        found[1].refuse("is there twice")
    body = found[0]
    body.only()
    files = [each for each in body.some("ScenarioFile", "Deterministic", "Stochastic") if each.tag == "ScenarioFile"]
    if len(files) != 1:
        body.refuse(f"has {len(files)} elements <ScenarioFile>: one was expected")
    files[0].only("filepath")
    return files[0]


def varied(markup: Markup, declarations: Mapping[str, Declaration], *, relative_weights: bool) -> Variation:
    """Read a distribution file.

    Parameters
    ----------
    markup
        The file.
    declarations
        What the scenario that it refers to declares.
    relative_weights
        Whether weights need not add up to 1.

    Raises
    ------
    ScenarioError
        If it is malformed or has what is not supported; names the element and its line.
    """
    file, head = scenario_file(markup), header(markup)
    assert file is not None  # noqa: S101 - asked for before
    body = next(each for each in markup.root.children if each.tag == "ParameterValueDistribution")
    definitions = [each for each in body.children if each.tag != "ScenarioFile"]
    if len(definitions) != 1:
        body.refuse(f"has {len(definitions)} elements <Deterministic> or <Stochastic>: one was expected")
    (definition,) = definitions
    constants = {name: each.value for name, each in declarations.items() if each.value is not None}
    for name in _varied_names(definition):
        constants.pop(name, None)
    context = Context(declarations, constants, relative_weights)
    named = {key: head.attributes[key] for key in HEADER if key in head.attributes}
    if definition.tag == "Deterministic":
        definition.only()
        found = tuple(_deterministic(each, context) for each in definition.some(*DETERMINISTIC))
        _check_once(definition, [each.names for each in found])
        return Variation(named, file.attributes["filepath"], deterministic=found)
    definition.only("numberOfTestRuns", optional=["randomSeed"])
    runs = context.whole(definition, "numberOfTestRuns", "unsignedInt")
    if not runs:
        definition.refuse("has a numberOfTestRuns of 0: 1 or more was expected")
    seed = context.double(definition, "randomSeed") if "randomSeed" in definition.attributes else None
    drawn = tuple(_stochastic(each, context) for each in definition.some("StochasticDistribution"))
    if not drawn:
        definition.refuse("has no <StochasticDistribution>")
    _check_once(definition, [(each.name,) for each in drawn])
    return Variation(named, file.attributes["filepath"], stochastic=drawn, runs=runs, seed=seed)


DETERMINISTIC = ("DeterministicSingleParameterDistribution", "DeterministicMultiParameterDistribution")


def _varied_names(element: Element) -> set[str]:
    """Return the parameters that are varied: an expression cannot refer to those."""
    own = {element.attributes[key] for key in ("parameterName", "parameterRef") if key in element.attributes}
    return own.union(*map(_varied_names, element.children))


def _deterministic(element: Element, context: Context) -> DistributionSet | DistributionRange | ValueSetDistribution:
    if element.tag == "DeterministicMultiParameterDistribution":
        element.only()
        return ValueSetDistribution.read(element.one("ValueSetDistribution"), context)
    inner = _inner(element, *SINGLE)
    return SINGLE[inner.tag].read(inner, declaration_of(element, "parameterName", context.declarations), context)


def _stochastic(element: Element, context: Context) -> Stochastic:
    inner = _inner(element, *STOCHASTIC)
    return stochastic(inner, declaration_of(element, "parameterName", context.declarations), context)


def _inner(element: Element, *tags: str) -> Element:
    """Return the one construct that an element holds; refuse a user's own, which nobody else can understand."""
    element.only("parameterName")
    inner = element.one(*tags, USER_DEFINED)
    if inner.tag == USER_DEFINED:
        inner.refuse(f"of type {inner.attributes.get('type')!r} is not supported: its meaning is its author's own")
    return inner


def _check_once(definition: Element, names: list[tuple[str, ...]]) -> None:
    """See that no parameter is varied twice."""
    seen: set[str] = set()
    for element, several in zip(definition.children, names, strict=True):
        for name in several:
            if name in seen:
                element.refuse(f"varies {name!r}, which an element before it varies too")
            seen.add(name)
