"""Which of the user's own lines keeps a kernel's trials from running side by side."""

from __future__ import annotations

import dis
import linecache
import re
from types import CellType, FunctionType
from typing import TYPE_CHECKING, Any

from sweep_kernels.snapshot import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_kernels.declaration import Kernel

__all__ = ["line_to_blame"]

BY_ADDRESS = ("frexp", "modf")
"""Functions that hand part of their result over in memory."""
OPERATORS = {"pow": ("**", "**="), "fmod": ("%", "%=")}
"""What compiled code calls, and the operators that it stands for."""


def line_to_blame(kernel: Kernel, why: str) -> str:
    """Find the line that compiled code stumbled over.

    Parameters
    ----------
    kernel
        Whose trials run one after the other.
    why
        What the compiler says of it; "" for nothing.

    Returns
    -------
    str
        File, line and source of the first line that calls what is named, in the kernel or a function that it calls; "" if there is none.
    """
    called = {each.removeprefix("numba_").removeprefix("llvm.") for each in re.findall(r"[\w.]+", why)}
    names = {*called, *(BY_ADDRESS if "memory" in called else ())}
    signs = {sign for name in names for sign in OPERATORS.get(name, ())}
    for function in _functions(kernel.frozen, set()):
        for each in dis.get_instructions(function.__code__):
            is_named = each.opname.startswith("LOAD_") and each.opname != "LOAD_CONST" and each.argval in names
            if (is_named or (each.opname == "BINARY_OP" and each.argrepr in signs)) and each.positions:
                file, line = function.__code__.co_filename, each.positions.lineno or 0
                return f"{file}:{line}: {linecache.getline(file, line).strip()}"
    return ""


def _functions(value: Any, seen: set[int]) -> Iterator[FunctionType]:
    """Yield a function of the user's, and those that it refers to."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, FunctionType) and not value.__module__.startswith("sweep_kernels."):
        yield value
        cells = [each.cell_contents for each in value.__closure__ or () if each != CellType()]
        for each in (*value.__globals__.values(), *cells):
            yield from _functions(each, seen)
    elif isinstance(value, Namespace):
        for each in vars(value).values():
            yield from _functions(each, seen)
