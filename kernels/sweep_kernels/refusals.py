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
import re
import types as pytypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba import types  # type: ignore[import-untyped]

from sweep_kernels.arrays import STAND_INS, made_again
from sweep_kernels.errors import KernelError
from sweep_kernels.scratch import LARGEST_ROOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweep_kernels.declaration import Kernel

__all__ = [
    "instructions",
    "refuse_arrays",
    "refuse_code",
    "refuse_room",
    "refuse_symbols",
    "refuse_types",
    "refuse_unset",
]

INTERPRETER = ("print", "breakpoint")
REPLAY = (
    "compiled code runs without Python's interpreter; take it out, or run one trial in plain Python with `sweep replay`"
)
VARIABLE_KEYWORDS, GENERATOR = 0x08, 0x20
"""Flags of a code object; see Python's module ``inspect``."""
UNFIT = {
    "IMPORT_NAME": "imports {!r}: import it at the top of the file",
    "STORE_GLOBAL": "changes {!r}, which all trials share: return what a trial finds",
    "DELETE_GLOBAL": "deletes {!r}, which all trials share",
}
"""Instructions that no compiled code can carry out, and what to say of them."""
FORMATTING = {"BUILD_STRING", "FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC"}
AGAIN = "in a loop: make it before, and fill it anew within the loop, a[:] = 0.0"
GIVES_AWAY = (
    "returns an array: one that it has made is gone when it is over (make it in the kernel, and give it to the function to fill), "
    "and a row of a table is returned in a tuple, as in `return (row,)`"
)
SUMS = {
    "sum",
    "mean",
    "average",
    "var",
    "std",
    "prod",
    "cumsum",
    "cumprod",
    "dot",
    "vdot",
    "trapezoid",
    "trapz",
    "convolve",
    "interp",
}
IN_ORDER = (
    "which compiled code does in another order than NumPy, with other last digits: write a loop over the elements"
)
POWERS = {operator.pow, operator.ipow}
EQUALITIES = {operator.eq, operator.ne, operator.is_, operator.is_not}


def refuse_code(functions: Iterable[pytypes.FunctionType]) -> None:
    """Refuse functions that need Python's interpreter, or that numba would misread.

    Raises
    ------
    KernelError
        If one prints, stops in a debugger or formats text; imports; changes a global; yields; takes ``**`` arguments; or has an integer in it
        that 64 bits do not hold. Names file and line.
    """
    for each in functions:
        reason = _unfit(each.__code__)
        if reason:
            raise _refusal(each, each.__code__.co_firstlineno, reason)
        for instruction in instructions(each.__code__):
            reason = _interpreted(instruction, each.__globals__)
            if reason:
                line = instruction.positions.lineno if instruction.positions else None
                raise _refusal(each, line or each.__code__.co_firstlineno, reason)


def refuse_arrays(functions: Iterable[pytypes.FunctionType]) -> None:
    """Refuse functions that make an array in a loop: all its passes would have the same one.

    Raises
    ------
    KernelError
        Names file and line.
    """
    for each in functions:
        closed = dict(zip(each.__code__.co_freevars, each.__closure__ or (), strict=True))
        for line, dotted in _named_in_loops(each.__code__):
            value = closed[dotted[0]].cell_contents if dotted[0] in closed else each.__globals__.get(dotted[0])
            for attribute in dotted[1:]:
                value = getattr(value, attribute, None)
            if any(value is maker for maker in STAND_INS.values()):
                raise _refusal(each, line, f"makes an array with {dotted[-1]} {AGAIN}")


