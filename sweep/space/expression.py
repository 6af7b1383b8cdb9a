"""Expressions over parameters: read by Python's own parser, evaluated on whole columns, never by ``eval``.

What Python would raise for a point is an error here too, never a value: division by zero, the root of a negative number, integers that outgrow
64 bits. As in Python, what stands after ``and`` is asked only of the points that passed what stands before it.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from sweep.errors import SpaceError, nearest
from sweep.space.parameter import fits

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
}
_MEMBERSHIP = (ast.In, ast.NotIn)
_UNARY: dict[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "min": lambda *values: functools.reduce(np.minimum, values),
    "max": lambda *values: functools.reduce(np.maximum, values),
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "floor": np.floor,
    "ceil": np.ceil,
}
_OF_SEVERAL = ("min", "max")
_OPERATORS = (*_BINARY, *_COMPARE, *_MEMBERSHIP, *_UNARY, ast.Not)
_INSTEAD: dict[type, str] = {
    ast.BitAnd: "'&' cannot stand in a condition: write 'and'",
    ast.BitOr: "'|' cannot stand in a condition: write 'or'",
    ast.Invert: "'~' cannot stand in a condition: write 'not'",
    ast.BitXor: "'^' cannot stand in a condition: '**' is the power, '!=' tells two conditions apart",
    ast.Is: "'is' cannot stand in a condition: write '=='",
    ast.IsNot: "'is not' cannot stand in a condition: write '!='",
}
_FOREIGN = {
    r"=>": "'=>' cannot stand in a condition: write '>='",
    r"=<": "'=<' cannot stand in a condition: write '<='",
    r"(?<![<>=!])=(?!=)": "'=' cannot stand in a condition: write '==' to compare",
    r"&&": "'&&' cannot stand in a condition: write 'and'",
    r"\|\|": "'||' cannot stand in a condition: write 'or'",
    r"!(?!=)": "'!' cannot stand in a condition: write 'not'",
}
"""What other languages write, and what Python does."""
_ALLOWED = (ast.Name, ast.Constant, ast.List, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.Call)
_WRAPPED = 2.0**62
"""An integer that wrapped is at least this far from what it should be; one that did not is at most a rounding away."""


def _unread(text: str, error: BaseException) -> str:
    """Say why a text is no condition; what is in quotation marks does not count."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", text)
    foreign = next((said for pattern, said in _FOREIGN.items() if re.search(pattern, bare)), None)
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return foreign or said or type(error).__name__


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
            self.text = ast.unparse(self._tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise SpaceError(f"where {text!r}: {_unread(text, error)}") from None
        self._check(self._tree)
        self._named = {each.id for each in ast.walk(self._tree) if isinstance(each, ast.Name)}

    def __call__(self, columns: dict[str, NDArray[Any]], rows: int) -> NDArray[np.bool_]:
        """Evaluate it on columns of values, each of length `rows`; strings as category codes.

        Raises
        ------
        SpaceError
            If there is a point for which it has no value.
        """
        held = {
            name: np.array(each.categories, dtype=np.str_)[columns[name]] if each.kind == "str" else columns[name]
            for name, each in self._parameters.items()
            if name in self._named
        }
        with np.errstate(all="ignore"):
            return self._truth(self._tree, held, rows)

    def _refuse(self, why: str) -> NoReturn:
        raise SpaceError(f"where {self.text!r}: {why}")

    # ------------------------------------------------------------ reading

    def _check(self, tree: ast.expr) -> None:
        """Refuse what is not in the language, before anything is evaluated."""
        lists = _lists_after_in(tree)
        functions = {id(each.func) for each in ast.walk(tree) if isinstance(each, ast.Call)}
        for each in ast.walk(tree):
            if isinstance(each, ast.Name) and id(each) not in functions:
                self._check_name(each.id)
            elif isinstance(each, ast.Call):
                self._check_call(each)
            elif isinstance(each, ast.Constant):
                self._check_constant(each.value)
            elif isinstance(each, ast.List | ast.Tuple) and id(each) not in lists:
                self._refuse(f"{ast.unparse(each)!r} is a list; one can only stand after 'in'")
            elif isinstance(each, ast.expr) and not isinstance(each, _ALLOWED):
                self._refuse(f"{ast.unparse(each)!r} cannot stand in a condition")
            elif isinstance(each, ast.operator | ast.cmpop | ast.unaryop) and not isinstance(each, _OPERATORS):
                self._refuse(
                    _INSTEAD.get(type(each), f"the operator {type(each).__name__} cannot stand in a condition")
                )
            if isinstance(each, ast.Compare):
                self._check_membership(each)

    def _check_name(self, name: str) -> None:
        if name not in self._parameters:
            self._refuse(f"there is no parameter {name!r}: {nearest(name, list(self._parameters))}")

    def _check_call(self, call: ast.Call) -> None:
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name not in _FUNCTIONS or call.keywords:
            self._refuse(f"{ast.unparse(call.func)!r} is none of {', '.join(_FUNCTIONS)}")
        count = len(call.args)
        if (count < 2) if name in _OF_SEVERAL else (count != 1):
            self._refuse(f"{name} takes {'two values or more' if name in _OF_SEVERAL else 'one value'}, not {count}")

    def _check_constant(self, value: Any) -> None:
        if not isinstance(value, bool | int | float | str):
            self._refuse(f"{value!r} is no number, bool or string")
        if not isinstance(value, str) and not (fits(value) if isinstance(value, int) else math.isfinite(value)):
            self._refuse("a number in it is beyond 64 bits")

    def _check_membership(self, node: ast.Compare) -> None:
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, _MEMBERSHIP) and not isinstance(right, ast.List | ast.Tuple):
                self._refuse(f"{ast.unparse(right)!r} is no list; 'in' asks for one, as in 'a in [1, 2]'")

    # ------------------------------------------------------------ evaluating

    def _truth(self, node: ast.expr, held: dict[str, Any], rows: int) -> NDArray[np.bool_]:
        """Tell for each row whether a part of the condition is true."""
        if isinstance(node, ast.BoolOp):
            return self._joined(node, held, rows)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._truth(node.operand, held, rows)
        found = self._value(node, held, rows)
        if found.dtype.kind == "U":
            self._refuse(f"{ast.unparse(node)!r} is text, neither true nor false")
        return np.broadcast_to(found.astype(np.bool_), (rows,))

    def _joined(self, node: ast.BoolOp, held: dict[str, Any], rows: int) -> NDArray[np.bool_]:
        """Ask each part only of the rows that the parts before it left undecided."""
        decides = isinstance(node.op, ast.Or)
        found = np.full(rows, not decides)
        undecided = np.arange(rows)
        for part in node.values:
            some = {name: column[undecided] for name, column in held.items()}
            decided = self._truth(part, some, len(undecided)) == decides
            found[undecided[decided]] = decides
            undecided = undecided[~decided]
        return found

    def _value(self, node: ast.expr, held: dict[str, Any], rows: int) -> NDArray[Any]:  # noqa: PLR0911 - one for each kind of node
        match node:
            case ast.Name(id=name):
                return held[name]
            case ast.Constant(value=value):
                return np.asarray(value)
            case ast.UnaryOp(op=op, operand=operand) if not isinstance(op, ast.Not):
                return self._number(node, _UNARY[type(op)], [operand], held, rows)
            case ast.BinOp(left=left, op=op, right=right):
                return self._number(node, _BINARY[type(op)], [left, right], held, rows)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._number(node, _FUNCTIONS[name], arguments, held, rows)
            case ast.Compare():
                return self._compared(node, held, rows)
            case _:
                return self._truth(node, held, rows)

    def _number(
        self, node: ast.expr, function: Callable[..., Any], operands: list[ast.expr], held: dict[str, Any], rows: int
    ) -> NDArray[Any]:
        """Compute, and see that every point has a finite, exact value. Integers are computed twice: as floats they cannot wrap."""
        values = [self._value(each, held, rows) for each in operands]
        for value, operand in zip(values, operands, strict=True):
            if value.dtype.kind == "U":
                self._refuse(f"{ast.unparse(operand)!r} is text, which has no arithmetic")
        values = [value.astype(np.int64) if value.dtype.kind == "b" else value for value in values]
        found = np.asarray(function(*values))
        rough = function(*(value.astype(np.float64) for value in values)) if found.dtype.kind == "i" else found
        if not np.all(np.isfinite(rough)):
            self._refuse(
                f"{ast.unparse(node)!r} has no finite value for a point; a condition before 'and' can keep it out"
            )
        if found.dtype.kind == "i" and np.any(np.abs(rough - found) > _WRAPPED):
            self._refuse(f"{ast.unparse(node)!r} is beyond 64 bits for a point; 1.0 * makes a number a float")
        return found

    def _compared(self, node: ast.Compare, held: dict[str, Any], rows: int) -> NDArray[np.bool_]:
        found = np.ones(rows, np.bool_)
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, _MEMBERSHIP) and isinstance(right, ast.List | ast.Tuple):
                among = np.zeros(rows, np.bool_)
                for each in right.elts:
                    among = among | self._pair(ast.Eq(), left, each, held, rows)
                found = found & (among if isinstance(op, ast.In) else ~among)
            else:
                found = found & self._pair(op, left, right, held, rows)
            left = right
        return found

    def _pair(self, op: ast.cmpop, left: ast.expr, right: ast.expr, held: dict[str, Any], rows: int) -> Any:
        a, b = self._value(left, held, rows), self._value(right, held, rows)
        if (a.dtype.kind == "U") != (b.dtype.kind == "U"):
            text, number = (left, right) if a.dtype.kind == "U" else (right, left)
            self._refuse(f"{ast.unparse(text)} is text and {ast.unparse(number)} is a number: these never compare")
        return _COMPARE[type(op)](a, b)


def _lists_after_in(tree: ast.expr) -> set[int]:
    """Return the identities of the lists that stand after ``in`` and hold no list themselves."""
    return {
        id(right)
        for each in ast.walk(tree)
        if isinstance(each, ast.Compare)
        for op, right in zip(each.ops, each.comparators, strict=True)
        if isinstance(op, _MEMBERSHIP)
    }
