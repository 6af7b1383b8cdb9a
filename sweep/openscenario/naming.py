"""Which parameter an element speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.openscenario.declarations import Declaration
    from sweep.openscenario.markup import Element

__all__ = ["declaration_of"]


def declaration_of(element: Element, attribute: str, declarations: Mapping[str, Declaration]) -> Declaration:
    """Return the declaration of the parameter that an attribute names.

    Raises
    ------
    ScenarioError
        If the scenario declares none of that name, or a kernel could have no parameter of that name.
    """
    name = element.attributes[attribute]
    if name not in declarations:
        known = nearest(name, list(declarations)) if declarations else "it declares none"
        element.refuse(f"speaks of the parameter {name!r}, which the scenario does not declare: {known}")
    if not (name.isidentifier() and name.isascii()):
        element.refuse(f"speaks of the parameter {name!r}, which is not a name: letters, digits and _ make one")
    return declarations[name]
