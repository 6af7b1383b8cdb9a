"""Arrays that a trial makes for itself, compiled: each a piece of the stack, for its size is known."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
import math
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.core.analysis import compute_cfg_from_blocks  # type: ignore[import-untyped]
from numba.core.errors import TypingError  # type: ignore[import-untyped]
from numba.core.typing.npydecl import parse_dtype  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]
from numba.np.arrayobj import populate_array  # type: ignore[import-untyped]

from sweep_kernels import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ROOM", "STAND_INS", "made_again"]

ROOM = "sweep.room"
"""How the memory of an array is named in LLVM's assembly."""

WORD = ir.IntType(64)
OMITTED = types.Omitted(None)
BUILTINS = {bool: types.boolean, int: types.int64, float: types.float64}
"""What NumPy takes Python's own types for."""
UNKNOWN_SHAPE = (
    "an array that a trial makes has a size that is written out, as in np.zeros(8), or is a constant of the module, SIZE = 8: "
    "make it as large as it ever gets"
)


def _sizes(shape: Any) -> tuple[int, ...]:
    each_of = shape.types if isinstance(shape, types.BaseTuple) else (shape,)
    if not all(isinstance(each, types.IntegerLiteral) for each in each_of):
        raise TypingError(UNKNOWN_SHAPE)
    sizes = tuple(each.literal_value for each in each_of)
    if not sizes or min(sizes) < 1:
        raise TypingError(f"an array that a trial makes has the shape {sizes}: sizes are 1 or more")
    return sizes


def _kind(dtype: Any, otherwise: Any) -> Any:
    if isinstance(dtype, types.Omitted | types.NoneType):
        return otherwise
    kind = BUILTINS.get(getattr(dtype, "typing_key", None)) or parse_dtype(dtype)
    if not isinstance(kind, types.Integer | types.Float | types.Boolean):
        raise TypingError(
            "an array that a trial makes holds numbers or bools: np.zeros(8, np.int64), say, or dtype=int"
        )
    return kind


def _room(shape: Any, kind: Any) -> tuple[Any, Any]:
    """Return the type of an array, and what takes a piece of the stack for it and makes all of it one value."""
    sizes = _sizes(shape)
    array = types.Array(kind, len(sizes), "C")

    def generate(context: Any, builder: Any, value: Any) -> Any:
        element = context.get_data_type(kind)
        size = context.get_abi_sizeof(element)
        with builder.goto_entry_block():
            room = builder.alloca(ir.ArrayType(element, math.prod(sizes)), name=ROOM)
        data = builder.bitcast(room, element.as_pointer())
        with cgutils.for_range(builder, ir.Constant(WORD, math.prod(sizes))) as loop:
            context.pack_value(builder, kind, value, builder.gep(data, [loop.index]))
        strides = [size * math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
        made = context.make_array(array)(context, builder)
        populate_array(
            made,
            data=data,
            shape=cgutils.pack_array(builder, [ir.Constant(WORD, each) for each in sizes]),
            strides=cgutils.pack_array(builder, [ir.Constant(WORD, each) for each in strides]),
            itemsize=ir.Constant(WORD, size),
            meminfo=None,
        )
        return made._getvalue()

    return array, generate


def _all(number: int, shape: Any, dtype: Any) -> Any:
    """Define a function that makes an array of one number."""
    dtype = OMITTED if dtype is None else dtype
    kind = _kind(dtype, types.float64)
    array, room = _room(shape, kind)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return room(context, builder, context.get_constant(kind, number))

    return array(shape, dtype), generate


@intrinsic(prefer_literal=True)
def _zeros(context: Any, shape: Any, dtype: Any = None) -> Any:
    return _all(0, shape, dtype)


@intrinsic(prefer_literal=True)
def _ones(context: Any, shape: Any, dtype: Any = None) -> Any:
    return _all(1, shape, dtype)


@intrinsic(prefer_literal=True)
def _full(context: Any, shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    dtype = OMITTED if dtype is None else dtype
    kind = _kind(dtype, types.unliteral(fill_value))
    array, room = _room(shape, kind)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return room(context, builder, context.cast(builder, arguments[1], fill_value, kind))

    return array(shape, fill_value, dtype), generate


STAND_INS = {id(scratch.zeros): _zeros, id(scratch.empty): _zeros, id(scratch.ones): _ones, id(scratch.full): _full}
"""By the identity of a function of ours, what stands for it in compiled code."""


def made_again(annotation: Any) -> Iterator[int]:
    """Yield the lines in which a compiled function makes an array in a loop: all passes would have the same one.

    Told by types, not by names: by then functions within functions are in their place, and a maker may have another name or be an argument.
    """
    blocks = annotation.blocks
    for loop in compute_cfg_from_blocks(blocks).loops().values():
        for call in (call for label in loop.body for call in blocks[label].find_exprs("call")):
            if getattr(annotation.typemap.get(call.func.name), "typing_key", None) in STAND_INS.values():
                yield call.loc.line
