"""Weights of trials that were drawn from another distribution than the one that is meant: which kernels have them, and what they are.

`sweep_kernels.draws.proposed` says what a weight is. Beside the weight, a trial gives each of its outputs times the weight: their means are what
was to be estimated (Owen, "Monte Carlo theory, methods and examples", 2013, section 9.1), and their statistics those of any output.
"""

from __future__ import annotations

import dis
import types
from typing import TYPE_CHECKING, Any

from sweep_kernels.mathematics.exponential import exp
from sweep_kernels.snapshot import outer_names, plain_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["WEIGHT", "columns_of", "names_weights", "times_weight", "weight_of"]

WEIGHT = "weight"
"""Name of the output that is the weight."""


def times_weight(output: str) -> str:
    """Name an output times the weight.

    >>> times_weight("collision")
    'weight*collision'
    """
    return f"{WEIGHT}*{output}"


def columns_of(outputs: Sequence[str], *, is_weighted: bool) -> tuple[str, ...]:
    """Name all that a trial gives and is counted: its outputs, and those of a weighted trial but for the weight times the weight.

    >>> columns_of(["collision", "weight"], is_weighted=True)
    ('collision', 'weight', 'weight*collision')
    """
    return (*outputs, *map(times_weight, outputs[:-1])) if is_weighted else tuple(outputs)


def weight_of(log_ratio: Callable[[Any], float]) -> Callable[[float, Any], float]:
    """Make the plain function ``f(log_weight, drawn)``: a trial's weight, of what its draws gave and of its drawn parameters."""

    def weight(log_weight: float, drawn: Any) -> float:
        return exp(log_weight + log_ratio(drawn))

    return weight


def names_weights(function: types.FunctionType) -> bool:
    """Tell whether a function, or one that it calls, gives a draw a ``proposal=`` by name, or calls ``rng.weigh``."""
    return any(_names(code) for code in _codes(function, set()))


def _names(code: types.CodeType) -> bool:
    by_name = (each for each in code.co_consts if isinstance(each, tuple) and "proposal" in each)
    attributes = (each.argval for each in dis.get_instructions(code) if each.opname in {"LOAD_ATTR", "LOAD_METHOD"})
    return next(by_name, None) is not None or "weigh" in attributes


def _codes(function: types.FunctionType, seen: set[int]) -> Iterator[types.CodeType]:
    """Yield the code of a function, of those nested in it, and of those that it refers to by now."""
    if id(function) in seen:
        return
    seen.add(id(function))
    nested = [function.__code__]
    while nested:
        code = nested.pop()
        yield code
        nested += [each for each in code.co_consts if isinstance(each, types.CodeType)]
    for dotted in set(outer_names(function.__code__)):
        found = _looked_up(function, dotted)
        if isinstance(found, types.FunctionType):
            yield from _codes(found, seen)


def _looked_up(function: types.FunctionType, dotted: tuple[str, ...]) -> Any:
    """Return what a name stands for, if it stands for anything yet."""
    closed = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    try:
        value = closed[dotted[0]].cell_contents if dotted[0] in closed else function.__globals__[dotted[0]]
        for name in dotted[1:]:
            value = getattr(value, name)
    except (AttributeError, KeyError, ValueError):
        return None
    try:
        return plain_function(value)
    except Exception:  # noqa: BLE001 - what cannot be a kernel's is refused when the kernel is taken
        return None
