"""Numbers only: counter-based draws, kernels, block statistics and their compilation.

Knows nothing of spaces, plans, stores or jobs. Importing it imports nothing else: names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel, kernel
    from sweep_kernels.errors import KernelError
    from sweep_kernels.rng import Rng

__all__ = ["Kernel", "KernelError", "Rng", "kernel"]

_HOMES = {"Kernel": "declaration", "KernelError": "errors", "Rng": "rng", "kernel": "declaration"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sweep_kernels' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"sweep_kernels.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
