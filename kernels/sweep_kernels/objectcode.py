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
    # Large: a process may have room for code and its constants only further apart than 32 bits reach, and LLVM then ends it.
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="large"
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
