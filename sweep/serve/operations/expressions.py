"""Regular expressions as CloudWatch Logs has them: without parentheses. To look for one takes time in proportion to a line's length.

Python's own may take time that grows exponentially with it, and nothing else of the process can go on meanwhile. So the places in an expression where
a match may be are kept as the bits of a number (Navarro and Raffinot, Flexible Pattern Matching in Strings, 2002, section 4.2).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["expression"]

MOST_STEPS = 1000
"""Characters that an expression may ask for, each as often as it must be there."""

_PART = re.compile(
    r"(?P<atom>\\x[0-9A-Fa-f]{2}|\\[dDsSwW]|\\[^A-Za-z0-9]|\[\^?(?:\\.|[^\]\\])+\]|[^\\()*+?{}\[\]^$])"
    r"(?:(?P<sign>[*+?])|\{(?P<least>[0-9]{1,4})(?P<comma>,(?P<most>[0-9]{1,4})?)?\})?"
)
_ALTERNATIVE = re.compile(r"(?:\\.|\[\^?(?:\\.|[^\]\\])+\]|[^|\\])*")


class _Step(NamedTuple):
    """One character of an expression, which may be absent or come again."""

    takes: re.Pattern[str]
    optional: bool
    repeats: bool


def expression(text: str) -> Callable[[str], bool]:
    r"""Return what tells whether an expression is found in a line.

    >>> [expression(r"^[Ee]rror \d{2,}|b+$")(each) for each in ("Error 123", "an error 12", "error 1", "abb")]
    [True, False, False, True]

    Raises
    ------
    ValueError
        If there is no such expression.
    """
    sequences = [_Sequence(each) for each in _alternatives(text)]
    return lambda line: any(each.is_in(line) for each in sequences)


def _alternatives(text: str) -> Iterator[str]:
    at = 0
    while True:
        found = _ALTERNATIVE.match(text, at)
        assert found is not None
        yield found[0]
        if found.end() == len(text):
            return
        if text[found.end()] != "|":
            raise ValueError(f"{text[found.end() :][:20]!r} is not understood")
        at = found.end() + 1


class _Sequence:
    """What stands between two bars: bit `n` of a number stands for having met the first `n` steps."""

    def __init__(self, text: str) -> None:
        self._from_start = text.startswith("^")
        self._to_end = text.endswith("$") and not text.endswith("\\$")
        steps = list(_steps(text[self._from_start : len(text) - self._to_end]))
        if len(steps) > MOST_STEPS:
            raise ValueError(f"more than {MOST_STEPS} characters are asked for")
        self._steps = steps
        self._optional = sum(1 << place for place, each in enumerate(steps) if each.optional)
        self._repeats = sum(1 << place for place, each in enumerate(steps) if each.repeats)
        self._taking: dict[str, int] = {}
        self._start = self._closed(1)
        self._end = 1 << len(steps)

    def is_in(self, line: str) -> bool:
        """Whether a line has it."""
        places, again = self._start, 0 if self._from_start else self._start
        for each in line:
            if places & self._end and not self._to_end:
                return True
            met = places & self._taken_by(each)
            places = self._closed(met << 1 | met & self._repeats) | again
            if not places:
                return False
        return bool(places & self._end)

    def _closed(self, places: int) -> int:
        """Add the places that are reached by leaving out what is optional."""
        while (more := places | (places & self._optional) << 1) != places:
            places = more
        return places

    def _taken_by(self, character: str) -> int:
        """Return the steps that a character is right for."""
        if character not in self._taking:
            fits = (place for place, each in enumerate(self._steps) if each.takes.fullmatch(character))
            self._taking[character] = sum(1 << place for place in fits)
        return self._taking[character]


def _steps(text: str) -> Iterator[_Step]:
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            raise ValueError(f"{text[at : at + 20]!r} is not understood")
        yield from _repeated(re.compile(found["atom"]), *_times(found))
        at = found.end()


def _times(found: re.Match[str]) -> tuple[int, int | None]:
    """Return how often a character comes at least and at most; None for any number."""
    if found["sign"]:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[found["sign"]]
    if not found["least"]:
        return 1, 1
    least = int(found["least"])
    if not found["comma"]:
        return least, least
    return least, int(found["most"]) if found["most"] else None


def _repeated(takes: re.Pattern[str], least: int, most: int | None) -> Iterator[_Step]:
    for _ in range(least - (most is None)):
        yield _Step(takes, optional=False, repeats=False)
    if most is None:
        yield _Step(takes, optional=least == 0, repeats=True)
    else:
        for _ in range(most - least):
            yield _Step(takes, optional=True, repeats=False)
