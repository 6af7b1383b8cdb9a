"""The standard's expressions, ``${...}``, over literals and parameters (ASAM OpenSCENARIO XML 1.3, 9.2).

In descending order: unary minus and the functions; ``*``, ``/``, ``%``; ``+``, ``-``; ``not``; ``and``; ``or``. What the standard leaves open: ``/``
gives a double, ``%`` has the sign of the dividend, and ``round`` rounds halves away from zero, as in C.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sweep.openscenario.datatypes import LiteralError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["evaluated", "is_expression", "references"]

TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d{1,4})?|\.\d+(?:[eE][+-]?\d{1,4})?)|(\$?[A-Za-z_]\w*)|([-+*/%(),]))", re.ASCII
)
REFERENCE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
BOOLEANS = {"true": True, "false": False}
DEEPEST = 50
LONGEST = 4000


def _rounded(x: float) -> int:
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def _sign(x: float) -> float:
    return type(x)((x > 0) - (x < 0))


FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "round": (1, _rounded),
    "floor": (1, math.floor),
    "ceil": (1, math.ceil),
    "sign": (1, _sign),
    **{name: (1, getattr(math, name)) for name in ("sqrt", "sin", "cos", "tan", "asin", "acos", "atan")},
    "abs": (1, abs),
    "max": (2, max),
    "min": (2, min),
    "pow": (2, math.pow),
}


def is_expression(text: str) -> bool:
    """Tell whether a text is a parameter, ``$name``, or an expression, ``${...}``."""
    plain = text.strip()
    return REFERENCE.fullmatch(plain) is not None or (plain.startswith("${") and plain.endswith("}"))


def references(text: str) -> list[str]:
    """Return the parameters that a text refers to, without their ``$``.

    >>> references("${$speed / 3.6 + $margin}")
    ['speed', 'margin']
    """
    return [each[1:] for each in REFERENCE.findall(text)] if is_expression(text) else []


def evaluated(text: str, values: Mapping[str, Any]) -> Any:
    """Evaluate what `is_expression`.

    Parameters
    ----------
    text
        ``$name`` or ``${...}``.
    values
        Of the parameters.

    Returns
    -------
    int, float, bool or str

    Raises
    ------
    LiteralError
        If it cannot be read, refers to an unknown parameter, or has no value.

    Examples
    --------
    >>> evaluated("${round($speed / 3.6) % 4 - 2}", {"speed": 50.0})
    0
    """
    plain = text.strip()
    if REFERENCE.fullmatch(plain):
        return _looked_up(plain[1:], values)
    if len(plain) > LONGEST:
        raise LiteralError(f"is an expression of {len(plain):,} characters: at most {LONGEST:,} are read")
    try:
        value = _Reading(plain[2:-1], values).whole()
    except (ArithmeticError, ValueError) as error:
        said = error if isinstance(error, LiteralError) else f"is {text!r}: {error}"
        raise LiteralError(str(said)) from None
    if isinstance(value, float) and not math.isfinite(value):
        raise LiteralError(f"is {text!r}: its value is {value}")
    return value


def _looked_up(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise LiteralError(f"refers to ${name}, which has no value here")
    return values[name]


class _Reading:
    """One expression, read from left to right."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._text, self._values = text, values
        self._tokens, self._at, self._depth = self._split(), 0, 0

    def _split(self) -> list[str]:
        tokens, at = list[str](), 0
        while self._text[at:].strip():
            found = TOKEN.match(self._text, at)
            if not found:
                raise LiteralError(
                    f"is '${{{self._text}}}', which is no expression at {self._text[at:].strip()[:10]!r}"
                )
            tokens.append(found[0].strip())
            at = found.end()
        return tokens

    def _next(self, *wanted: str) -> str | None:
        """Take the next token if it is one of those."""
        if self._at < len(self._tokens) and self._tokens[self._at] in wanted:
            self._at += 1
            return self._tokens[self._at - 1]
        return None

    def _expect(self, token: str) -> None:
        if not self._next(token):
            self._refuse(f"where {token!r} was expected")

    def _refuse(self, why: str) -> None:
        here = self._tokens[self._at] if self._at < len(self._tokens) else "its end"
        raise LiteralError(f"is '${{{self._text}}}', which has {here!r} {why}")

    def whole(self) -> Any:
        value = self._either()
        if self._at < len(self._tokens):
            self._refuse("where an operator was expected")
        return value

    def _either(self) -> Any:
        value = self._both()
        while self._next("or"):
            other = self._both()
            value = self._bool(value) | self._bool(other)
        return value

    def _both(self) -> Any:
        value = self._negated()
        while self._next("and"):
            other = self._negated()
            value = self._bool(value) & self._bool(other)
        return value

    def _negated(self) -> Any:
        return not self._bool(self._deeper(self._negated)) if self._next("not") else self._sum()

    def _sum(self) -> Any:
        value = self._product()
        while sign := self._next("+", "-"):
            left, right = self._number(value), self._number(self._product())
            value = left + right if sign == "+" else left - right
        return value

    def _product(self) -> Any:
        value = self._factor()
        while sign := self._next("*", "/", "%"):
            left, right = self._number(value), self._number(self._factor())
            value = _combined(sign, left, right)
        return value

    def _factor(self) -> Any:
        return -self._number(self._deeper(self._factor)) if self._next("-") else self._atom()

    def _atom(self) -> Any:
        if self._next("("):
            value = self._deeper(self._either)
            self._expect(")")
            return value
        if self._at >= len(self._tokens) or self._tokens[self._at] in set("+*/%),"):
            self._refuse("where a value was expected")
        token = self._tokens[self._at]
        self._at += 1
        if token[0].isdigit() or token[0] == ".":
            return int(token) if token.isdigit() else float(token)
        if token.startswith("$"):
            return _looked_up(token[1:], self._values)
        return BOOLEANS[token] if token in BOOLEANS else self._call(token)

    def _call(self, name: str) -> Any:
        if name not in FUNCTIONS:
            raise LiteralError(f"is '${{{self._text}}}': there is no function {name!r}; parameters begin with a '$'")
        count, function = FUNCTIONS[name]
        self._expect("(")
        given = [self._number(self._deeper(self._either))]
        while self._next(","):
            given.append(self._number(self._deeper(self._either)))
        self._expect(")")
        if len(given) != count:
            raise LiteralError(f"is '${{{self._text}}}': {name} takes {count} values, not {len(given)}")
        return function(*given)

    def _deeper(self, part: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > DEEPEST:
            raise LiteralError(f"is an expression nested more than {DEEPEST} deep")
        value = part()
        self._depth -= 1
        return value

    def _number(self, value: Any) -> Any:
        if isinstance(value, bool | str):
            raise LiteralError(f"is '${{{self._text}}}', which computes with {value!r}: only numbers can be")
        return value

    def _bool(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise LiteralError(f"is '${{{self._text}}}', where {value!r} is no boolean")
        return value


def _combined(sign: str, left: Any, right: Any) -> Any:
    if sign == "*":
        return left * right
    if right == 0:
        raise LiteralError("is an expression that divides by zero")
    if sign == "/":
        return left / right
    remainder = math.fmod(left, right)
    return int(remainder) if isinstance(left, int) and isinstance(right, int) else remainder
