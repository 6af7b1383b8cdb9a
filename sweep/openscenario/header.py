"""The outermost element of a file and its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.openscenario.datatypes import INTEGER

if TYPE_CHECKING:
    from sweep.openscenario.markup import Element, Markup

__all__ = ["NEWEST", "header", "version"]

NEWEST = 3


def header(markup: Markup) -> Element:
    """Return a file's ``<FileHeader>``.

    Raises
    ------
    ScenarioError
        If the file is no OpenSCENARIO file, or has no header.
    """
    if markup.root.tag != "OpenSCENARIO":
        markup.root.refuse("is the outermost element: <OpenSCENARIO> was expected")
    found = [each for each in markup.root.children if each.tag == "FileHeader"]
    if len(found) != 1:
        markup.root.refuse(f"has {len(found)} elements <FileHeader>: one was expected")
    return found[0]


def version(element: Element, *, oldest: int) -> tuple[int, int]:
    """Return a file's version.

    Parameters
    ----------
    element
        ``<FileHeader>``.
    oldest
        The lowest minor number of version 1 that is read.

    Raises
    ------
    ScenarioError
        If it has none, or is another version than 1.`oldest` to 1.3.
    """
    numbers: list[int] = []
    for key in ("revMajor", "revMinor"):
        text = element.attributes.get(key, "").strip()
        if not INTEGER.fullmatch(text):
            element.refuse(f"says {key}={text!r}: a whole number was expected")
        numbers.append(int(text))
    major, minor = numbers
    if major == 1 and minor < oldest:
        element.refuse(
            f"says version {major}.{minor}, which has no parameter value distributions: they came with version 1.1"
        )
    if major != 1 or minor > NEWEST:
        element.refuse(f"says version {major}.{minor}: versions 1.{oldest} to 1.{NEWEST} are read")
    return major, minor
