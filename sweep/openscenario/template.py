"""The scenario that a distribution varies: its text, its parameters, and concrete ones made of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import ScenarioError, nearest
from sweep.openscenario.datatypes import LiteralError, written
from sweep.openscenario.declarations import declared
from sweep.openscenario.header import header, version
from sweep.openscenario.markup import Markup, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep.openscenario.declarations import Declaration
    from sweep.openscenario.markup import Element

__all__ = ["Template"]

PATHS = {"LogicFile": "filepath", "SceneGraphFile": "filepath", "Directory": "path"}
"""Attributes that are paths of files, by element: of a road network, and of catalogs."""
NOT_RELATIVE = re.compile(r"[/\\$]|[A-Za-z][A-Za-z0-9+.-]*:")
"""How an absolute path begins, a parameter, or an address."""
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

    def concrete(self, values: Mapping[str, Any], folder: str | None = None) -> bytes:
        """Return the scenario with other values of some parameters; all else stays as it is, byte by byte.

        Parameters
        ----------
        values
            By parameter.
        folder
            From which relative paths of road networks, scene graphs and catalogs count: they become absolute ones. They stay as they are when left
            out.

        Raises
        ------
        ScenarioError
            See `fitting`.
        """
        new = self.fitting(values)
        edits = [] if folder is None else list(self._anchored(folder))
        for parent in (each for each in self.markup.root.children if each.tag == "ParameterDeclarations"):
            for element in parent.children:
                name = element.attributes["name"]
                if name in new:
                    first, last = self.markup.value_span(element, "value")
                    edits.append((first, last, _escaped(written(new[name]))))
        text = self.markup.text
        for first, last, inserted in sorted(edits, reverse=True):
            text = text[:first] + inserted + text[last:]
        return self.markup.encoded(text)

    def _anchored(self, folder: str) -> Iterator[tuple[int, int, str]]:
        """Yield where relative paths stand, and what they are from anywhere."""
        for element in _under(self.markup.root):
            attribute = PATHS.get(element.tag, "")
            path = element.attributes.get(attribute, "")
            if path and not NOT_RELATIVE.match(path):
                whole = os.path.normpath(Path(folder, path))
                yield (*self.markup.value_span(element, attribute), _escaped(whole))


def _under(element: Element) -> Iterator[Element]:
    yield element
    for each in element.children:
        yield from _under(each)


def _escaped(text: str) -> str:
    from xml.sax.saxutils import escape  # which imports urllib, and with it an HTTP client

    return escape(text, ESCAPED)
