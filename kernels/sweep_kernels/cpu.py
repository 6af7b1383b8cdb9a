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
from numba.extending import intrinsic  # type: ignore[import-untyped]

from sweep_kernels.counter import high_word
from sweep_kernels.lanes import NotWidenedError, Widened, widened
from sweep_kernels.loading import WORD
from sweep_kernels.modules import Assembly, assembly_of, emitted, room_of
from sweep_kernels.native import compiled
from sweep_kernels.objectcode import ObjectCode
from sweep_kernels.pointers import beyond, linked_in, view
from sweep_kernels.refusals import refuse_symbols
from sweep_kernels.seal import sealed, unsealed
from sweep_kernels.shelf import cache_folder, read, toolchain, write
from sweep_kernels.statistics import APART, SLOTS, block_statistics
from sweep_kernels.trial import ONE_ARGUMENTS, STRIDES, OneTrial, one_trial

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["WIDTH", "compile_kernel"]

SLOT_COUNT = len(SLOTS)
MASK = 0xFFFFFFFF


TRIALS = "sweep_trials"
"""Name in the machine code of what runs the trials of a block."""

WIDTH = 32
"""Trials side by side: four vector registers of AVX-512 for each number, so that there is something to do while one waits."""

STACK = 1 << 19
"""Bytes that the arrays of trials side by side may have together."""


def compile_kernel(
    kernel: Kernel, kinds: tuple[str, ...], width: int | None = None, *, most: int = WIDTH
) -> ObjectCode:
    """Compile a kernel for parameters of the given kinds.

    Parameters
    ----------
    kernel
        What to compile.
    kinds
        For each of its parameters in order, ``"int"``, ``"float"``, ``"bool"`` or ``"str"``.
    width
        How many trials to run side by side, a power of two; 1 for one after the other, as LLVM likes. When left out, `most`, or
        what memory there is for, if that can be done. The results are the same to the bit.
    most
        The most that there may be when `width` is left out.

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
    one = one_trial(kernel, kinds)
    trials, width, why_alone = _trials(one, width, most)
    drive = _drive(len(kernel.columns))
    code, symbols = emitted([drive.text, trials.text], drive.entry)
    refuse_symbols(kernel, symbols)
    return ObjectCode(
        code,
        drive.entry,
        symbols,
        one.output_kinds,
        state=2 * trials.state,
        width=width,
        parts=trials.parts,
        why_alone=why_alone,
    )


def _fitting(room: int, most: int) -> int:
    """Return how many trials run side by side, `most` at most, when each has so many bytes of memory."""
    while most * room > STACK:
        most //= 2
    return most


def _trials(one: OneTrial, width: int | None, most: int) -> tuple[Widened, int, str]:
    """Return a module that runs the trials of a block as `TRIALS`, how many side by side, and why only one if more were wanted."""
    why_alone = ""
    if (width or most) != 1:
        try:
            given = width or _fitting(room_of(one.text), most)
            return widened(one.text, one.entry, TRIALS, STRIDES, given), given, ""
        except NotWidenedError as error:
            if width is not None:
                raise
            why_alone = str(error)
    return widened(one.text, one.entry, TRIALS, STRIDES, 1), 1, why_alone


DRIVE_ARGUMENTS = (*[types.int64] * 12, *[types.CPointer(types.int64)] * 2, *[types.CPointer(types.float64)] * 3)


@functools.cache
def _drive(outputs: int) -> Assembly:
    """Return the driver, which is the same for all kernels of so many outputs; it is kept, for numba needs a second for it."""
    digest = hashlib.sha256(f"{outputs} {toolchain()}".encode()).hexdigest()[:32]
    path = cache_folder() / f"driver-{digest}.ll"
    kept = unsealed(read(path) or b"")
    if kept is not None:
        entry, _, text = kept.decode().partition("\n")
        return Assembly(text, entry)
    made = assembly_of(_driver(outputs), types.void(*DRIVE_ARGUMENTS))
    write(path, sealed(f"{made.entry}\n{made.text}".encode()))
    return made


def _driver(outputs: int) -> Any:
    statistics = compiled(block_statistics, inline=False)
    first_word = compiled(high_word)

    def drive(
        k0, k1, common_numbers,
        first_point, first_block, block_count, start, count, trials, block_size, kept_stride, observer,
        parameters, tables, values, scratch, rows,
    ):  # fmt: skip
        stride = kept_stride if kept_stride > 0 else block_size + APART
        room = view(scratch, 0, block_size)
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
                    k0,
                    k1,
                    c1,
                    c2,
                    c3,
                    parameters,
                    row,
                    tables,
                    values,
                    stride,
                    base,
                    n,
                    beyond(scratch, block_size),
                )
                != 0
            ):
                raise ValueError
            for output in range(outputs):
                column = view(values, output * stride + base, n)
                statistics(column, n, first_trial, room, view(rows, (j * outputs + output) * SLOT_COUNT, SLOT_COUNT))
            if observer != 0:
                observe(observer, values, stride, base, n, j, rows)
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
    tables: Any,
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
        function = linked_in(builder.module, TRIALS, kind)
        nowhere = [
            cgutils.alloca_once(builder, pointer) for _ in range(2)
        ]  # for a result and an exception, which nobody reads
        return builder.call(function, [*nowhere, *arguments])

    return signature, generate


@intrinsic
def observe(context: Any, observer: Any, values: Any, stride: Any, base: Any, n: Any, j: Any, rows: Any) -> Any:
    """Show a block's values and statistics to the code whose address is the first thing that `observer` points to."""
    pointer = types.CPointer(types.float64)
    signature = types.void(types.int64, pointer, *[types.int64] * 4, pointer)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(8).as_pointer().as_pointer()] * 2 + [WORD] * len(arguments))
        words = [builder.ptrtoint(each, WORD) if each.type != WORD else each for each in arguments]
        code = builder.load(builder.inttoptr(words[0], kind.as_pointer().as_pointer()))
        nowhere = [cgutils.alloca_once(builder, ir.IntType(8).as_pointer()) for _ in range(2)]
        builder.call(code, [*nowhere, *words])
        return context.get_dummy_value()

    return signature, generate
