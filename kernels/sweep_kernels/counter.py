"""Where the seed, the point, the trial, the stream and the draw stand in Philox's key and counter.

::

    key      k0 = seed bits 0..31            k1 = seed bits 32..63
    counter  c0 = draw block bits 0..31
             c1 = stream << 24 | trial bits 32..43 << 12 | point bits 32..43
             c2 = trial bits 0..31
             c3 = point bits 0..31

No two fields share a bit, so no two draws share a counter: 2**32 draw blocks a trial (two draws each), 2**44 trials a point,
2**44 points, 256 streams. A block of trials is a power of two, aligned and at most 2**32 long, so ``c1`` is constant in it and a
loop over its trials moves ``c2`` alone. This layout is number 1; a change of it is a new major version of the package.
"""

from __future__ import annotations

__all__ = [
    "DRAW_LIMIT",
    "LAYOUT",
    "NORMAL_STREAM",
    "PARAMETER_STREAM",
    "POINT_LIMIT",
    "SEED_LIMIT",
    "SEED_STREAM",
    "TRIAL_LIMIT",
    "UNIFORM_STREAM",
    "high_word",
    "key_of",
]

LAYOUT = 1
UNIFORM_STREAM = 0
NORMAL_STREAM = 1 << 24
PARAMETER_STREAM = 2 << 24
SEED_STREAM = 3 << 24
"""Of the seeds that programs are given, one block a trial."""
SEED_LIMIT = 1 << 64
POINT_LIMIT = 1 << 44
TRIAL_LIMIT = 1 << 44
DRAW_LIMIT = 1 << 33
"""Draws that a trial may take of each stream: beyond, the draw block would run into the next field."""

_MASK = 0xFFFFFFFF


def key_of(seed: int) -> tuple[int, int]:
    """Split a seed, ``0 <= seed < 2**64``, into the key's two words."""
    return seed & _MASK, seed >> 32


def high_word(point: int, trial: int) -> int:
    """Return counter word ``c1`` of a trial, without its stream.

    >>> hex(high_word(point=3 << 32, trial=5 << 32))
    '0x5003'
    """
    return ((trial >> 32) << 12) | (point >> 32)
