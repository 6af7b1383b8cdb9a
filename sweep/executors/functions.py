"""Find the Python function that a definition names."""

from __future__ import annotations

from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.jobs.work import Child

__all__ = ["find_function"]


def find_function(name: str, known: Mapping[str, Callable[[Child], Any]]) -> Callable[[Child], Any]:
    """Find a function among the known ones, or import ``"package.module:name"``; the name may have dots."""
    if name in known:
        return known[name]
    module, _, path = name.partition(":")
    return reduce(getattr, path.split("."), import_module(module))  # pyright: ignore[reportReturnType]
