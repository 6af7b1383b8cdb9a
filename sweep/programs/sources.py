"""Where an output's value stands: in JSON, CSV, XML or text, printed or in a file of the trial's folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sweep.errors import KernelError, nearest
from sweep.programs.finished import NoResultError
from sweep.programs.values import KINDS, kind_named, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.programs.finished import Finished

__all__ = ["Source", "from_csv", "from_json", "from_text", "from_xml"]

TAKES = ("first", "last", "min", "max", "sum", "count", "any")
_KIND_OF_TAKE = {"count": "int", "any": "bool"}


class Source(Protocol):
    """Reads one value of a trial."""

    @property
    def kind(self) -> str:
        """``"float"``, ``"int"`` or ``"bool"``."""
        ...

    @property
    def file(self) -> str | None:
        """The file that is read; None for what was printed."""
        ...

    def read(self, finished: Finished) -> float:
        """Return the value; raise `NoResultError` if there is none."""
        ...

    def described(self) -> list[Any]:
        """Say in JSON what is read: two sources that say the same read the same."""
        ...


@dataclass(frozen=True)
class Json:
    """A value of a JSON document; make one with `from_json`."""

    key: str
    file: str | None
    kind: str

    def read(self, finished: Finished) -> float:
        """Follow the key's parts down the document."""
        found = finished.json(self.file)
        for part in filter(None, self.key.split(".")):
            try:
                found = found[int(part)] if isinstance(found, list) else found[part]
            except (KeyError, IndexError, TypeError, ValueError):
                raise NoResultError(f"{self.file or 'stdout'} has no {self.key}") from None
        return value_of(self.kind, found, self.key or "the result")

    def described(self) -> list[Any]:
        """Describe it."""
        return ["json", self.key, self.file, self.kind]


@dataclass(frozen=True)
class Csv:
    """A cell of a table; make one with `from_csv`."""

    column: str | int
    file: str | None
    take: str
    delimiter: str
    kind: str

    def read(self, finished: Finished) -> float:
        """Collect the column."""
        import csv
        import io

        place = self.file or "stdout"
        rows = [row for row in csv.reader(io.StringIO(finished.lines(self.file)), delimiter=self.delimiter) if row]
        column = self.column
        if isinstance(column, str):
            head = [each.strip() for each in rows[0]] if rows else []
            if column not in head:
                raise NoResultError(f"{place} has no column {column!r}")
            rows, column = rows[1:], head.index(column)
        if any(not -len(row) <= column < len(row) for row in rows):
            raise NoResultError(f"{place} has a row without column {self.column!r}")
        return taken(self.take, self.kind, [row[column] for row in rows], f"row of {place}", str(self.column))

    def described(self) -> list[Any]:
        """Describe it."""
        return ["csv", self.column, self.file, self.take, self.delimiter, self.kind]


@dataclass(frozen=True)
class Xml:
    """An element's text or attribute; make one with `from_xml`."""

    path: str
    attribute: str | None
    file: str | None
    take: str
    kind: str

    def read(self, finished: Finished) -> float:
        """Find the elements."""
        root, place = finished.xml(self.file), self.file or "stdout"
        elements = [root] if self.path == "." else root.findall(self.path)
        if self.attribute is None:
            items = [each.text or "" for each in elements]
        else:
            items = [each.attrib[self.attribute] for each in elements if self.attribute in each.attrib]
        at = f"@{self.attribute}" if self.attribute else ""
        return taken(self.take, self.kind, items, f"{self.path}{at} in {place}", f"{self.path}{at}")

    def described(self) -> list[Any]:
        """Describe it."""
        return ["xml", self.path, self.attribute, self.file, self.take, self.kind]


@dataclass(frozen=True)
class Text:
    """What a regular expression finds; make one with `from_text`."""

    pattern: str
    file: str | None
    take: str
    kind: str

    def read(self, finished: Finished) -> float:
        """Find all places where it fits."""
        found = re.finditer(self.pattern, finished.lines(self.file), re.MULTILINE)
        items = [each[1] if each.re.groups else each[0] for each in found]
        said = f"match of {self.pattern!r} in {self.file or 'stdout'}"
        return taken(self.take, self.kind, items, said, repr(self.pattern))

    def described(self) -> list[Any]:
        """Describe it."""
        return ["text", self.pattern, self.file, self.take, self.kind]


