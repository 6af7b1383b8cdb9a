"""What a kernel returns, by name: numbers, and vectors of a fixed length whose components are outputs of their own.

A vector ``curve`` of 50 numbers is the outputs ``curve[0]`` to ``curve[49]``: so everything that is known of an output is known of each component.
"""

from __future__ import annotations

import numbers
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["LONGEST", "MisfitError", "by_group", "flattened", "grouped", "output_names", "told", "with_more"]

LONGEST = 4096
"""The most components of a vector: each has statistics of its own in every block."""


class MisfitError(KernelError):
    """A trial returned something else than its kernel names."""


def output_names(kernel: str, declared: Iterable[Any]) -> tuple[str, ...]:
    """Return the name of every number that a kernel returns.

    Parameters
    ----------
    kernel
        Its name, for errors.
    declared
        A name for a number, ``(name, length)`` for a vector.

    Raises
    ------
    KernelError
        If something is no name, a length is not from 1 to `LONGEST`, two share a name, or there is none.

    Examples
    --------
    >>> output_names("echo", ["peak", ("curve", 3)])
    ('peak', 'curve[0]', 'curve[1]', 'curve[2]')
    """
    names, flat = list[str](), list[str]()
    for each in declared:
        name, length = each if isinstance(each, tuple) and len(each) == 2 else (each, None)
        if not isinstance(name, str) or not name.isidentifier():
            raise KernelError(
                f"kernel {kernel!r}: output {each!r} is not a name, or a name and a length as in ('curve', 50); letters, digits and _ make a name"
            )
        if length is not None and (
            isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= LONGEST
        ):
            raise KernelError(
                f"kernel {kernel!r}: output {name!r} has the length {length!r}, not a whole number from 1 to {LONGEST}"
            )
        names.append(name)
        flat += [name] if length is None else [f"{name}[{i}]" for i in range(length)]
    if not names:
        raise KernelError(f"kernel {kernel!r} names no output: outputs=['payoff'], say")
    if len(set(names)) != len(names):
        raise KernelError(f"kernel {kernel!r}: two outputs share a name in {names!r}")
    return tuple(flat)


def grouped(outputs: Iterable[str]) -> dict[str, int]:
    """Return the outputs as they were declared: each name with its length, 0 for a number.

    >>> grouped(["peak", "curve[0]", "curve[1]", "curve[2]"])
    {'peak': 0, 'curve': 3}
    """
    found: dict[str, int] = {}
    for each in outputs:
        component = re.fullmatch(r"(\w+)\[(\d+)\]", each)
        found[component[1] if component else each] = int(component[2]) + 1 if component else 0
    return found


def by_group(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the components of each vector into one tuple.

    >>> by_group({"peak": 9.0, "curve[0]": 1.0, "curve[1]": 2.0})
    {'peak': 9.0, 'curve': (1.0, 2.0)}
    """
    return {
        name: tuple(values[f"{name}[{i}]"] for i in range(length)) if length else values[name]
        for name, length in grouped(values).items()
    }


def told(outputs: Iterable[str]) -> list[str]:
    """Name outputs for people, vectors with their lengths.

    >>> told(["peak", "curve[0]", "curve[1]", "curve[2]"])
    ['peak', 'curve[3]']
    """
    return [f"{name}[{length}]" if length else name for name, length in grouped(outputs).items()]


def flattened(kernel: str, outputs: Sequence[str], returned: Any) -> tuple[Any, ...]:
    """Return the numbers that a trial returned in plain Python, one for each output.

    Raises
    ------
    MisfitError
        If they are not as many as the kernel names, or one is neither a number nor a bool.
    """
    groups = grouped(outputs)
    values = _values(groups, returned)
    if len(values) != len(groups):
        named = f"{len(groups)} output{'s' * (len(groups) != 1)}"
        raise MisfitError(
            f"kernel {kernel!r} returned {len(values)} value{'s' * (len(values) != 1)} and names {named}: {', '.join(told(outputs))}"
        )
    flat: list[Any] = []
    for (name, length), value in zip(groups.items(), values, strict=True):
        flat += _components(kernel, name, length, value) if length else [value]
        if not all(isinstance(each, numbers.Number | np.bool_) for each in flat[-max(length, 1) :]):
            raise MisfitError(f"kernel {kernel!r} returned {value!r} as {name!r}: an output is a number or a bool")
    return tuple(flat)


def with_more(kernel: str, outputs: Sequence[str], returned: Any, more: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a trial returned and further numbers after it, as a function would return all of them.

    >>> with_more("echo", ["peak"], 3.0, (1.0, 2.0))
    (3.0, 1.0, 2.0)

    Raises
    ------
    MisfitError
        As `flattened` does.
    """
    flattened(kernel, outputs, returned)
    return (*_values(grouped(outputs), returned), *more)


def _values(groups: dict[str, int], returned: Any) -> Sequence[Any]:
    """Return one value for each group; a vector that is the one output may be returned bare."""
    (first,) = groups.values() if len(groups) == 1 else (0,)
    if not isinstance(returned, tuple) or (first and not _wraps_vector(returned)):
        return (returned,)
    return returned


def _wraps_vector(returned: tuple[Any, ...]) -> bool:
    return len(returned) == 1 and isinstance(returned[0], tuple | np.ndarray)


def _components(kernel: str, name: str, length: int, value: Any) -> list[Any]:
    if not isinstance(value, tuple) and not (isinstance(value, np.ndarray) and value.ndim == 1):
        raise MisfitError(
            f"kernel {kernel!r} returned {value!r} as {name!r}: a tuple or an array of {length} numbers was declared"
        )
    if len(value) != length:
        raise MisfitError(f"kernel {kernel!r} returned {len(value)} numbers as {name!r}: {length} were declared")
    return list(value)
