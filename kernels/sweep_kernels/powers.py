"""``x ** y`` of floats in compiled code: ours, as plain Python has it (`sweep_kernels.exponents`)."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
import operator
from typing import TYPE_CHECKING, Any

from numba.core import types  # type: ignore[import-untyped]
from numba.core.imputils import lower_builtin  # type: ignore[import-untyped]
from numba.core.typing import signature as signature_of  # type: ignore[import-untyped]
from numba.cpython.numbers import int_power_impl, real_power_impl, static_power_impl  # type: ignore[import-untyped]

from sweep_kernels.mathematics.power import MULTIPLIED

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["define_powers"]


def define_powers(is_ours: Callable[[Any], bool], power: Any) -> None:
    """Give numba's powers of floats our meaning, in code of ours only.

    Parameters
    ----------
    is_ours
        Tells by numba's context whether what is compiled is a kernel's with our mathematics; anything else keeps numba's own powers.
    power
        `sweep_kernels.mathematics.power`, made compilable.
    """

    def of_two(x: float, y: float) -> float:
        return power(x, y)

    def ours(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = [
            context.cast(builder, value, kind, types.float64)
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        found = context.compile_internal(builder, of_two, signature_of(types.float64, *[types.float64] * 2), wide)
        return context.cast(builder, found, types.float64, signature.return_type)

    def choose(otherwise: Any, is_the_same: Callable[[Any], bool] = lambda _: False) -> Any:
        def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            made = ours if is_ours(context) and not is_the_same(signature) else otherwise
            return made(context, builder, signature, arguments)

        return lower

    for each in (operator.pow, operator.ipow):
        lower_builtin(each, types.Float, types.Float)(choose(real_power_impl))
        lower_builtin(each, types.Float, types.IntegerLiteral)(choose(static_power_impl, _is_multiplied))
        for kind in types.integer_domain:
            lower_builtin(each, types.Float, kind)(choose(int_power_impl))


def _is_multiplied(signature: Any) -> bool:
    """Tell whether numba multiplies as we do, without more assembly than that: for a small whole number that is written out."""
    return signature.return_type == types.float64 and abs(signature.args[1].literal_value) < MULTIPLIED
