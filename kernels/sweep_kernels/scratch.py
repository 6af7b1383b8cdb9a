"""Arrays that a trial makes for itself: what ``np.zeros`` and its kind are in a kernel.

Compiled, such an array is a piece of the stack, of a size that is known beforehand (``sweep_kernels.arrays``). So it cannot outlive the function that
makes it, and its size must be written out. Its numbers are the same in plain Python and compiled: ``np.empty`` gives zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["LARGEST_ROOM", "empty", "full", "is_maker", "ones", "scratch", "zeros"]


class Scratch(np.ndarray):
    """An array whose integers and bools come out as Python's own: compiled code has numbers of 64 bits of them."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return found.item() if isinstance(found, np.integer | np.bool_) else found

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))


LARGEST_ROOM = 1 << 16
"""Bytes that the arrays of a trial may have together."""


def zeros(shape: Any, dtype: Any = float) -> NDArray[Any]:
    """Return an array of zeros."""
    return np.zeros(shape, dtype).view(Scratch)


def empty(shape: Any, dtype: Any = float) -> NDArray[Any]:
    """Return an array of zeros too: whatever is in the memory would be another number on each machine."""
    return zeros(shape, dtype)


def ones(shape: Any, dtype: Any = float) -> NDArray[Any]:
    """Return an array of ones."""
    return np.ones(shape, dtype).view(Scratch)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> NDArray[Any]:
    """Return an array of one value, of the value's type unless `dtype` says another."""
    return np.full(shape, fill_value, dtype).view(Scratch)


MAKERS = (zeros, empty, ones, full)
_BY_IDENTITY = {id(getattr(np, each.__name__)): each for each in MAKERS}


def scratch(function: Any) -> Callable[..., Any] | None:
    """Return what stands for a function of ``numpy`` that makes an array; None where nothing does."""
    return _BY_IDENTITY.get(id(function))


def is_maker(function: Any) -> bool:
    """Whether a function is one of ours."""
    return any(function is each for each in MAKERS)
