"""``x ** y`` of floats in plain Python: ours, as compiled code has it (`sweep_kernels.powers`).

A function with powers in it is compiled again from its source, twice, with every line where it was. Both times a power of written-out
numbers is worked out by us, unless it is exact, where Python's compiler would ask the C library. For plain Python each exponent is put into
an `Exponent`, which Python asks for the power since no number knows it; numba gets the code without these.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweep_kernels.mathematics import power
from sweep_kernels.repeatable import EDITION
from sweep_kernels.source import changed, normalised_source

if TYPE_CHECKING:
    import types
    from collections.abc import Callable

__all__ = ["POWER", "Exponent", "Powers", "with_our_powers", "written"]

POWER = f"** of floats, edition {EDITION}"
"""Part of the version of each function that has a power in it."""

NAME = "**"
"""What `Exponent` is called in a function's globals; no name of the user's can be that."""

WRITTEN = "code_as_written"
FLOATS: tuple[type, ...] = (float, np.floating)
REALS: tuple[type, ...] = (*FLOATS, int, np.integer, np.bool_)
NARROW_EXPONENTS: tuple[type, ...] = (np.float32, int, np.integer)
"""What a float32 is raised to for a float32."""
FOLDED_BITS = 128
"""Python's compiler works out whole powers of so many bits."""
LARGEST_EXACT = 1100
"""No larger exponent has an exact power but of 0 and 1."""


class Exponent:
    """What a number is raised to: the right-hand side of ``**``."""

    __slots__ = ("_value",)
    __array_ufunc__ = None  # so that NumPy's numbers do not know it either

    def __init__(self, value: Any) -> None:
        self._value = value

    def __rpow__(self, base: Any) -> Any:
        return _raised(base, self._value)


def _raised(x: Any, y: Any) -> Any:
    """Return ``x ** y``: ours for floats, Python's for whole numbers, complex ones and arrays.

    Raises
    ------
    ZeroDivisionError, OverflowError, ValueError
        As ``math.pow`` does, where what comes out is not finite though both are: compiled code carries on.
    """
    if not (isinstance(x, REALS) and isinstance(y, REALS)) or _is_whole_power(x, y):
        return x**y
    result = power(float(x), float(y))
    if not math.isfinite(result) and math.isfinite(x) and math.isfinite(y):
        raise _error(x, result)
    is_narrow = type(x) is np.float32 and isinstance(y, NARROW_EXPONENTS)
    return np.float32(result) if is_narrow else result


def _is_whole_power(x: Any, y: Any) -> bool:
    return not isinstance(x, FLOATS) and not isinstance(y, FLOATS) and y >= 0


def _error(base: Any, result: float) -> Exception:
    if base == 0:
        return ZeroDivisionError("0.0 cannot be raised to a negative power")
    return ValueError("math domain error") if math.isnan(result) else OverflowError("math range error")


class Powers(NamedTuple):
    """The code of a function with powers in it.

    Attributes
    ----------
    plain
        What plain Python runs.
    written
        What numba compiles.
    """

    plain: types.CodeType
    written: types.CodeType

    def put_into(self, function: types.FunctionType) -> None:
        """Give a function that runs the plain code the rest of what it needs."""
        function.__globals__[NAME] = Exponent
        setattr(function, WRITTEN, self.written)


def written(function: types.FunctionType) -> types.CodeType:
    """Return a function's code for numba."""
    return getattr(function, WRITTEN, function.__code__)


def with_our_powers(function: types.FunctionType) -> Powers | None:
    """Compile a function's powers as ours; None where it has none that could be otherwise.

    >>> with_our_powers(lambda x: x * 2.0**-3) is None
    True
    """
    source, code = normalised_source(function) or "", function.__code__
    return _with_our_powers(code, code.co_filename, source) if "op=Pow()" in source else None


@functools.lru_cache(maxsize=1024)
def _with_our_powers(code: types.CodeType, file: str, source: str) -> Powers | None:
    """Compile code, once as long as it stands in the same file and means the same."""
    del file, source
    asking, folding = _Asking(), _Folding()
    powers = Powers(changed(code, asking.visit), changed(code, folding.visit))
    return powers if asking.has_changed else None


class _Folding(ast.NodeTransformer):
    """Works powers of written-out numbers out, but for those that every library gets right: they are exact."""

    has_changed = False

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """``x ** y``, and what is in any other expression."""
        if not isinstance(node.op, ast.Pow):
            return self.generic_visit(node)
        x, y = _value(node.left), _value(node.right)
        value = None if x is None or y is None else _power(x, y)
        if value is None:
            return self.power(node)
        if _is_exact(x, y, value):
            return node
        self.has_changed = True
        return ast.copy_location(ast.Constant(value), node)

    def power(self, node: ast.BinOp) -> ast.AST:
        """Leave a power of other numbers alone, but not what is in it."""
        return self.generic_visit(node)


class _Asking(_Folding):
    """Puts exponents into an `Exponent` as well."""

    def power(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        node.right = self._asked(node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """``x **= y``."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Pow):
            node.value = self._asked(node.value)
        return node

    def _asked(self, exponent: ast.expr) -> ast.expr:
        self.has_changed = True
        name = ast.copy_location(ast.Name(NAME, ast.Load()), exponent)
        return ast.copy_location(ast.Call(name, [exponent], []), exponent)


def _value(node: ast.expr) -> Any:
    """Work out an expression of written-out numbers; None for any other, and for one that has no value."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, REALS) else None
    operands = [node.operand] if isinstance(node, ast.UnaryOp) else []
    operands = [node.left, node.right] if isinstance(node, ast.BinOp) else operands
    values = [_value(each) for each in operands]
    operation = OPERATIONS.get(type(getattr(node, "op", None)))
    if operation is None or not values or None in values:
        return None
    try:
        return operation(*values)
    except ArithmeticError:
        return None


def _power(x: Any, y: Any) -> Any:
    """Return a power of written-out numbers; None for a whole one that Python's compiler does not work out either."""
    if _is_whole_power(x, y):
        return x**y if int(x).bit_length() * y <= FOLDED_BITS else None
    return power(float(x), float(y))


def _is_exact(x: Any, y: Any, value: Any) -> bool:
    """Tell whether a power is the very number: of written-out numbers, ``2.0**-40`` but not ``10.0**-1``."""
    if not (abs(y) <= LARGEST_EXACT and y == int(y) and math.isfinite(x) and math.isfinite(value)):
        return False
    return Fraction(x) ** int(y) == Fraction(value)


OPERATIONS: dict[type, Callable[..., Any]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: _power,
}  # fmt: skip
