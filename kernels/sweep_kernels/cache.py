"""Compiled kernels, kept on disk by content.

The name of an entry is a hash of everything that the code depends on: the kernel's source, the kinds of its parameters, this
package's own sources, the versions of Python, numba and llvmlite, and the processor. So an entry is never stale, any number of
processes may share the folder, and a worker that finds one loads it in milliseconds.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sweep_kernels.objectcode import ObjectCode
from sweep_kernels.shelf import cache_folder, read, toolchain, write

if TYPE_CHECKING:
    from pathlib import Path

    from sweep_kernels.declaration import Kernel

__all__ = ["cache_folder", "content_key", "object_code", "prefer"]


def object_code(
    kernel: Kernel, kinds: tuple[str, ...], width: int | None = None, *, most: int | None = None
) -> ObjectCode:
    """Return a kernel's object code, from disk where it is, else compiled now and kept.

    Parameters
    ----------
    kernel
        The kernel.
    kinds
        Kinds of its parameters in order: ``"int"``, ``"float"``, ``"bool"`` or ``"str"``.
    width
        How many trials side by side; when left out, as many as can be, `most` at most.
    most
        When this is left out too, what `prefer` was told last.

    Raises
    ------
    KernelError
        If it cannot be compiled.
    """
    if width is None and most is None:
        width = _preferred(kernel, kinds)
    which = f"-{width}" if width is not None else f"-up-to-{most}" if most is not None else ""
    path = cache_folder() / f"{kernel.name}-{content_key(kernel, kinds)}{which}.o"
    data = read(path)
    found = None if data is None else ObjectCode.from_bytes(data)
    if found is None:
        from sweep_kernels.cpu import compile_kernel

        found = (
            compile_kernel(kernel, kinds, width) if most is None else compile_kernel(kernel, kinds, width, most=most)
        )
        write(path, found.to_bytes())
    return found


def content_key(kernel: Kernel, kinds: tuple[str, ...]) -> str:
    """Return a name for all that a kernel's code depends on, but for what it is compiled for beyond this machine."""
    parts = [kernel.version, *kinds, "->", *kernel.columns, toolchain()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def prefer(kernel: Kernel, kinds: tuple[str, ...], width: int) -> None:
    """Remember, for all processes of this machine, how many trials of a kernel are to run side by side."""
    write(_preference(kernel, kinds), str(width).encode())


def _preferred(kernel: Kernel, kinds: tuple[str, ...]) -> int | None:
    found = read(_preference(kernel, kinds))
    return int(found) if found is not None and found.isdigit() else None


def _preference(kernel: Kernel, kinds: tuple[str, ...]) -> Path:
    return cache_folder() / f"{kernel.name}-{content_key(kernel, kinds)}.width"
