"""Compile a kernel for the CPU: the one driver loop, as object code.

Imported only when there is no object code for a kernel yet; see ``sweep_kernels.cache`` for how it is kept.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import njit, types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.core.errors import NumbaError  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]
from numba.np.arrayobj import populate_array  # type: ignore[import-untyped]

from sweep_kernels.counter import high_word
from sweep_kernels.errors import KernelError
from sweep_kernels.explained import explained
from sweep_kernels.native import Compiler, compiled, make_rng
from sweep_kernels.objectcode import ObjectCode, target_machine
from sweep_kernels.refusals import refuse_code, refuse_symbols, refuse_types
from sweep_kernels.statistics import SCRATCH, SLOTS, block_statistics

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["compile_kernel"]

WORD = ir.IntType(64)
ARGUMENT_TYPES = {"int": types.int64, "float": types.float64, "bool": types.boolean, "str": types.int64}
SLOT_COUNT = len(SLOTS)
MASK = 0xFFFFFFFF


def compile_kernel(kernel: Kernel, kinds: tuple[str, ...]) -> ObjectCode:
    """Compile a kernel for parameters of the given kinds.

    Parameters
    ----------
    kernel
        What to compile.
    kinds
        For each of its parameters in order, ``"int"``, ``"float"``, ``"bool"`` or ``"str"``.

    Returns
    -------
    ObjectCode
        The driver as relocatable object code, with the kinds of its outputs.

    Raises
    ------
    KernelError
        If numba cannot type the function, it would compile into something else than plain Python does, or it does not return one number
        for each output.
    """
    found: list[str] = []
    compiler = Compiler(checked=True)
    signature = types.void(
        *[types.int64] * 3, *[types.int64] * 8, *[types.CPointer(types.int64)], *[types.CPointer(types.float64)] * 3
    )
    trial = compiler.compiled(kernel.frozen)
    functions = [each.py_func for each in compiler.dispatchers]
    refuse_code(functions)
    try:
        dispatcher = njit(signature, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(
            _driver(kernel, kinds, trial, found),
        )
    except (NumbaError, AssertionError) as error:  # numba asserts, in comparing tuples say
        raise KernelError(explained(kernel, functions, error)) from None
    refuse_types(compiler.dispatchers)
    result = dispatcher.overloads[signature.args]
    assert not result.library.has_dynamic_globals, "an address of this process is in the code"  # noqa: S101 - our mistake, and it must stop us
    code, symbols = _object_code(result.library.get_llvm_str(), result.fndesc.llvm_func_name)
    refuse_symbols(kernel, symbols)
    return ObjectCode(code=code, entry=result.fndesc.llvm_func_name, symbols=symbols, output_kinds=tuple(found))


def _driver(kernel: Kernel, kinds: tuple[str, ...], trial: Any, found: list[str]) -> Any:
    load = _loader(kinds)
    store = _storer(kernel, found)
    statistics = compiled(block_statistics, inline=False)
    first_word = compiled(high_word)
    outputs = len(kernel.outputs)

    def drive(
        k0, k1, common_numbers,
        first_point, first_block, width, start, count, trials, block_size, kept_stride,
        parameters, values, scratch, rows,
    ):  # fmt: skip
        stride = kept_stride if kept_stride > 0 else block_size
        room = view(scratch, 0, SCRATCH + block_size)
        base = 0
        for j in range(count):
            row = (start + j) // width
            first_trial = (first_block + (start + j) % width) * block_size
            n = min(block_size, trials - first_trial)
            point = 0 if common_numbers != 0 else first_point + row
            c1 = first_word(point, first_trial)
            c2 = first_trial & MASK
            c3 = point & MASK
            arguments = load(parameters, row)
            for i in range(n):
                store(values, stride, base + i, trial(make_rng(k0, k1, c1, c2 + i, c3), *arguments))
            for output in range(outputs):
                column = view(values, output * stride + base, n)
                statistics(column, n, first_trial, room, view(rows, (j * outputs + output) * SLOT_COUNT, SLOT_COUNT))
            if kept_stride > 0:
                base += n

    return drive


@intrinsic
def view(context: Any, pointer: Any, start: Any, length: Any) -> Any:
    """See ``length`` numbers from ``pointer + start`` on as an array that owns nothing."""
    array = types.Array(types.float64, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, start, length = arguments
        made = context.make_array(signature.return_type)(context, builder)
        populate_array(
            made,
            data=builder.gep(pointer, [start], inbounds=True),
            shape=cgutils.pack_array(builder, [length]),
            strides=cgutils.pack_array(builder, [ir.Constant(WORD, 8)]),
            itemsize=ir.Constant(WORD, 8),
            meminfo=None,
        )
        return made._getvalue()

    return array(types.CPointer(types.float64), types.int64, types.int64), generate


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


def _object_code(text: str, entry: str) -> tuple[bytes, tuple[str, ...]]:
    """Strip a module to what `entry` needs and emit it for this processor."""
    module = llvm.parse_assembly(text)
    for each in [*module.functions, *module.global_variables]:
        if not each.is_declaration:
            each.linkage = "external" if each.name == entry else "internal"
    machine = target_machine()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)
    symbols = tuple(each.name for each in module.functions if each.is_declaration and not each.name.startswith("llvm."))
    return machine.emit_object(module), symbols
