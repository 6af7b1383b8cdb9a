"""Expressions over parameters: read by Python's own parser, evaluated on whole columns, never by ``eval``."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import SpaceError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sweep.space.parameter import Parameter

__all__ = ["Expression"]

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda a, b: np.power(np.asarray(a, np.float64), b),
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: np.isin,
    ast.NotIn: lambda a, b: ~np.isin(a, b),
}
_UNARY: dict[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: np.logical_not}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "floor": np.floor,
    "ceil": np.ceil,
}


class Expression:
    """A condition on a point's parameters.

    Parameters
    ----------
    text
        See `sweep.space.base.Space.where`.
    parameters
        What it may name.

    Raises
    ------
    SpaceError
        If it cannot be read.

    Examples
    --------
    >>> from sweep.space.parameter import Parameter
    >>> Expression("a>1 and a <= 3", (Parameter("a", "int"),)).text
    'a > 1 and a <= 3'
    """

    def __init__(self, text: Any, parameters: tuple[Parameter, ...]) -> None:
        if not isinstance(text, str):
            raise SpaceError(
                f"where({text!r}): write the condition as text, so that a plan can hold it: where('a > 1 and b < 2')"
            )
        self._parameters = {each.name: each for each in parameters}
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise SpaceError(f"where {text!r}: {error}") from None
        self.text = ast.unparse(self._tree)
        self._check(self._tree)

    def __call__(self, columns: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Evaluate it on columns of values; strings as category codes."""
        rows = len(next(iter(columns.values())))
        held = {
            name: np.array(each.categories, dtype=np.str_)[columns[name]] if each.kind == "str" else columns[name]
            for name, each in self._parameters.items()
            if any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(self._tree))
        }
        with np.errstate(all="ignore"):
            try:
                found = self._value(self._tree, held)
            except (TypeError, ValueError, ZeroDivisionError) as error:
                raise SpaceError(f"where {self.text!r}: {error}") from None
        return np.broadcast_to(np.asarray(found, np.bool_), (rows,))

    def _check(self, node: ast.expr) -> None:
        """Refuse what is not in the language, before anything is evaluated."""
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and each.id not in self._parameters and each.id not in _FUNCTIONS:
                raise SpaceError(
                    f"where {self.text!r}: there is no parameter {each.id!r}: {nearest(each.id, list(self._parameters))}"
                )
            if isinstance(each, ast.Call) and not (
                isinstance(each.func, ast.Name) and each.func.id in _FUNCTIONS and not each.keywords
            ):
                raise SpaceError(f"where {self.text!r}: {ast.unparse(each.func)!r} is none of {', '.join(_FUNCTIONS)}")
            if isinstance(each, ast.Constant) and not isinstance(each.value, bool | int | float | str):
                raise SpaceError(f"where {self.text!r}: {each.value!r} is no number, bool or string")
            if isinstance(each, ast.expr) and not isinstance(each, _ALLOWED):
                raise SpaceError(f"where {self.text!r}: {ast.unparse(each)!r} cannot stand in a condition")
            if isinstance(each, ast.operator | ast.cmpop | ast.unaryop) and type(each) not in {
                **_BINARY,
                **_COMPARE,
                **_UNARY,
            }:
                raise SpaceError(f"where {self.text!r}: the operator {type(each).__name__} cannot stand in a condition")

    def _value(self, node: ast.expr, held: dict[str, Any]) -> Any:  # noqa: PLR0911 - one for each kind of node
        match node:
            case ast.Name(id=name):
                return held[name]
            case ast.Constant(value=value):
                return value
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(each, held) for each in items]
            case ast.UnaryOp(op=op, operand=operand):
                return _UNARY[type(op)](self._value(operand, held))
            case ast.BinOp(left=left, op=op, right=right):
                return _BINARY[type(op)](self._value(left, held), self._value(right, held))
            case ast.BoolOp(op=op, values=values):
                join = np.logical_and if isinstance(op, ast.And) else np.logical_or
                return join.reduce(np.broadcast_arrays(*[self._value(each, held) for each in values]))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                values = [self._value(each, held) for each in (left, *comparators)]
                found = [_COMPARE[type(op)](a, b) for op, a, b in zip(ops, values, values[1:], strict=False)]
                return np.logical_and.reduce(np.broadcast_arrays(*found))
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return _FUNCTIONS[name](*[self._value(each, held) for each in arguments])
            case _:
                raise TypeError(f"{ast.unparse(node)!r} cannot stand in a condition")


_ALLOWED = (ast.Name, ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.Call)