def _named_in_loops(code: pytypes.CodeType) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield what is read from outside within loops, with its line: each name with the attributes that follow at once, and each prefix of that."""
    all_of = list(dis.get_instructions(code))
    loops = [(each.argval, each.offset) for each in all_of if "JUMP_BACKWARD" in each.opname]
    dotted: tuple[str, ...] = ()
    for each in all_of:
        if each.opname == "EXTENDED_ARG":
            continue
        is_outer = each.opname in {"LOAD_GLOBAL", "LOAD_DEREF"}
        further = bool(dotted) and each.opname in {"LOAD_ATTR", "LOAD_METHOD"}
        dotted = (*dotted, each.argval) if further else (each.argval,) if is_outer else ()
        line = each.positions.lineno if each.positions else None
        if dotted and any(start <= each.offset < end for start, end in loops):
            yield line or code.co_firstlineno, dotted
    for constant in code.co_consts:
        if isinstance(constant, pytypes.CodeType):
            yield from _named_in_loops(constant)


def refuse_room(kernel: Kernel, taken: int) -> None:
    """Refuse a kernel whose arrays take more memory than a stack has.

    Raises
    ------
    KernelError
        Says how much.
    """
    if taken > LARGEST_ROOM:
        raise KernelError(
            f"{kernel.file}:{kernel.line}: kernel {kernel.name!r}: the arrays that a trial makes take {taken:,} bytes together: "
            f"up to {LARGEST_ROOM:,}"
        )


def instructions(code: pytypes.CodeType) -> Iterator[dis.Instruction]:
    """Yield the instructions of a code object and of those nested in it."""
    yield from dis.get_instructions(code)
    for constant in code.co_consts:
        if isinstance(constant, pytypes.CodeType):
            yield from instructions(constant)


def _interpreted(instruction: dis.Instruction, scope: dict[str, Any]) -> str | None:
    if instruction.opname in UNFIT:
        return UNFIT[instruction.opname].format(instruction.argval)
    if instruction.opname == "LOAD_CONST" and _is_too_large(instruction.argval):
        return f"has {instruction.argval} in it: integers have 64 bits, -2**63 to 2**63 - 1; write it as a float, as in 2.0 ** 70"
    if instruction.opname in FORMATTING:
        return "formats text, which compiled code cannot: write the text of an error out, and return numbers"
    if instruction.opname != "LOAD_GLOBAL":
        return None
    value = scope.get(instruction.argval)
    name = next((each for each in INTERPRETER if getattr(builtins, each) is value), None)
    return name and f"calls {name}: {REPLAY}"


def _unfit(code: pytypes.CodeType) -> str | None:
    """Say why a function as a whole cannot be part of a kernel."""
    if code.co_flags & GENERATOR:
        return "yields: write a loop, and return what it comes to"
    if code.co_flags & VARIABLE_KEYWORDS:
        return "takes ** arguments: name each of them"
    return None


def _is_too_large(constant: Any) -> bool:
    return isinstance(constant, int) and not -(2**63) <= constant < 2**64


def refuse_unset(functions: Iterable[pytypes.FunctionType], said: Iterable[Warning]) -> None:
    """Refuse a variable that may be read before it is set, of which numba warns: it would be 0 where plain Python raises.

    Raises
    ------
    KernelError
        Names file and line.
    """
    files = {Path(each.__code__.co_filename).name: each.__code__.co_filename for each in functions}
    for each in said:
        found = re.search(r'Detected uninitialized variable (\w+)[\s\S]*?File "([^"]+)", line (\d+)', str(each))
        file = files.get(Path(found[2]).name) if found else None  # numba may shorten the path
        if found and file:
            raise KernelError(
                f"{file}:{found[3]}: kernel code reads {found[1]!r}, which may not have been set (by a loop of no passes, or a branch that is not "
                "taken): give it a value before"
            )


def refuse_types(dispatchers: list[Any]) -> None:
    """Refuse expressions to which compiled code gives another value than plain Python.

    Parameters
    ----------
    dispatchers
        What numba has compiled; the last is the kernel, which alone may return arrays that it has made.

    Raises
    ------
    KernelError
        If an integer is raised to an integer power that may be negative, a number is compared with a string, a bool is inverted with ~, an
        array is raised to a power, a function adds up an array, returns one in a tuple, or makes one in a loop.
    """
    for each in dispatchers:
        for result in each.overloads.values():
            if _has_array(result.signature.return_type) and each is not dispatchers[-1]:
                raise _refusal(each.py_func, each.py_func.__code__.co_firstlineno, GIVES_AWAY)
            for line in made_again(result.type_annotation):
                raise _refusal(each.py_func, line, f"makes an array {AGAIN}")
            types_of, calls = result.type_annotation.typemap, result.type_annotation.calltypes
            for expression, signature in calls.items():
                reason = _changed(expression, signature, types_of)
                if reason:
                    raise _refusal(each.py_func, expression.loc.line, reason)


def _changed(expression: Any, signature: Any, types_of: dict[str, Any]) -> str | None:
    if getattr(expression, "op", "") == "call":
        return _reordered(types_of.get(expression.func.name), signature)
    if getattr(expression, "op", "") == "unary" and signature is not None:
        return _inverted(expression, signature)
    if getattr(expression, "op", "") in {"binop", "inplace_binop"} and signature is not None:
        return _operated(expression, signature, types_of)
    return None


def _inverted(expression: Any, signature: Any) -> str | None:
    if expression.fn is operator.invert and isinstance(signature.args[0], types.Boolean):
        return "inverts a bool with ~, of which plain Python makes -1 or -2: write `not`"
    return None


def _operated(expression: Any, signature: Any, types_of: dict[str, Any]) -> str | None:
    if expression.fn is operator.matmul:
        return f"multiplies arrays with @, {IN_ORDER}"
    if expression.fn in POWERS and any(isinstance(each, types.Array) for each in signature.args):
        return "raises a whole array to a power: write a loop over the elements"
    if _is_integer_power(expression, signature) and not _is_natural(types_of[expression.rhs.name]):
        return (
            "raises an integer to an integer power: make the base a float, as in 2.0 ** k, or the exponent a natural number "
            "that is written out"
        )
    if _is_integer_power(expression, signature) and _is_beyond(
        types_of[expression.lhs.name], types_of[expression.rhs.name]
    ):
        return "raises an integer to a power that 64 bits do not hold: write the base as a float, as in 2.0 ** 70"
    if _is_never_equal(expression.fn, *signature.args):
        code = linecache.getline(expression.loc.filename, expression.loc.line).strip()
        return (
            f"compares a number with a string in `{code}`: a string parameter reaches a kernel as the position of its category, "
            "so compare with 0 for the first, 1 for the second"
        )
    return None


def _has_array(result: Any) -> bool:
    return isinstance(result, types.BaseTuple) and any(
        (isinstance(each, types.Array) and each.mutable) or _has_array(each) for each in result.types
    )


def _reordered(function: Any, signature: Any) -> str | None:
    """Say so if a function adds up the elements of an array, which numba does in another order than NumPy."""
    key = getattr(function, "typing_key", None)
    name = key[1] if isinstance(key, tuple) else getattr(key, "__name__", "")
    if (
        key is not sum
        and name in SUMS
        and any(isinstance(each, types.Array) for each in (*signature.args, signature.recvr))
    ):
        return f"calls {name} of an array, {IN_ORDER}"
    return None


def _is_integer_power(expression: Any, signature: Any) -> bool:
    return expression.fn in POWERS and all(isinstance(each, types.Integer) for each in signature.args)


def _is_natural(exponent: Any) -> bool:
    return isinstance(exponent, types.IntegerLiteral) and exponent.literal_value >= 0


def _is_beyond(base: Any, exponent: Any) -> bool:
    """Tell whether a power of written-out integers is more than 64 bits."""
    literal = isinstance(base, types.IntegerLiteral) and isinstance(exponent, types.IntegerLiteral)
    return literal and abs(base.literal_value) > 1 and base.literal_value ** min(exponent.literal_value, 64) >= 2**64


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
        raise KernelError(
            f"{kernel.file}:{kernel.line}: kernel code {kernel.name!r} cannot be compiled: it needs Python's interpreter or memory, as linear "
            f"algebra and arithmetic of whole arrays do: write a loop ({REPLAY})"
        )


def _refusal(function: Any, line: int, reason: str) -> KernelError:
    code = function.__code__
    return KernelError(f"{code.co_filename}:{line}: kernel code {function.__name__!r} {reason}")
