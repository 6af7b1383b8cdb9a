"""What compiled trials return: each number into the column of its output."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
from typing import TYPE_CHECKING, Any

from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.core.errors import NumbaError  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]
from numba.np.arrayobj import load_item  # type: ignore[import-untyped]

from sweep_kernels.loading import WORD, NarrowTable
from sweep_kernels.outputs import grouped, told

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["storer"]


def storer(outputs: Sequence[str], found: dict[int, list[str]], first: int = 0, apart: int = 0) -> Any:
    """Make ``store(values, stride, i, result, weight)``: what a trial returned into column ``i``, one row an output.

    Parameters
    ----------
    outputs
        Their names.
    found
        Gets the kind of each, ``"int"``, ``"float"`` or ``"bool"``, under the row of the first.
    first
        The row of the first of them.
    apart
        How many rows below each number the number times the weight goes; 0 if it goes nowhere.
    """
    groups = grouped(outputs)

    @intrinsic
    def store(context: Any, values: Any, stride: Any, i: Any, result: Any, weight: Any) -> Any:
        parts = _parts(outputs, groups, result)
        found[first] = [
            kind
            for part, (name, length) in zip(parts, groups.items(), strict=True)
            for kind in _kinds(name, length, part)
        ]

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointer, stride, i, value, weight = arguments
            is_bare = len(parts) == 1 and parts[0] == signature.args[3]
            each_value = [value] if is_bare else cgutils.unpack_tuple(builder, value)
            top = builder.gep(pointer, [i], inbounds=True)
            column = _Column(context, builder, top, stride, weight if apart else None, apart)
            row = first
            for part, length, each in zip(parts, groups.values(), each_value, strict=True):
                column.put(row, part, length, each)
                row += length or 1
            return context.get_dummy_value()

        return types.void(types.CPointer(types.float64), types.int64, types.int64, result, types.float64), generate

    return store


class _Column:
    """Writes numbers below each other."""

    def __init__(self, context: Any, builder: Any, top: Any, stride: Any, weight: Any, apart: int) -> None:
        self._context, self._builder = context, builder
        self._top, self._stride = top, stride
        self._weight, self._apart = weight, apart

    def put(self, row: int, part: Any, length: int, value: Any) -> None:
        """Write a number, or those of a vector, from a row on."""
        if isinstance(part, types.BaseTuple):
            for i, (kind, each) in enumerate(zip(part.types, cgutils.unpack_tuple(self._builder, value), strict=True)):
                self._put(WORD(row + i), kind, each)
        elif length:
            self._put_array(row, getattr(part, "array", part), length, value)
        else:
            self._put(WORD(row), part, value)

    def _put(self, row: Any, kind: Any, value: Any) -> None:
        builder = self._builder
        number = self._context.cast(builder, value, kind, types.float64)
        builder.store(number, builder.gep(self._top, [builder.mul(self._stride, row)], inbounds=True))
        if self._weight is not None:
            place = builder.mul(self._stride, builder.add(row, WORD(self._apart)))
            builder.store(builder.fmul(number, self._weight), builder.gep(self._top, [place], inbounds=True))

    def _put_array(self, row: int, kind: Any, length: int, value: Any) -> None:
        """Write an array in a loop: written out, it would be more than LLVM follows errors through."""
        context, builder = self._context, self._builder
        array = context.make_array(kind)(context, builder, value)
        (found,) = cgutils.unpack_tuple(builder, array.shape, 1)
        (step,) = cgutils.unpack_tuple(builder, array.strides, 1)
        with builder.if_then(builder.icmp_signed("!=", found, WORD(length)), likely=False):
            context.call_conv.return_user_exc(builder, ValueError, (f"an output has not {length} numbers",))
        with cgutils.for_range(builder, WORD(length)) as loop:
            place = cgutils.pointer_add(builder, array.data, builder.mul(step, loop.index))
            self._put(builder.add(loop.index, WORD(row)), kind.dtype, load_item(context, builder, kind, place))


class _WrongResultError(NumbaError):
    """Our own verdict on a return type, carried through numba's type inference."""


def _parts(outputs: Sequence[str], groups: dict[str, int], result: Any) -> list[Any]:
    """Return the type of each output as it was declared; a vector that is the one output may be returned bare."""
    parts = list(result.types) if isinstance(result, types.BaseTuple) else [result]
    if list(groups.values()) != [0] and len(groups) == 1 and not (len(parts) == 1 and _is_vector(parts[0])):
        return [result]
    if len(parts) != len(groups):
        names = ", ".join(map(repr, told(outputs)))
        returned, named = len(parts), len(groups)
        raise _WrongResultError(
            f"it returns {returned} value{'s' * (returned != 1)}, and {named} output{'s are' if named != 1 else ' is'} named: {names}"
        )
    return parts


def _is_vector(part: Any) -> bool:
    return isinstance(part, types.BaseTuple) or (isinstance(part, types.Array | NarrowTable) and part.ndim == 1)


def _kinds(name: str, length: int, part: Any) -> list[str]:
    if not length:
        return [_kind(name, part)]
    if not _is_vector(part):
        raise _WrongResultError(f"output {name!r} is a {part}: a tuple or an array of {length} numbers was declared")
    if not isinstance(part, types.BaseTuple):
        return [_kind(name, part.dtype)] * length
    if len(part.types) != length:
        raise _WrongResultError(f"output {name!r} is a tuple of {len(part.types)}: {length} numbers were declared")
    return [_kind(name, each) for each in part.types]


def _kind(name: str, part: Any) -> str:
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
    if _is_vector(part):
        raise _WrongResultError(
            f"output {name!r} is several numbers, a {part}: declare how many, as in outputs=[({name!r}, 3)], or return one number"
        )
    raise _WrongResultError(f"output {name!r} is a {part}: return a number, a bool or a tuple of these")
