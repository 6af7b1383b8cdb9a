"""Parts of a lease: spans ``(first, last, attempt)``, `last` not included."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Span", "joined", "split"]

Span = tuple[int, int, int]


def split(spans: Iterable[Span], cuts: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Return what of `spans` lies in `cuts`, attempt for attempt, and what is left.

    >>> split([(0, 9, 1)], [(2, 4, 1), (6, 20, 1), (0, 9, 2)])
    ([(2, 4, 1), (6, 9, 1)], [(0, 2, 1), (4, 6, 1)])
    """
    inside: list[Span] = []
    outside = list(spans)
    for cut in cuts:
        parts = [part for span in outside for part in _parts(span, cut)]
        inside += [span for span, within in parts if within]
        outside = [span for span, within in parts if not within]
    return inside, outside


def _parts(span: Span, cut: Span) -> Iterator[tuple[Span, bool]]:
    first, last, attempt = span
    low, high = max(first, cut[0]), min(last, cut[1])
    if attempt != cut[2] or low >= high:
        yield span, False
        return
    for a, b, within in ((first, low, False), (low, high, True), (high, last, False)):
        if a < b:
            yield (a, b, attempt), within


def joined(children: Iterable[tuple[int, int]]) -> list[Span]:
    """Return the spans of children ``(index, attempt)`` given in order.

    >>> joined([(3, 1), (4, 1), (5, 2)])
    [(3, 5, 1), (5, 6, 2)]
    """
    spans: list[Span] = []
    for index, attempt in children:
        if spans and spans[-1][1:] == (index, attempt):
            spans[-1] = (spans[-1][0], index + 1, attempt)
        else:
            spans.append((index, index + 1, attempt))
    return spans
