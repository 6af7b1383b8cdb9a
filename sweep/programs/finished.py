"""A program that has ended, as its results are read."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

__all__ = ["Finished", "NoResultError"]


class NoResultError(Exception):
    """A trial gave no result; says why."""


class Finished:
    """What a program has left.

    Attributes
    ----------
    stdout
        What it printed, as bytes.
    code
        Its exit code; of one that a signal ended, minus the signal's number.
    parameters
        What it was given, by name.
    """

    def __init__(self, folder: str, stdout: bytes, code: int, parameters: dict[str, Any], most: int) -> None:
        self._folder = folder
        self.stdout = stdout
        self.code = code
        self.parameters = parameters
        self._most = most
        self._read: dict[tuple[str, str | None], Any] = {}

    @property
    def folder(self) -> Path:
        """Its scratch folder, which is removed once the results are read."""
        return Path(self._folder)

    @functools.cached_property
    def text(self) -> str:
        """What it printed, as text."""
        return self.stdout.decode(errors="replace")

    def data(self, file: str | None) -> bytes:
        """Return the contents of a file of the folder, or what was printed.

        Raises
        ------
        NoResultError
            If there is no such file, or it is too large.
        """
        if file is None:
            return self.stdout
        path = self.folder / file
        try:
            if path.stat().st_size > self._most:
                raise NoResultError(f"{file} is larger than max_output, {self._most:,} bytes")
            return path.read_bytes()
        except OSError as error:
            what = "wrote no" if isinstance(error, FileNotFoundError) else "wrote an unreadable"
            raise NoResultError(f"{what} {file}") from None

    def json(self, file: str | None) -> Any:
        """Return the JSON of a file, or that was printed: all of it, or its last line."""
        return self._once("json", file, _json)

    def xml(self, file: str | None) -> ET.Element:
        """Return the root of an XML file."""
        return self._once("xml", file, _xml)

    def lines(self, file: str | None) -> str:
        """Return text."""
        return self._once("text", file, lambda data, _: data.decode(errors="replace"))

    def _once(self, kind: str, file: str | None, read: Any) -> Any:
        if (kind, file) not in self._read:
            self._read[kind, file] = read(self.data(file), file or "stdout")
        return self._read[kind, file]


def _json(data: bytes, place: str) -> Any:
    if not data.strip():
        raise NoResultError("printed nothing" if place == "stdout" else f"wrote an empty {place}")
    for text in (data, data.strip().rpartition(b"\n")[2]):
        try:
            return json.loads(text)
        except ValueError:
            continue
    raise NoResultError(f"{place} is no JSON, nor is its last line")


def _xml(data: bytes, place: str) -> ET.Element:
    from xml.etree import ElementTree as ET

    if b"<!ENTITY" in data[:65536]:
        raise NoResultError(f"{place} declares entities, which are not read")
    try:
        return ET.fromstring(data)  # noqa: S314 - entities are refused above; the file is of a program that was run anyway
    except ET.ParseError as error:
        raise NoResultError(f"{place} is no XML: {error}") from None
