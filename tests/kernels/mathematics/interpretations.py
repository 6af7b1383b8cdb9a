"""Two more ways to run the functions: over symbols, which shows what they are made of, and with integers that may not overflow."""

from __future__ import annotations

import math
import operator
import types

from sweep_kernels import arithmetic


def rebound(function, replacements: dict, made: dict | None = None):
    """Copy a function and what it calls, with other primitives."""
    made = {} if made is None else made
    scope = {"__builtins__": {}}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if name in replacements:
            scope[name] = replacements[name]
        elif isinstance(value, types.FunctionType):
            if value not in made:
                made[value] = rebound(value, replacements, made)
            scope[name] = made[value]
        elif isinstance(value, (int, float)):
            scope[name] = value
    return types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__)


class Symbol:
    """A float ("f"), an integer ("i") or a truth value ("b"), known by the operation that made it. It has no truth value to branch on."""

    def __init__(self, kind: str, made_by: str, *operands) -> None:
        self.kind, self.made_by, self.operands = kind, made_by, operands

    def __bool__(self) -> bool:
        raise AssertionError("a branch")


def kind_of(value) -> str:
    return value.kind if isinstance(value, Symbol) else {float: "f", int: "i", bool: "b"}[type(value)]


def is_power_of_two(value) -> bool:
    return isinstance(value, float) and math.isfinite(value) and abs(math.frexp(value)[0]) == 0.5


def may_be_contracted(value) -> bool:
    """Whether a compiler could melt this product with the addition that it goes into, and change the sum."""
    return (
        isinstance(value, Symbol) and value.made_by == "*" and not any(is_power_of_two(each) for each in value.operands)
    )


def _operation(name: str, takes: str, gives: str | None):
    def method(a, b):
        assert kind_of(a) == kind_of(b) in takes, f"{kind_of(a)} {name} {kind_of(b)}"
        if name in "+-" and kind_of(a) == "f":
            assert not any(map(may_be_contracted, (a, b))), "a product goes into a sum"
        return Symbol(gives or kind_of(a), name, a, b)

    return method


for _name, _method, _takes, _gives in (
    ("+", "add", "fi", None), ("-", "sub", "fi", None), ("*", "mul", "fi", None), ("/", "truediv", "f", None),
    ("&", "and", "ib", None), ("|", "or", "ib", None), ("^", "xor", "i", None), ("<<", "lshift", "i", None), (">>", "rshift", "i", None),
    ("<", "lt", "fi", "b"), ("<=", "le", "fi", "b"), (">", "gt", "fi", "b"), (">=", "ge", "fi", "b"), ("==", "eq", "fi", "b"), ("!=", "ne", "fi", "b"),
):  # fmt: skip
    _made = _operation(_name, _takes, _gives)
    setattr(Symbol, f"__{_method}__", _made)
    if _gives is None:
        setattr(Symbol, f"__r{_method}__", lambda a, b, _made=_made: _made(b, a))
Symbol.__neg__ = lambda a: Symbol(a.kind, "-", a)


def _primitive(name: str, takes: str, gives: str):
    def function(*arguments):
        kinds = "".join(kind_of(each) for each in arguments)
        assert kinds == takes, f"{name} of {kinds}"
        return Symbol(gives, name, *arguments)

    return function


def _select(condition, a, b):
    assert kind_of(condition) + kind_of(a) + kind_of(b) in {"bff", "bii"}, "select of unlike things"
    return Symbol(kind_of(a), "select", condition, a, b)


SYMBOLIC = {
    "fma": _primitive("fma", "fff", "f"),
    "bits_of": _primitive("bits_of", "f", "i"),
    "float_of_bits": _primitive("float_of_bits", "i", "f"),
    "select": _select,
    "math": types.SimpleNamespace(sqrt=_primitive("sqrt", "f", "f")),
}


class Int64(int):
    """An integer that fails where 64 bits would not hold the result."""


def _checked(operation):
    def method(a, b):
        result = operation(int(a), int(b))
        assert -(2**63) <= result < 2**63, f"{operation.__name__} of {hex(a)} and {hex(b)}"
        return Int64(result)

    return method


for _name in ("add", "sub", "mul", "and_", "or_", "xor", "lshift", "rshift"):
    _made = _checked(getattr(operator, _name))
    setattr(Int64, f"__{_name.rstrip('_')}__", _made)
    setattr(Int64, f"__r{_name.rstrip('_')}__", lambda a, b, _made=_made: _made(b, a))
Int64.__neg__ = lambda a: Int64(0) - a

CHECKED = {
    "fma": arithmetic.fma,
    "bits_of": lambda x: Int64(arithmetic.bits_of(x)),
    "float_of_bits": arithmetic.float_of_bits,
    "select": arithmetic.select,
    "math": types.SimpleNamespace(sqrt=math.sqrt),
}
