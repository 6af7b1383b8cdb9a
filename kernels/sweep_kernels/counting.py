"""Count values by bin: one pass over indices, and the bins that came up.

A table holds `WAYS` counters for every bin that there could be, however many; only those that came up are ever touched again. Integer
counts add up to the same in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_kernels.arithmetic import select

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CHUNK", "DIGITS", "LIMIT", "SETTLED", "WAYS", "count", "drain"]

CHUNK = 256
"""Values whose bins are worked out before they are counted: in vector registers, into memory that stays near."""

WAY_BITS = 2
WAYS = 1 << WAY_BITS
"""Counters of a bin, used in turn: where one bin comes up again and again, none waits for what was just written to it."""

SETTLED = 16
"""With fewer new places than this in a `CHUNK` few are expected in the next."""

FEW = 24
DIGITS = 1 << 12

LIMIT = 1 << 31
"""Fewer values than this fit between two times that a table is drained."""


def count(
    indices: NDArray[np.int64],
    n: int,
    table: NDArray[np.int32],
    touched: NDArray[np.int64],
    touched_count: int,
    is_settled: bool,
) -> int:
    """Count ``indices[:n]``.

    Parameters
    ----------
    indices
        Bins, counted from 0.
    n
        How many.
    table
        The counters, `WAYS` of each bin; those not in `touched` are 0.
    touched
        The places of counters that are not 0, in order of appearance; one place longer than they could be many.
    touched_count
        How many these are.
    is_settled
        Whether few new bins are expected: they are then looked for by a branch, which would be guessed wrong for each.

    Returns
    -------
    int
        How many places there are now.
    """
    if is_settled:
        for i in range(n):
            place = WAYS * indices[i] + (i & (WAYS - 1))
            before = table[place]
            table[place] = before + 1
            if before == 0:
                touched[touched_count] = place
                touched_count += 1
    else:
        for i in range(n):
            place = WAYS * indices[i] + (i & (WAYS - 1))
            before = table[place]
            table[place] = before + 1
            touched[touched_count] = place  # always written, not always kept
            touched_count += select(before == 0, 1, 0)
    return touched_count


def drain(
    table: NDArray[np.int32],
    touched: NDArray[np.int64],
    touched_count: int,
    first: int,
    last: int,
    into: NDArray[np.int64],
    written: int,
    spare: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> int:
    """Move what was counted to a list, and set the table to zero.

    Parameters
    ----------
    table, touched, touched_count
        As in `count`.
    first, last
        Bins that matter: ``first <= index < last``; the others are dropped.
    into
        Pairs of a bin, less `first`, and its count; in rising order of bins.
    written
        How many pairs are there already.
    spare
        Room for the pairs of a table.
    starts
        Room to sort, shape ``(DIGITS,)``.

    Returns
    -------
    int
        How many pairs there are now.
    """
    before = written
    for i in range(touched_count):
        index = touched[i] >> WAY_BITS
        total = 0
        for way in range(WAYS):
            total += table[WAYS * index + way]
            table[WAYS * index + way] = 0
        if total > 0 and first <= index < last:  # a bin may be there `WAYS` times
            into[2 * written] = index - first
            into[2 * written + 1] = total
            written += 1
    sort_pairs(into, before, written - before, last - first, spare, starts)
    return written


def sort_pairs(
    pairs: NDArray[np.int64], start: int, n: int, limit: int, spare: NDArray[np.int64], starts: NDArray[np.int64]
) -> None:
    """Sort `n` pairs from place `start` on by their first, ``0 <= first < limit <= DIGITS**2``: few by insertion, many by two digits."""
    if n <= FEW:
        for i in range(start + 1, start + n):
            first, second = pairs[2 * i], pairs[2 * i + 1]
            place = i
            while place > start and pairs[2 * place - 2] > first:
                pairs[2 * place] = pairs[2 * place - 2]
                pairs[2 * place + 1] = pairs[2 * place - 1]
                place -= 1
            pairs[2 * place] = first
            pairs[2 * place + 1] = second
        return
    bits = 1
    while (1 << (2 * bits)) < limit:
        bits += 1
    sort_by_digit(pairs, start, n, 0, bits, spare, 0, starts)
    sort_by_digit(spare, 0, n, bits, bits, pairs, start, starts)


def sort_by_digit(
    pairs: NDArray[np.int64],
    start: int,
    n: int,
    shift: int,
    bits: int,
    into: NDArray[np.int64],
    into_start: int,
    starts: NDArray[np.int64],
) -> None:
    """Copy pairs in the order of one digit of their first, those with the same one as they were."""
    digits = 1 << bits
    mask = digits - 1
    for digit in range(digits):
        starts[digit] = 0
    for i in range(start, start + n):
        starts[(pairs[2 * i] >> shift) & mask] += 1
    place = into_start
    for digit in range(digits):
        many = starts[digit]
        starts[digit] = place
        place += many
    for i in range(start, start + n):
        first = pairs[2 * i]
        digit = (first >> shift) & mask
        place = starts[digit]
        starts[digit] = place + 1
        into[2 * place] = first
        into[2 * place + 1] = pairs[2 * i + 1]
