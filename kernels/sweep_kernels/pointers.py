"""Memory as functions see it that numba compiles for us: from an address, or a pointer and how far beyond it."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
from typing import Any

from llvmlite import ir
from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]
from numba.np.arrayobj import populate_array  # type: ignore[import-untyped]

__all__ = ["beyond", "counters_at", "floats_at", "integers_at", "linked_in", "view"]

WORD = ir.IntType(64)
STATUS = ir.IntType(32)


@intrinsic
def beyond(context: Any, pointer: Any, start: Any) -> Any:
    """Return ``pointer + start``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]], inbounds=True)

    return pointer(pointer, types.int64), generate


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


def _numbers_at(kind: Any) -> Any:
    """Make what sees an address as that of numbers of a kind."""
    pointer = types.CPointer(kind)

    @intrinsic
    def numbers_at(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.int64), generate

    return numbers_at


integers_at = _numbers_at(types.int64)
floats_at = _numbers_at(types.float64)
counters_at = _numbers_at(types.int32)


def linked_in(module: Any, name: str, kind: ir.FunctionType) -> Any:
    """Return a function that is linked in later. numba looks for all names at once; a weak function gives way to the real one."""
    function = cgutils.get_or_insert_function(module, kind, name)
    if function.is_declaration:
        function.linkage = "weak"
        ir.IRBuilder(function.append_basic_block()).ret(ir.Constant(STATUS, 1))
    return function
