"""One trial of a kernel as a function in LLVM's assembly, whatever runs it then."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
from typing import TYPE_CHECKING, Any, NamedTuple

from llvmlite import ir
from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.core.errors import NumbaError  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]

from sweep_kernels.errors import KernelError
from sweep_kernels.explained import explained
from sweep_kernels.modules import Assembly, assembly_of, room_of, simplified
from sweep_kernels.native import Compiler, make_rng
from sweep_kernels.refusals import refuse_arrays, refuse_code, refuse_room, refuse_types

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["ONE_ARGUMENTS", "STRIDES", "WORD", "OneTrial", "one_trial"]

WORD = ir.IntType(64)
ARGUMENT_TYPES = {"int": types.int64, "float": types.float64, "bool": types.boolean, "str": types.int64}

ONE_ARGUMENTS = (
    *[types.int64] * 5, types.CPointer(types.int64), types.int64, types.CPointer(types.float64), types.int64, types.int64,
)  # fmt: skip
STRIDES = {"%arg.c2": 1, "%arg.i": 1}
"""What differs from one trial to the next."""


class OneTrial(NamedTuple):
    """A module with one trial, in its simplest scalar form.

    Attributes
    ----------
    text
        The module. It names this machine as its target, and has nothing in it that only this machine can do.
    entry
        The function. It takes a result and an exception that nobody reads, then `ONE_ARGUMENTS`; returns an i32, 0 unless the trial raised.
    output_kinds
        For each output ``"int"``, ``"float"`` or ``"bool"``.
    made
        What it was before it was simplified: functions that call each other, as numba writes them.
    """

    text: str
    entry: str
    output_kinds: tuple[str, ...]
    made: Assembly


def one_trial(kernel: Kernel, kinds: tuple[str, ...]) -> OneTrial:
    """Return one trial of a kernel for parameters of the given kinds.

    Raises
    ------
    KernelError
        If numba cannot type the function, it would compile into something else than plain Python does, or it does not return one number
        for each output.
    """
    found: list[str] = []
    compiler = Compiler(checked=True)
    trial = compiler.compiled(kernel.frozen)
    functions = [each.py_func for each in compiler.dispatchers]
    refuse_code(functions)
    refuse_arrays(functions)
    try:
        made = assembly_of(_one(kernel, kinds, trial, found), types.void(*ONE_ARGUMENTS))
    except (NumbaError, AssertionError) as error:  # numba asserts, in comparing tuples say
        raise KernelError(explained(kernel, functions, error)) from None
    refuse_types(compiler.dispatchers)
    text = simplified(made)
    refuse_room(kernel, room_of(text))
    return OneTrial(text, made.entry, tuple(found), made)


def _one(kernel: Kernel, kinds: tuple[str, ...], trial: Any, found: list[str]) -> Any:
    load = _loader(kinds)
    store = _storer(kernel, found)

    def one(k0, k1, c1, c2, c3, parameters, row, values, stride, i):
        store(values, stride, i, trial(make_rng(k0, k1, c1, c2, c3), *load(parameters, row)))

    return one


def _loader(kinds: tuple[str, ...]) -> Any:
    """Make ``load(words, row)``: one row of 64-bit words to a tuple of typed arguments."""
    result = types.Tuple([ARGUMENT_TYPES[kind] for kind in kinds])

    def argument(builder: Any, words: Any, row: Any, position: int) -> Any:
        at = builder.add(builder.mul(row, ir.Constant(WORD, len(kinds))), ir.Constant(WORD, position))
        word = builder.load(builder.gep(words, [at], inbounds=True))
        if kinds[position] == "float":
            return builder.bitcast(word, ir.DoubleType())
        if kinds[position] == "bool":
            return builder.trunc(word, ir.IntType(1))
        return word

    @intrinsic
    def load(context: Any, words: Any, row: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = [argument(builder, *arguments, position) for position in range(len(kinds))]
            return context.make_tuple(builder, signature.return_type, values)

        return result(types.CPointer(types.int64), types.int64), generate

    return load


def _storer(kernel: Kernel, found: list[str]) -> Any:
    """Make ``store(values, stride, i, result)``: what a trial returned into column ``i``, one row an output."""

    @intrinsic
    def store(context: Any, values: Any, stride: Any, i: Any, result: Any) -> Any:
        parts = list(result.types) if isinstance(result, types.BaseTuple) else [result]
        found[:] = _output_kinds(kernel, parts)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer, stride, i, value = arguments
            is_tuple = isinstance(signature.args[3], types.BaseTuple)
            for position, part in enumerate(parts):
                each = cgutils.unpack_tuple(builder, value)[position] if is_tuple else value
                number = context.cast(builder, each, part, types.float64)
                at = builder.add(builder.mul(stride, ir.Constant(WORD, position)), i)
                builder.store(number, builder.gep(pointer, [at], inbounds=True))
            return context.get_dummy_value()

        return types.void(types.CPointer(types.float64), types.int64, types.int64, result), generate

    return store


class _WrongResultError(NumbaError):
    """Our own verdict on a return type, carried through numba's type inference."""


def _output_kinds(kernel: Kernel, parts: list[Any]) -> list[str]:
    if len(parts) != len(kernel.outputs):
        names = ", ".join(repr(name) for name in kernel.outputs)
        returned, named = len(parts), len(kernel.outputs)
        raise _WrongResultError(
            f"it returns {returned} value{'s' * (returned != 1)}, and {named} output{'s are' if named != 1 else ' is'} named: {names}"
        )
    return [_output_kind(name, part) for name, part in zip(kernel.outputs, parts, strict=True)]


def _output_kind(name: str, part: Any) -> str:
    if isinstance(part, types.Boolean):
        return "bool"
    if isinstance(part, types.Integer):
        if part.bitwidth == WORD.width and not part.signed:
            raise _WrongResultError(f"output {name!r} is an unsigned integer of 64 bits: return int() or float() of it")
        return "int"
    if isinstance(part, types.Float):
        return "float"
    if isinstance(part, types.NoneType | types.Optional):
        raise _WrongResultError(
            f"output {name!r} is None on some path: return a number, a bool or a tuple of these everywhere"
        )
    raise _WrongResultError(f"output {name!r} is a {part}: return a number, a bool or a tuple of these")
