"""Filter patterns of CloudWatch Logs: words, phrases and regular expressions; not those that take a line apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep.errors import brief
from sweep.serve.operations.expressions import expression
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["matcher"]

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%(.+?)%|([^\s"%]+))')


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a line fits a pattern.

    All terms must be in the line, but for those marked ``-``, which must not be, and those marked ``?``, one of which must be. Letters' case counts.

    >>> fits = matcher('ERROR -test "a b"')
    >>> fits("an ERROR of a b"), fits("ERROR test a b"), fits("error a b")
    (True, False, False)
    """
    if pattern.strip()[:1] in {"{", "["}:
        raise _invalid(pattern, "only words, phrases and regular expressions are known here")
    wanted: list[Callable[[str], bool]] = []
    unwanted: list[Callable[[str], bool]] = []
    some: list[Callable[[str], bool]] = []
    at = 0
    while pattern[at:].strip():
        found = _TERM.match(pattern, at)
        if found is None:
            raise _invalid(pattern, "a quote or a % is not closed")
        {"-": unwanted, "?": some, "": wanted}[found[1]].append(_term(pattern, found))
        at = found.end()
    return lambda line: (
        all(each(line) for each in wanted)
        and not any(each(line) for each in unwanted)
        and (not some or any(each(line) for each in some))
    )


def _term(pattern: str, found: re.Match[str]) -> Callable[[str], bool]:
    if found[3] is not None:
        try:
            return expression(found[3])
        except (ValueError, re.error) as error:
            raise _invalid(pattern, str(error)) from None
    text = found[4] if found[2] is None else re.sub(r"\\(.)", r"\1", found[2])
    return lambda line: text in line


def _invalid(pattern: str, why: str) -> RefusedError:
    return RefusedError(f"Invalid filter pattern {brief(pattern)!r}: {why}", "InvalidParameterException")
