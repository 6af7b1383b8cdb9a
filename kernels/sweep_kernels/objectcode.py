"""Object code of compiled kernels: what it is, for which processor, and how it is linked into a process without numba."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import itertools
import json
import os
from dataclasses import dataclass
from typing import Any

from sweep_kernels.seal import sealed, unsealed

__all__ = ["ObjectCode", "linked", "load", "processor", "target_machine"]


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
    state
        Words of 8 bytes that it needs for each trial of a block, to put trials aside.
    width
        How many trials it runs side by side.
    parts
        Whether these part ways, so that some wait for others.
    why_alone
        Why trials run one after the other, if they do and nobody asked for it.
    """

    code: bytes
    entry: str
    symbols: tuple[str, ...]
    output_kinds: tuple[str, ...]
    state: int = 0
    width: int = 1
    parts: bool = False
    why_alone: str = ""

    def to_bytes(self) -> bytes:
        """Write a digest of the rest, one JSON line, the code."""
        head = {"entry": self.entry, "symbols": self.symbols, "output_kinds": self.output_kinds}
        head |= {"state": self.state, "width": self.width, "parts": self.parts, "why_alone": self.why_alone}
        body = json.dumps(head).encode() + b"\n" + self.code
        return sealed(body)

    @classmethod
    def from_bytes(cls, data: bytes) -> ObjectCode | None:
        """Read what `to_bytes` wrote; None when it is damaged."""
        body = unsealed(data)
        if body is None:
            return None
        line, _, code = body.partition(b"\n")
        head = json.loads(line)
        return cls(code, **head | {name: tuple(head[name]) for name in ("symbols", "output_kinds")})


@functools.cache
def processor() -> tuple[str, str]:
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
    name, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="small"
    )


def load(code: ObjectCode) -> Any:
    """Link a driver into this process.

    Returns
    -------
    callable
        A C function that takes a pointer for its (void) result, one for exceptions, and then the driver's arguments, releases the
        GIL, and returns 0 or the number of the exception that a trial raised.
    """
    library, address = linked(code)
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 12, *[ctypes.c_void_p] * 5)
    function = prototype(address)
    function.library = library  # type: ignore[attr-defined] - linked code lives as long as its library
    return function


def linked(code: ObjectCode) -> tuple[Any, int]:
    """Link object code into this process; return its library, which must be kept as long as the code is used, and the entry's address."""
    library = _initialised().JITLibraryBuilder().add_object_img(code.code).export_symbol(code.entry)
    for name in code.symbols:
        library.import_symbol(name, _address(name))
    made = library.link(_linker(), f"kernel-{next(_numbers)}")
    return made, made[code.entry]


_numbers = itertools.count()  # a name that was used is not to be had again


@functools.cache
def _linker() -> Any:
    """JITLink gives code and constants one stretch of memory; LLVM's older linker may place them further apart than an offset reaches."""
    return _initialised().create_lljit_compiler(target_machine(), use_jit_link=True)


def _address(name: str) -> int:
    """Return where a symbol is: in this process, in the C library's mathematics, or among numba's helpers, for complex powers say."""
    llvm = _initialised()
    found = llvm.address_of_symbol(name) or _libm_address(name)
    if not found:
        _start_numba()
        found = llvm.address_of_symbol(name)
    return found or 0


def _libm_address(name: str) -> int | None:
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    function = getattr(libm, name, None)
    return ctypes.cast(function, ctypes.c_void_p).value if function is not None else None


@functools.cache
def _start_numba() -> None:
    from numba.core.registry import cpu_target  # type: ignore[import-untyped]

    target: Any = cpu_target
    target.target_context.refresh()
