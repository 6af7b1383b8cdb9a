"""Weights of trials that were drawn from another distribution than the one that is meant: which kernels have them, and what they are.

`sweep_kernels.draws.proposed` says what a weight is. Beside the weight, a trial gives each of its outputs times the weight: their means are what
was to be estimated (Owen, "Monte Carlo theory, methods and examples", 2013, section 9.1), and their statistics those of any output.
"""

from __future__ import annotations

import dis
import types
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sweep_kernels.errors import KernelError
from sweep_kernels.mathematics.exponential import exp
from sweep_kernels.snapshot import outer_names, plain_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sweep_kernels.distributions import Distribution

__all__ = ["WEIGHT", "check_proposals", "columns_of", "names_weights", "times_weight", "weight_of"]

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


def check_proposals(
    of: str, draws: Mapping[str, Distribution], proposals: Mapping[str, Distribution]
) -> Mapping[str, Distribution]:
    """See that parameters can be drawn from something else than is meant; return the proposals.

    Parameters
    ----------
    of
        Whose parameters, for errors: ``"kernel 'cut'"``.
    draws
        What is meant, by parameter.
    proposals
        Of some of them.

    Raises
    ------
    KernelError
        If one is of no drawn parameter, its values are of another kind, or it never gives some that are meant.
    """
    for name, each in proposals.items():
        if name not in draws:
            known = ", ".join(map(repr, draws)) or "none is"
            raise KernelError(f"the proposal for {name!r} is of no parameter that {of} draws: {known}")
        meant = draws[name]
        if each.categories != meant.categories:
            raise KernelError(
                f"the proposal for {name!r} has the categories {each.categories!r}, not {meant.categories!r} in this order"
            )
        if (each.kind, each.is_countable) != (meant.kind, meant.is_countable):
            raise KernelError(
                f"the proposal for {name!r} is {each!r}, whose values are of another kind than those of {meant!r}"
            )
        if not each.reaches(meant):
            raise KernelError(
                f"the proposal for {name!r} is {each!r}, which never gives some values of {meant!r}: no weights make up for that"
            )
    return proposals


def weight_of(log_ratio: Callable[[Any], float]) -> Callable[[float, Any], float]:
    """Make the plain function ``f(log_weight, drawn)``: a trial's weight, of what its draws gave and of its drawn parameters."""

    def weight(log_weight: float, drawn: Any) -> float:
        return exp(log_weight + log_ratio(drawn))

    return weight


def names_weights(function: types.FunctionType) -> bool:
    """Tell whether a function, or one that it calls, gives a draw a ``proposal=`` by name, or calls ``rng.weigh``.

    A function of the user's own may have a parameter of that name: where one is called, what it does with it tells.
    """
    return _any_names(function, set())


def _any_names(function: types.FunctionType, seen: set[int]) -> bool:
    seen.add(id(function))
    nested, called = list(_nested(function.__code__)), _called(function)
    takers = [each for each in (*nested, *(each.__code__ for each in called)) if "proposal" in _arguments(each)]
    if any(_weighs(each) or (_gives_proposal(each) and takers in ([], [each])) for each in nested):
        return True
    return any(_any_names(each, seen) for each in called if id(each) not in seen)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield the code of a function, and of those nested in it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _nested(each)


def _arguments(code: types.CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _gives_proposal(code: types.CodeType) -> bool:
    return any(isinstance(each, tuple) and "proposal" in each for each in code.co_consts)


def _weighs(code: types.CodeType) -> bool:
    """Tell whether code reads ``x.weigh`` of an `x` that is no module."""
    steps = pairwise(dis.get_instructions(code))
    return any(
        each.opname in {"LOAD_ATTR", "LOAD_METHOD"} and each.argval == "weigh" and before.opname != "LOAD_GLOBAL"
        for before, each in steps
    )


def _called(function: types.FunctionType) -> list[types.FunctionType]:
    """Return the functions that a function refers to by now."""
    found = (_looked_up(function, dotted) for dotted in set(outer_names(function.__code__)))
    return [each for each in found if isinstance(each, types.FunctionType)]


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
