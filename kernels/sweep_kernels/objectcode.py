"""Object code of compiled kernels: what it is, for which processor, and how it is linked into a process without numba."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

__all__ = ["ObjectCode", "load", "processor", "target_machine"]


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
        """Write a digest of the rest, one JSON line, the code."""
        head = {"entry": self.entry, "symbols": self.symbols, "output_kinds": self.output_kinds}
        body = json.dumps(head).encode() + b"\n" + self.code
        return hashlib.sha256(body).hexdigest().encode() + b"\n" + body

    @classmethod
    def from_bytes(cls, data: bytes) -> ObjectCode | None:
        """Read what `to_bytes` wrote; None when it is damaged."""
        digest, _, body = data.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        line, _, code = body.partition(b"\n")
        head = json.loads(line)
        return cls(code, head["entry"], tuple(head["symbols"]), tuple(head["output_kinds"]))


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
    function.engine = engine  # type: ignore[attr-defined] - linked code lives as long as its engine
    return function


def _resolve(llvm: Any, symbols: tuple[str, ...]) -> None:
    """See to it that every symbol has an address: LLVM ends the process where one has none."""
    for name in symbols:
        if not llvm.address_of_symbol(name):
            address = _libm_address(name)
            if address:
                llvm.add_symbol(name, address)
            else:  # one of numba's own helpers, for complex powers say: numba registers them as it starts
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
