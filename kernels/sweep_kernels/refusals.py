"""What numba would compile, and compile into something else than plain Python does; each is refused in one line.

Some is seen in a function's bytecode, before it is compiled; some in the types that numba found, afterwards; the last check is of the
names that the machine code needs from outside.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
import builtins
import dis
import linecache
import operator
import types as pytypes
from typing import TYPE_CHECKING, Any

from numba import types  # type: ignore[import-untyped]

from sweep_kernels.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep_kernels.declaration import Kernel

__all__ = ["instructions", "refuse_code", "refuse_symbols", "refuse_types"]

INTERPRETER = ("print", "breakpoint")
REPLAY = (
    "compiled code runs without Python's interpreter; take it out, or run one trial in plain Python with `sweep replay`"
)
FORMATTING = {"BUILD_STRING", "FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC"}
POWERS = {operator.pow, operator.ipow}
EQUALITIES = {operator.eq, operator.ne, operator.is_, operator.is_not}


def refuse_code(functions: Iterable[pytypes.FunctionType]) -> None:
    """Refuse functions that need Python's interpreter.

    Raises
    ------
    KernelError
        If one prints, stops in a debugger or formats text. Names file and line.
    """
    for each in functions:
        for instruction in instructions(each.__code__):
            reason = _interpreted(instruction, each.__globals__)
            if reason:
                line = instruction.positions.lineno if instruction.positions else None
                raise _refusal(each, line or each.__code__.co_firstlineno, reason)


def instructions(code: pytypes.CodeType) -> Iterator[dis.Instruction]:
    """Yield the instructions of a code object and of those nested in it."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, pytypes.CodeType):
            yield from instructions(constant)


def _interpreted(instruction: dis.Instruction, scope: dict[str, Any]) -> str | None:
    if instruction.opname in FORMATTING:
        return "formats text, which compiled code cannot: write the text of an error out, and return numbers"
    if instruction.opname != "LOAD_GLOBAL":
        return None
    value = scope.get(instruction.argval)
    name = next((each for each in INTERPRETER if getattr(builtins, each) is value), None)
    return name and f"calls {name}: {REPLAY}"


def refuse_types(dispatchers: Iterable[Any]) -> None:
    """Refuse expressions to which compiled code gives another value than plain Python.

    Raises
    ------
    KernelError
        If an integer is raised to an integer power that may be negative, or a number is compared with a string.
    """
    for each in dispatchers:
        for result in each.overloads.values():
            types_of, calls = result.type_annotation.typemap, result.type_annotation.calltypes
            for expression, signature in calls.items():
                reason = _changed(expression, signature, types_of)
                if reason:
                    raise _refusal(each.py_func, expression.loc.line, reason)


def _changed(expression: Any, signature: Any, types_of: dict[str, Any]) -> str | None:
    if getattr(expression, "op", "") not in {"binop", "inplace_binop"} or signature is None:
        return None
    if _is_integer_power(expression, signature) and not _is_natural(types_of[expression.rhs.name]):
        return (
            "raises an integer to an integer power: make the base a float, as in 2.0 ** k, or the exponent a natural number "
            "that is written out"
        )
    if _is_never_equal(expression.fn, *signature.args):
        code = linecache.getline(expression.loc.filename, expression.loc.line).strip()
        return (
            f"compares a number with a string in `{code}`: a string parameter reaches a kernel as the position of its category, "
            "so compare with 0 for the first, 1 for the second"
        )
    return None


def _is_integer_power(expression: Any, signature: Any) -> bool:
    return expression.fn in POWERS and all(isinstance(each, types.Integer) for each in signature.args)


def _is_natural(exponent: Any) -> bool:
    return isinstance(exponent, types.IntegerLiteral) and exponent.literal_value >= 0


def _is_never_equal(function: Any, left: Any, right: Any) -> bool:
    if function is operator.contains:
        return isinstance(left, types.BaseTuple) and any(_are_number_and_string(each, right) for each in left.types)
    return function in EQUALITIES and _are_number_and_string(left, right)


def _are_number_and_string(left: Any, right: Any) -> bool:
    return (_is_number(left) and _is_string(right)) or (_is_string(left) and _is_number(right))


def _is_number(each: Any) -> bool:
    return isinstance(each, types.Number | types.Boolean)


def _is_string(each: Any) -> bool:
    return isinstance(each, types.UnicodeType | types.StringLiteral | types.Bytes)


def refuse_symbols(kernel: Kernel, symbols: Iterable[str]) -> None:
    """Refuse machine code that would call into the interpreter: it would wait for a lock that the driver's caller may hold for ever.

    Raises
    ------
    KernelError
        Names the kernel's line.
    """
    if any(each.startswith(("Py", "_Py", "numba_gil", "NRT_")) for each in symbols):
        raise KernelError(f"{kernel.file}:{kernel.line}: kernel code {kernel.name!r} cannot be compiled: {REPLAY}")


def _refusal(function: Any, line: int, reason: str) -> KernelError:
    code = function.__code__
    return KernelError(f"{code.co_filename}:{line}: kernel code {function.__name__!r} {reason}")
