"""What compiled trials get: numbers from the words of a point, tables from their addresses."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false, reportUntypedFunctionDecorator=false
# (numba's decorators rewrite the signatures of what they decorate)
import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.core.datamodel import models  # type: ignore[import-untyped]
from numba.core.typing.arraydecl import get_array_index_type  # type: ignore[import-untyped]
from numba.extending import intrinsic, overload, overload_attribute, register_model  # type: ignore[import-untyped]
from numba.np.arrayobj import populate_array  # type: ignore[import-untyped]
from numba.np.numpy_support import from_dtype  # type: ignore[import-untyped]

from sweep_kernels.native import CHECKED
from sweep_kernels.tables import table_kind

__all__ = ["WORD", "loader"]

WORD = ir.IntType(64)
NUMBERS = {
    "int": types.int64,
    "float": types.float64,
    "float32": types.float64,
    "bool": types.boolean,
    "str": types.int64,
}
WIDE = {"float64", "int64", "bool"}
"""Types of tables whose elements are what numba makes of them already."""


class NarrowTable(types.Type):
    """A table whose elements are kept in fewer bits than a number of a kernel has."""

    def __init__(self, array: types.Array) -> None:
        self.array, self.dtype, self.ndim = array, array.dtype, array.ndim
        super().__init__(name=f"table({array})")


register_model(NarrowTable)(models.ArrayModel)


def argument_type(kind: str) -> Any:
    """Return numba's type for a parameter of a kind: a number's, or an array's that cannot be written to."""
    found = table_kind(kind)
    if found is None:
        return NUMBERS[kind]
    name, dimensions = found
    array = types.Array(from_dtype(np.dtype(name)), dimensions, "C", readonly=True)
    return array if name in WIDE else NarrowTable(array)


def loader(kinds: tuple[str, ...]) -> Any:
    """Make ``load(words, row, tables)``: one row of 64-bit words, and where tables are, to a tuple of typed arguments."""
    result = types.Tuple([argument_type(kind) for kind in kinds])
    pointer = types.CPointer(types.int64)

    @intrinsic
    def load(context: Any, words: Any, row: Any, tables: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            words, row, tables = arguments
            values, at = list[Any](), 0
            for position, (kind, each) in enumerate(zip(kinds, result.types, strict=True)):
                if table_kind(kind) is None:
                    start = builder.add(builder.mul(row, WORD(len(kinds))), WORD(position))
                    values.append(_number(builder, kind, _word(builder, words, start)))
                else:
                    values.append(_table(context, builder, each, tables, at))
                    at += 1 + each.ndim
            return context.make_tuple(builder, signature.return_type, values)

        return result(pointer, types.int64, pointer), generate

    return load


def _word(builder: Any, words: Any, at: Any) -> Any:
    return builder.load(builder.gep(words, [at], inbounds=True))


def _number(builder: Any, kind: str, word: Any) -> Any:
    if kind in {"float", "float32"}:
        return builder.bitcast(word, ir.DoubleType())
    return builder.trunc(word, ir.IntType(1)) if kind == "bool" else word


def _table(context: Any, builder: Any, kind: Any, words: Any, at: int) -> Any:
    """Make numba's array of a table: its address is word `at`, its lengths follow."""
    array = getattr(kind, "array", kind)
    made = context.make_array(array)(context, builder)
    element = context.get_data_type(array.dtype)
    size = context.get_abi_sizeof(element)
    shape = [_word(builder, words, WORD(at + 1 + each)) for each in range(array.ndim)]
    strides = [WORD(size)]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    populate_array(
        made,
        data=builder.inttoptr(_word(builder, words, WORD(at)), element.as_pointer()),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=WORD(size),
        meminfo=None,
    )
    return made._getvalue()


@intrinsic
def _kept(context: Any, table: Any) -> Any:
    """See a narrow table as the array that it is."""
    return table.array(table), lambda _c, _b, _s, arguments: arguments[0]


@intrinsic
def _widened(context: Any, array: Any) -> Any:
    """See an array of narrow numbers as a table; the other way round."""
    return NarrowTable(array)(array), lambda _c, _b, _s, arguments: arguments[0]


@overload(operator.getitem, jit_options=CHECKED)
def _getitem(table, index):
    """Read an element as a number of 64 bits, or a part as a table."""
    if not isinstance(table, NarrowTable):
        return None
    found = get_array_index_type(table.array, index)
    if found is None:
        return None
    if isinstance(found.result, types.Array):
        return lambda table, index: _widened(_kept(table)[index])
    if isinstance(table.dtype, types.Float):
        return lambda table, index: types.float64(_kept(table)[index])
    return lambda table, index: types.int64(_kept(table)[index])


@overload(len, jit_options=CHECKED)
def _len(table):
    return (lambda table: _kept(table).shape[0]) if isinstance(table, NarrowTable) else None


@overload_attribute(NarrowTable, "shape", jit_options=CHECKED)
def _shape(table):
    return lambda table: _kept(table).shape


@overload_attribute(NarrowTable, "size", jit_options=CHECKED)
def _size(table):
    return lambda table: _kept(table).size


@overload_attribute(NarrowTable, "ndim", jit_options=CHECKED)
def _ndim(table):
    return lambda table: _kept(table).ndim
