"""The scenario that a distribution varies: its text, its parameters, and concrete ones made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import ScenarioError, nearest
from sweep.openscenario.datatypes import LiteralError, written
from sweep.openscenario.declarations import declared
from sweep.openscenario.header import header, version
from sweep.openscenario.markup import Markup, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.openscenario.declarations import Declaration

__all__ = ["Template"]

ESCAPED = {'"': "&quot;", "'": "&apos;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


@dataclass(frozen=True)
class Template:
    """A scenario file.

    Attributes
    ----------
    markup
        Its text.
    declarations
        The parameters that it declares for the whole of it, by name.
    """

    markup: Markup
    declarations: Mapping[str, Declaration]

    @classmethod
    def parsed(cls, data: bytes, name: str) -> Template:
        """Read a scenario file.

        Parameters
        ----------
        data
            The file's bytes.
        name
            Its name, for errors.

        Raises
        ------
        ScenarioError
            If it is malformed, or no scenario; names the element and its line.
        """
        return cls.of(parsed(data, name))

    @classmethod
    def of(cls, markup: Markup) -> Template:
        """Make one of a file that was parsed."""
        version(header(markup), oldest=0)
        tags = {each.tag for each in markup.root.children}
        if "ParameterValueDistribution" in tags:
            markup.root.refuse("has a <ParameterValueDistribution> where a scenario was expected")
        if "Catalog" in tags:
            markup.root.refuse("has a <Catalog>, and a scenario was expected")
        return cls(markup, declared(markup.root))

    def fitting(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as their parameters' types have them.

        Raises
        ------
        ScenarioError
            If there is no parameter of a name, or its type or its constraints exclude the value.
        """
        found: dict[str, Any] = {}
        for name, value in values.items():
            declaration = self.declarations.get(name)
            if declaration is None:
                known = nearest(name, list(self.declarations)) if self.declarations else "it declares none"
                raise ScenarioError(f"{self.markup.name} declares no parameter {name!r}: {known}")
            try:
                found[name] = declaration.fitting(value)
            except LiteralError as error:
                raise ScenarioError(f"the parameter {name!r} of {self.markup.name} {error}") from None
            if not declaration.allows(found[name]):
                raise ScenarioError(
                    f"the parameter {name!r} of {self.markup.name} is {value!r}, which its constraints exclude: {declaration.rules}"
                )
        return found

    def concrete(self, values: Mapping[str, Any]) -> bytes:
        """Return the scenario with other values of some parameters; all else stays as it is, byte by byte.

        Raises
        ------
        ScenarioError
            See `fitting`.
        """
        from xml.sax.saxutils import escape  # which imports urllib, and with it an HTTP client

        new = self.fitting(values)
        edits: list[tuple[int, int, str]] = []
        for parent in (each for each in self.markup.root.children if each.tag == "ParameterDeclarations"):
            for element in parent.children:
                name = element.attributes["name"]
                if name in new:
                    first, last = self.markup.value_span(element, "value")
                    edits.append((first, last, escape(written(new[name]), ESCAPED)))
        text = self.markup.text
        for first, last, inserted in reversed(edits):
            text = text[:first] + inserted + text[last:]
        return self.markup.encoded(text)
