"""An axis of files or objects, one value each, pinned by size and content as they were when they were listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Objects", "Pin"]


@dataclass(frozen=True)
class Pin:
    """One object.

    Attributes
    ----------
    name
        Relative to the collection.
    size
        Bytes.
    tag
        What tells another content: a file's ``sha256:...``, or an object's ``etag:...``.
    """

    name: str
    size: int
    tag: str


class Objects:
    """An axis whose values are names of objects; make one with `objects`.

    Attributes
    ----------
    url
        The folder, or ``s3://bucket/prefix``, that names count from.
    pins
        The objects, by name.
    """

    kind = "str"

    def __init__(self, url: str, pins: tuple[Pin, ...]) -> None:
        self.url, self.pins = url, pins
        self.categories = tuple(each.name for each in pins)
        self.size = len(pins)
        if len(set(self.categories)) != self.size:
            raise SpaceError(f"collection {url!r} has a name twice")

    def at(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values at some positions, by category."""
        return np.asarray(positions, dtype=np.int64)

    def value(self, position: int) -> str:
        """Return one value."""
        return self.categories[position]

    def pin(self, name: str) -> Pin:
        """Return the object of a name."""
        return self.pins[self.categories.index(name)]

    def spec(self) -> dict[str, Any]:
        """Describe the axis: which objects there were, and what was in them."""
        return {"objects": {"url": self.url, "pins": [[each.name, each.size, each.tag] for each in self.pins]}}

    @classmethod
    def from_spec(cls, spec: Any) -> Objects:
        """Read what `spec` wrote."""
        pins = tuple(Pin(str(name), int(size), str(tag)) for name, size, tag in spec["pins"])
        return cls(str(spec["url"]), pins)

    def difference(self, old: Objects) -> str | None:
        """Say which object of an older listing is another one in this; None if none is."""
        if self.url != old.url:
            return f"the collection was {old.url!r}, is {self.url!r} now"
        now = {each.name: each for each in self.pins}
        changed = [each.name for each in old.pins if now.get(each.name, each) != each]
        return f"{changed[0]!r} of {self.url!r} has changed since it was listed" if changed else None
