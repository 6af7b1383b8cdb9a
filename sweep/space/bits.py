"""Random bits of designs: pure functions of (seed, dimension, index), independent of any library's version.

They come from the same generator as the trials' draws, on streams that trials never use: counter word ``c1`` holds the stream in its
upper 8 bits (see ``sweep_kernels.counter``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.counter import key_of
from sweep_kernels.philox import philox4x32

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["POINTS", "SCRAMBLES", "random_words"]

POINTS = 255 << 24
SCRAMBLES = 254 << 24

_MASK = np.uint64(0xFFFFFFFF)


def random_words(seed: int, stream: int, dimension: int, index: NDArray[np.int64]) -> tuple[NDArray[np.uint64], ...]:
    """Return four random 32-bit words for each index, ``0 <= index < 2**56``."""
    k0, k1 = key_of(seed)
    held = index.astype(np.uint64)
    zero = np.zeros_like(held)
    words: Any = (held & _MASK, np.uint64(stream) | (held >> np.uint64(32)), zero + np.uint64(dimension), zero)
    return philox4x32(*words, k0, k1)  # type: ignore[return-value] - the same function works on arrays of words