def taken(take: str, kind: str, items: list[Any], what: str, name: str) -> float:
    """Make one value of those that were found.

    Raises
    ------
    NoResultError
        If there is none, and none is no answer.
    """
    if take == "count":
        return float(len(items))
    if take == "any":
        return float(bool(items))
    if not items and take != "sum":
        raise NoResultError(f"there is no {what}")
    if take in {"first", "last"}:
        return value_of(kind, items[0 if take == "first" else -1], name)
    values = [value_of(kind, each, name) for each in items]
    return float({"min": min, "max": max, "sum": sum}[take](values))


def from_json(key: str = "", *, file: str | None = None, kind: Any = float) -> Json:
    """Read a value of a JSON document.

    Parameters
    ----------
    key
        Names and positions down the document, with dots between them: ``"vehicles.0.speed"``. ``""`` is the document itself.
    file
        In the trial's folder; what was printed when left out: all of it, or else its last line.
    kind
        ``float``, ``int`` or ``bool``.
    """
    return Json(_text("key", key), _file(file), kind_named(kind))


def from_csv(
    column: str | int, *, file: str | None = None, take: str = "last", delimiter: str = ",", kind: Any = None
) -> Csv:
    """Read a column of a table.

    Parameters
    ----------
    column
        A name in the first row, or a position, counted from 0, of a table without such a row.
    file
        In the trial's folder; what was printed when left out.
    take
        ``"last"`` row or ``"first"``, or over all rows ``"min"``, ``"max"``, ``"sum"``, ``"count"``, or ``"any"``: whether there is one.
    delimiter
        Between cells.
    kind
        ``float``, ``int`` or ``bool``; when left out a float, but for a count and for any.
    """
    if isinstance(column, bool) or not isinstance(column, str | int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise KernelError(f"column={column!r} is neither a name nor a position")
    if len(_text("delimiter", delimiter)) != 1:
        raise KernelError(f"delimiter={delimiter!r} is not one character")
    return Csv(column, _file(file), _take(take), delimiter, _kind_of(take, kind))


def from_xml(
    path: str, attribute: str | None = None, *, file: str | None = None, take: str = "first", kind: Any = None
) -> Xml:
    """Read elements of an XML document.

    Parameters
    ----------
    path
        From the root element, as `xml.etree.ElementTree` has it: ``".//collision"``; ``"."`` is the root.
    attribute
        Which one; the element's text when left out.
    file
        In the trial's folder; what was printed when left out.
    take, kind
        As in `from_csv`: ``take="count"`` counts elements.
    """
    from xml.etree import ElementTree as ET

    try:
        list(ET.Element("empty").iterfind(_text("path", path)))
    except (SyntaxError, KeyError, TypeError) as error:
        raise KernelError(f"path={path!r} is no path of elements: {error}") from None
    return Xml(path, attribute, _file(file), _take(take), _kind_of(take, kind))


def from_text(pattern: str, *, file: str | None = None, take: str = "last", kind: Any = None) -> Text:
    """Read what a regular expression finds, its first group if it has one.

    Parameters
    ----------
    pattern
        As `re` has it; ``^`` and ``$`` are the ends of a line.
    file
        In the trial's folder; what was printed when left out.
    take, kind
        As in `from_csv`.
    """
    try:
        re.compile(_text("pattern", pattern))
    except re.error as error:
        raise KernelError(f"pattern={pattern!r} is no regular expression: {error}") from None
    return Text(pattern, _file(file), _take(take), _kind_of(take, kind))


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise KernelError(f"{what}={value!r} is no text")
    return value


def _file(file: Any) -> str | None:
    """Check the name of a file in the trial's folder."""
    parts: Iterable[str] = file.split("/") if isinstance(file, str) else ()
    if file is not None and (not file or not isinstance(file, str) or file.startswith("/") or ".." in parts):
        raise KernelError(
            f"file={file!r} is not the name of a file in the trial's folder, as in file='out/result.json'"
        )
    return file


def _take(take: Any) -> str:
    if take not in TAKES:
        raise KernelError(f"take={take!r}: {nearest(str(take), TAKES)}")
    return take


def _kind_of(take: str, kind: Any) -> str:
    return kind_named(KINDS[_KIND_OF_TAKE.get(take, "float")] if kind is None else kind)
