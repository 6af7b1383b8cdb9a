"""A folder of files that were dear to make: compiled code, named by all that it depends on."""

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

from sweep_kernels.objectcode import processor

__all__ = ["cache_folder", "read", "toolchain", "write"]


def cache_folder() -> Path:
    """Return the folder of compiled kernels: ``$SWEEP_CACHE_DIR``, or one in the user's folder for caches, or else in that for temporary files."""
    named = os.environ.get("SWEEP_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    with suppress(RuntimeError):  # neither $HOME nor an entry for this user
        return Path(base).expanduser() / "arraysweep"
    return Path(tempfile.gettempdir()) / f"arraysweep-{os.getuid()}"


def read(path: Path) -> bytes | None:
    """Read an entry, unless somebody else could have written it: it is machine code."""
    try:
        if path.stat().st_uid != os.getuid():
            return None
        return path.read_bytes()
    except OSError:
        return None


def write(path: Path, data: bytes) -> None:
    """Keep an entry if that can be done: a cache that cannot be written costs time, not results."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()


@functools.cache
def toolchain() -> str:
    """Everything but the kernel that compiled code depends on."""
    sources = hashlib.sha256()
    for path in sorted(each for each in Path(__file__).parent.rglob("*.py") if each.parent.name != "models"):
        sources.update(path.read_bytes())
    versions = [importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    return "\0".join([sources.hexdigest(), *versions, sys.version, *processor()])
