"""Object code of compiled kernels: kept on disk by content, loaded without numba.

The name of an entry is a hash of everything that the code depends on: the kernel's source, the kinds of its parameters, this
package's own sources, the versions of Python, numba and llvmlite, and the processor. So an entry is never stale, any number of
processes may share the folder, and a worker that finds one loads it in milliseconds.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import importlib.metadata
import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweep_kernels.kernel import Kernel

__all__ = ["ObjectCode", "cache_folder", "load", "object_code", "target_machine"]


@dataclass(frozen=True)
class ObjectCode:
    """A compiled driver.

    Attributes
    ----------
    code
        Relocatable object code.
    entry
        Name of its one external function.
    symbols
        Names that it needs from outside.
    output_kinds
        For each output, ``"bool"``, ``"int"`` or ``"float"``.
    """

    code: bytes
    entry: str
    symbols: tuple[str, ...]
    output_kinds: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """One JSON line, the code's digest in it, then the code."""
        head = {
            "entry": self.entry,
            "symbols": self.symbols,
            "output_kinds": self.output_kinds,
            "sha256": hashlib.sha256(self.code).hexdigest(),
        }
        return json.dumps(head).encode() + b"\n" + self.code

    @classmethod
    def from_bytes(cls, data: bytes) -> ObjectCode | None:
        """Read what `to_bytes` wrote; None when it is damaged."""
        line, _, code = data.partition(b"\n")
        try:
            head = json.loads(line)
        except ValueError:
            return None
        if hashlib.sha256(code).hexdigest() != head.get("sha256"):
            return None
        return cls(code, head["entry"], tuple(head["symbols"]), tuple(head["output_kinds"]))


def cache_folder() -> Path:
    """Return the folder of compiled kernels: ``$SWEEP_CACHE_DIR``, or ``arraysweep`` in the user's cache folder."""
    named = os.environ.get("SWEEP_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "arraysweep"


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
        temporary.unlink(missing_ok=True) if temporary.parent.is_dir() else None


def _key(kernel: Kernel, kinds: tuple[str, ...]) -> str:
    parts = [kernel.version, *kinds, "->", *kernel.outputs, _toolchain()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@functools.cache
def _toolchain() -> str:
    """Everything but the kernel that compiled code depends on."""
    sources = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        sources.update(path.read_bytes())
    versions = [importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    return "\0".join([sources.hexdigest(), *versions, sys.version, *_processor()])


@functools.cache
def _processor() -> tuple[str, str]:
    """Name and features of the processor to compile for; numba's own environment variables overrule what is found."""
    import llvmlite.binding as llvm

    name = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    found = "" if "NUMBA_CPU_NAME" in os.environ else llvm.get_host_cpu_features().flatten()
    return name, os.environ.get("NUMBA_CPU_FEATURES", found)


@functools.cache
def _initialised() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


def target_machine() -> Any:
    """Return LLVM's target machine for the processor that code is compiled for."""
    llvm = _initialised()
    name, features = _processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="default"
    )


def load(code: ObjectCode) -> Any:
    """Link object code into this process.

    Returns
    -------
    callable
        A C function that takes a pointer for its (void) result, one for exceptions, and then the driver's arguments, releases the
        GIL, and returns 0 or the number of the exception that a trial raised.
    """
    llvm = _initialised()
    _resolve(llvm, code.symbols)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code.code))
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 11, *[ctypes.c_void_p] * 4)
    function = prototype(engine.get_function_address(code.entry))
    _engines.append(engine)
    return function


_engines: list[Any] = []  # linked code lives as long as its engine


def _resolve(llvm: Any, symbols: tuple[str, ...]) -> None:
    """See to it that every symbol has an address: LLVM ends the process where one has none."""
    for name in symbols:
        if not llvm.address_of_symbol(name):
            address = _libm_address(name)
            if address:
                llvm.add_symbol(name, address)
            else:  # one of numba's own helpers, for arrays inside a trial say: numba registers them as it starts
                _start_numba()


def _libm_address(name: str) -> int | None:
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    function = getattr(libm, name, None)
    return ctypes.cast(function, ctypes.c_void_p).value if function is not None else None


@functools.cache
def _start_numba() -> None:
    from numba.core.registry import cpu_target  # type: ignore[import-untyped]

    target: Any = cpu_target
    target.target_context.refresh()
