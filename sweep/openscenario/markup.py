"""XML as a tree whose elements know their lines, and where their attributes stand in the text.

A document type declaration is refused, and with it every entity of a file's own: what such a file expands to has no bound.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from xml.parsers import expat

from sweep.errors import ScenarioError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Element", "Markup", "parsed"]

LARGEST = 1 << 26
"""Bytes of a file; a scenario has some thousand."""
DEEPEST = 100
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
ATTRIBUTE = re.compile(r"""\s+([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass
class Element:
    """An element of a file.

    Attributes
    ----------
    tag, attributes
        Without namespaces; attributes of a namespace are left out.
    line
        Where it starts, counted from 1.
    offset
        Where it starts, in characters of the text.
    file
        The file's name, for errors.
    text
        What stands between its tags, but for its children's.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    offset: int
    file: str
    children: list[Element] = field(default_factory=list["Element"])
    text: str = ""

    def refuse(self, why: str) -> NoReturn:
        """Raise an error that names the element and its line.

        Raises
        ------
        ScenarioError
        """
        raise ScenarioError(f"{self.file}:{self.line}: <{self.tag}> {why}")

    def one(self, *tags: str) -> Element:
        """Return the only child, which has one of some names.

        Raises
        ------
        ScenarioError
            If there is another child, none, or more than one.
        """
        found = self.some(*tags)
        if len(found) != 1:
            named = " or ".join(f"<{each}>" for each in tags)
            self.refuse(f"has {len(found)} elements where one {named} was expected")
        return found[0]

    def some(self, *tags: str) -> list[Element]:
        """Return the children, which all have one of some names.

        Raises
        ------
        ScenarioError
            If one has another name.
        """
        for each in self.children:
            if each.tag not in tags:
                each.refuse(f"is not expected in <{self.tag}>: {nearest(each.tag, tags)}")
        return self.children

    def only(self, *required: str, optional: Iterable[str] = ()) -> None:
        """See that the element has these attributes and no others.

        Raises
        ------
        ScenarioError
            If one is lacking or unknown.
        """
        known = (*required, *optional)
        for each in self.attributes:
            if each not in known:
                self.refuse(
                    f"has an unknown attribute {each!r}: {nearest(each, known) if known else 'none is expected'}"
                )
        for each in required:
            if each not in self.attributes:
                self.refuse(f"has no attribute {each!r}")


@dataclass(frozen=True)
class Markup:
    """A file's text and what it means.

    Attributes
    ----------
    name
        The file's, for errors.
    text
        Its characters, without a byte order mark.
    mark, encoding
        The byte order mark, if there is one, and how the rest is encoded.
    root
        Its outermost element.
    """

    name: str
    text: str
    mark: bytes
    encoding: str
    root: Element

    def value_span(self, element: Element, attribute: str) -> tuple[int, int]:
        """Return where the value of an attribute stands between its quotes: first and last character but one."""
        end = element.offset + 1 + len(re.match(r"[^\s/>]+", self.text[element.offset + 1 :])[0])  # type: ignore[index]
        while found := ATTRIBUTE.match(self.text, end):
            if found[1] == attribute:
                return found.span(2) if found[2] is not None else found.span(3)
            end = found.end()
        raise AssertionError(f"{self.name}:{element.line}: there is no attribute {attribute!r}")

    def encoded(self, text: str) -> bytes:
        """Encode an edited text as the file was; what the encoding lacks as character references."""
        return self.mark + text.encode(self.encoding, "xmlcharrefreplace")


def parsed(data: bytes, name: str) -> Markup:
    """Read XML.

    Parameters
    ----------
    data
        The file's bytes, at most 64 MiB; UTF-8, UTF-16 with a byte order mark, or what its XML declaration says.
    name
        The file's name, for errors.

    Raises
    ------
    ScenarioError
        If it is too large, no XML, has a document type declaration, or is nested too deeply; names the line.
    """
    if len(data) > LARGEST:
        raise ScenarioError(f"{name} has {len(data):,} bytes: at most {LARGEST:,} are read")
    mark, encoding = _encoding(data)
    try:
        text = data[len(mark) :].decode(encoding)
    except (LookupError, ValueError) as error:
        raise ScenarioError(f"{name}: it cannot be read as {encoding}: {error}") from None
    utf8 = text.encode("utf-8", "surrogatepass")
    return Markup(name, text, mark, encoding, _Building(name, utf8).root())


def _encoding(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark, and the encoding that it or the XML declaration says."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return mark, encoding
    found = DECLARED.match(data[:1024])
    return b"", found[1].decode() if found else "utf-8"


class _Building:
    """A tree in the making."""

    def __init__(self, name: str, utf8: bytes) -> None:
        self._name, self._utf8 = name, utf8
        self._open: list[Element] = []
        self._root: Element | None = None
        self._counted, self._characters = 0, 0
        self._parser: Any = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def root(self) -> Element:
        try:
            self._parser.Parse(self._utf8, True)  # noqa: FBT003 - expat takes it by position only
        except expat.ExpatError as error:
            raise ScenarioError(f"{self._name}:{error.lineno}: {expat.ErrorString(error.code)}") from None
        assert self._root is not None  # noqa: S101 - expat refuses a file without an element
        return self._root

    def _offset(self) -> int:
        """Return where the parser is, in characters: each byte is counted once."""
        at = self._parser.CurrentByteIndex
        self._characters += len(self._utf8[self._counted : at].decode("utf-8", "surrogatepass"))
        self._counted = at
        return self._characters

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        plain = {key: value for key, value in attributes.items() if " " not in key}
        made = Element(tag.rpartition(" ")[2], plain, self._parser.CurrentLineNumber, self._offset(), self._name)
        if len(self._open) >= DEEPEST:
            made.refuse(f"is nested more than {DEEPEST} deep")
        if self._open:
            self._open[-1].children.append(made)
        else:
            self._root = made
        self._open.append(made)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, name: str, *_: Any) -> None:
        raise ScenarioError(
            f"{self._name}:{self._parser.CurrentLineNumber}: <!DOCTYPE {name}> is refused: a scenario has no document type, and no entities"
        )
