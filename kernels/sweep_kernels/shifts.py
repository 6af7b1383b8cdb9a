"""Whole numbers shifted by a count: what plain Python gives, in 64 bits, whatever the count.

LLVM leaves a shift by a negative count, or by 64 and more, undefined: processors disagree on it, and registers of lanes with scalar ones.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
import operator
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.core import types  # type: ignore[import-untyped]
from numba.core.imputils import lower_builtin  # type: ignore[import-untyped]
from numba.cpython.numbers import int_shl_impl, int_shr_impl  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["define_shifts"]

WORD = ir.IntType(64)
BITS = 64
NEGATIVE = "negative shift count"


def define_shifts(is_ours: Callable[[Any], bool]) -> None:
    """Give numba's shifts a meaning for every count, in code of ours only.

    Parameters
    ----------
    is_ours
        Tells by numba's context whether what is compiled is a kernel's; anything else keeps numba's own shifts.
    """

    def choose(ours: Any, otherwise: Any) -> Any:
        def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return (ours if is_ours(context) else otherwise)(context, builder, signature, arguments)

        return lower

    for kind in types.integer_domain:
        for each in (operator.lshift, operator.ilshift):
            lower_builtin(each, kind, kind)(choose(_left, int_shl_impl))
        for each in (operator.rshift, operator.irshift):
            lower_builtin(each, kind, kind)(choose(_right, int_shr_impl))


def _left(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Shift out of 64 bits what does not fit in them: all of it by 64 and more."""
    value, count = _operands(context, builder, signature, arguments)
    is_within = builder.icmp_unsigned("<", count, WORD(BITS))
    return builder.select(is_within, builder.shl(value, builder.and_(count, WORD(BITS - 1))), WORD(0))


def _right(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Leave the sign of what is shifted out whole."""
    value, count = _operands(context, builder, signature, arguments)
    is_within = builder.icmp_unsigned("<", count, WORD(BITS))
    if signature.return_type.signed:
        return builder.ashr(value, builder.select(is_within, count, WORD(BITS - 1)))
    return builder.select(is_within, builder.lshr(value, builder.and_(count, WORD(BITS - 1))), WORD(0))


def _operands(context: Any, builder: Any, signature: Any, arguments: Any) -> tuple[Any, Any]:
    """Return value and count in 64 bits; a negative count raises, as in plain Python."""
    (value_type, count_type), (value, count) = signature.args, arguments
    value = context.cast(builder, value, value_type, signature.return_type)
    count = context.cast(builder, count, count_type, types.int64 if count_type.signed else types.uint64)
    if count_type.signed:
        with builder.if_then(builder.icmp_signed("<", count, WORD(0)), likely=False):
            context.call_conv.return_user_exc(builder, ValueError, (NEGATIVE,))
    return value, count
