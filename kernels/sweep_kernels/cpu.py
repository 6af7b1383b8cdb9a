"""Compile a kernel for the CPU: the one driver loop, as object code.

Imported only when there is no object code for a kernel yet; see ``sweep_kernels.cache`` for how it is kept.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
import functools
import hashlib
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.core.errors import NumbaError  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]
from numba.np.arrayobj import populate_array  # type: ignore[import-untyped]

from sweep_kernels.counter import high_word
from sweep_kernels.errors import KernelError
from sweep_kernels.explained import explained
from sweep_kernels.lanes import NotWidenedError, Widened, widened
from sweep_kernels.modules import Assembly, assembly_of, emitted, simplified
from sweep_kernels.native import Compiler, compiled, make_rng
from sweep_kernels.objectcode import ObjectCode
from sweep_kernels.refusals import refuse_code, refuse_symbols, refuse_types
from sweep_kernels.shelf import cache_folder, read, toolchain, write
from sweep_kernels.statistics import SCRATCH, SLOTS, block_statistics

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["WIDTH", "compile_kernel"]

WORD = ir.IntType(64)
ARGUMENT_TYPES = {"int": types.int64, "float": types.float64, "bool": types.boolean, "str": types.int64}
SLOT_COUNT = len(SLOTS)
MASK = 0xFFFFFFFF


TRIALS = "sweep_trials"
"""Name in the machine code of what runs the trials of a block."""

WIDTH = 16
"""Trials side by side: two to four vector registers for each number."""


def compile_kernel(kernel: Kernel, kinds: tuple[str, ...], width: int | None = None) -> ObjectCode:
    """Compile a kernel for parameters of the given kinds.

    Parameters
    ----------
    kernel
        What to compile.
    kinds
        For each of its parameters in order, ``"int"``, ``"float"``, ``"bool"`` or ``"str"``.
    width
        How many trials to run side by side, a power of two; 1 for one after the other, as LLVM likes. When left out, `WIDTH` if that can be done. The
        results are the same to the bit.

    Returns
    -------
    ObjectCode
        The driver as relocatable object code, with the kinds of its outputs.

    Raises
    ------
    KernelError
        If numba cannot type the function, it would compile into something else than plain Python does, or it does not return one number
        for each output.
    NotWidenedError
        If `width` is given, above 1, and cannot be had.
    """
    found: list[str] = []
    compiler = Compiler(checked=True)
    trial = compiler.compiled(kernel.frozen)
    functions = [each.py_func for each in compiler.dispatchers]
    refuse_code(functions)
    try:
        one = assembly_of(_one(kernel, kinds, trial, found), types.void(*ONE_ARGUMENTS))
    except (NumbaError, AssertionError) as error:  # numba asserts, in comparing tuples say
        raise KernelError(explained(kernel, functions, error)) from None
    refuse_types(compiler.dispatchers)
    trials, width, why_alone = _trials(one, width)
    drive = _drive(len(kernel.outputs))
    code, symbols = emitted([drive.text, trials.text], drive.entry)
    refuse_symbols(kernel, symbols)
    return ObjectCode(
        code,
        drive.entry,
        symbols,
        tuple(found),
        state=2 * trials.state,
        width=width,
        parts=trials.parts,
        why_alone=why_alone,
    )


def _trials(one: Assembly, width: int | None) -> tuple[Widened, int, str]:
    """Return a module that runs the trials of a block as `TRIALS`, how many side by side, and why only one if more were wanted."""
    scalar, why_alone = simplified(one), ""
    if width != 1:
        try:
            return widened(scalar, one.entry, TRIALS, STRIDES, width or WIDTH), width or WIDTH, ""
        except NotWidenedError as error:
            if width is not None:
                raise
            why_alone = str(error)
    return widened(scalar, one.entry, TRIALS, STRIDES, 1), 1, why_alone


ONE_ARGUMENTS = (
    *[types.int64] * 5, types.CPointer(types.int64), types.int64, types.CPointer(types.float64), types.int64, types.int64,
)  # fmt: skip
DRIVE_ARGUMENTS = (*[types.int64] * 11, types.CPointer(types.int64), *[types.CPointer(types.float64)] * 3)
STRIDES = {"%arg.c2": 1, "%arg.i": 1}
"""What differs from one trial to the next."""


def _one(kernel: Kernel, kinds: tuple[str, ...], trial: Any, found: list[str]) -> Any:
    load = _loader(kinds)
    store = _storer(kernel, found)

    def one(k0, k1, c1, c2, c3, parameters, row, values, stride, i):
        store(values, stride, i, trial(make_rng(k0, k1, c1, c2, c3), *load(parameters, row)))

    return one


@functools.cache
def _drive(outputs: int) -> Assembly:
    """Return the driver, which is the same for all kernels of so many outputs; it is kept, for numba needs a second for it."""
    digest = hashlib.sha256(f"{outputs} {toolchain()}".encode()).hexdigest()[:32]
    path = cache_folder() / f"driver-{digest}.ll"
    head, _, text = (read(path) or b"").partition(b"\n")
    if head.endswith(hashlib.sha256(text).hexdigest().encode()):
        return Assembly(text.decode(), head.decode().partition(" ")[0])
    made = assembly_of(_driver(outputs), types.void(*DRIVE_ARGUMENTS))
    body = made.text.encode()
    write(path, f"{made.entry} {hashlib.sha256(body).hexdigest()}\n".encode() + body)
    return made


def _driver(outputs: int) -> Any:
    statistics = compiled(block_statistics, inline=False)
    first_word = compiled(high_word)

    def drive(
        k0, k1, common_numbers,
        first_point, first_block, block_count, start, count, trials, block_size, kept_stride,
        parameters, values, scratch, rows,
    ):  # fmt: skip
        stride = kept_stride if kept_stride > 0 else block_size
        room = view(scratch, 0, SCRATCH + block_size)
        base = 0
        for j in range(count):
            row = (start + j) // block_count
            first_trial = (first_block + (start + j) % block_count) * block_size
            n = min(block_size, trials - first_trial)
            point = 0 if common_numbers != 0 else first_point + row
            c1 = first_word(point, first_trial)
            c2 = first_trial & MASK
            c3 = point & MASK
            if (
                run_trials(
                    k0, k1, c1, c2, c3, parameters, row, values, stride, base, n, beyond(scratch, SCRATCH + block_size)
                )
                != 0
            ):
                raise ValueError
            for output in range(outputs):
                column = view(values, output * stride + base, n)
                statistics(column, n, first_trial, room, view(rows, (j * outputs + output) * SLOT_COUNT, SLOT_COUNT))
            if kept_stride > 0:
                base += n

    return drive


@intrinsic
def run_trials(
    context: Any,
    k0: Any,
    k1: Any,
    c1: Any,
    c2: Any,
    c3: Any,
    parameters: Any,
    row: Any,
    values: Any,
    stride: Any,
    i: Any,
    count: Any,
    room: Any,
) -> Any:
    """Run the trials of a block; returns 0 unless one raises."""
    signature = types.int32(*ONE_ARGUMENTS, types.int64, types.CPointer(types.float64))

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [pointer.as_pointer()] * 2 + [each.type for each in arguments])
        function = cgutils.get_or_insert_function(builder.module, kind, TRIALS)
        if function.is_declaration:  # numba looks for all names at once; a weak function gives way to the real one
            function.linkage = "weak"
            ir.IRBuilder(function.append_basic_block()).ret(ir.Constant(ir.IntType(32), 1))
        nowhere = [
            cgutils.alloca_once(builder, pointer) for _ in range(2)
        ]  # for a result and an exception, which nobody reads
        return builder.call(function, [*nowhere, *arguments])

    return signature, generate


@intrinsic
def beyond(context: Any, pointer: Any, start: Any) -> Any:
    """Return ``pointer + start``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]], inbounds=True)

    return types.CPointer(types.float64)(types.CPointer(types.float64), types.int64), generate


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
