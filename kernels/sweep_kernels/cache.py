"""Compiled kernels, kept on disk by content.

The name of an entry is a hash of everything that the code depends on: the kernel's source, the kinds of its parameters, this
package's own sources, the versions of Python, numba and llvmlite, and the processor. So an entry is never stale, any number of
processes may share the folder, and a worker that finds one loads it in milliseconds.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import secrets
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_kernels.objectcode import ObjectCode, processor

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["cache_folder", "object_code"]


def cache_folder() -> Path:
    """Return the folder of compiled kernels: ``$SWEEP_CACHE_DIR``, or one in the user's folder for caches, or else in that for temporary files."""
    named = os.environ.get("SWEEP_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    with suppress(RuntimeError):  # neither $HOME nor an entry for this user
        return Path(base).expanduser() / "arraysweep"
    return Path(tempfile.gettempdir()) / f"arraysweep-{os.getuid()}"


def object_code(kernel: Kernel, kinds: tuple[str, ...]) -> ObjectCode:
    """Return a kernel's object code, from disk where it is, else compiled now and kept.

    Parameters
    ----------
    kernel
        The kernel.
    kinds
        Kinds of its parameters in order: ``"int"``, ``"float"``, ``"bool"`` or ``"str"``.

    Raises
    ------
    KernelError
        If it cannot be compiled.
    """
    path = cache_folder() / f"{kernel.name}-{_key(kernel, kinds)}.o"
    found = _read(path)
    if found is None:
        from sweep_kernels.cpu import compile_kernel

        found = compile_kernel(kernel, kinds)
        _write(path, found.to_bytes())
    return found


def _read(path: Path) -> ObjectCode | None:
    """Read an entry, unless somebody else could have written it: it is machine code."""
    try:
        if path.stat().st_uid != os.getuid():
            return None
        return ObjectCode.from_bytes(path.read_bytes())
    except OSError:
        return None


def _write(path: Path, data: bytes) -> None:
    """Keep an entry if that can be done: a cache that cannot be written costs time, not results."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()


def _key(kernel: Kernel, kinds: tuple[str, ...]) -> str:
    parts = [kernel.version, *kinds, "->", *kernel.outputs, _toolchain()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@functools.cache
def _toolchain() -> str:
    """Everything but the kernel that compiled code depends on."""
    sources = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        sources.update(path.read_bytes())
    versions = [importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    return "\0".join([sources.hexdigest(), *versions, sys.version, *processor()])
