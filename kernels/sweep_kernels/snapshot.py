"""A kernel as it is at one moment: its function, all that its meaning depends on, and the hash of both.

What a kernel may refer to is a short list, and each entry is copied: numbers, strings, tuples and arrays by value; functions of the user's, in
whatever module, with what they refer to in turn; functions of ``math`` and ``numpy`` and some builtins by name. Anything else is
refused. The version is the hash of the copy, plain Python runs the copy, and the copy is what is compiled: so these three cannot disagree.
"""

from __future__ import annotations

import builtins
import cmath
import dis
import enum
import hashlib
import math
import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels import arithmetic
from sweep_kernels.errors import KernelError
from sweep_kernels.exponents import POWER, with_our_powers
from sweep_kernels.reasons import ARRAY_BYTES, READABLE, kind_of, lacking, why
from sweep_kernels.repeatable import EDITION, repeatable
from sweep_kernels.scratch import scratch
from sweep_kernels.source import normalised_source

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["INSTRUCTIONS", "Namespace", "Snapshot", "library_name", "outer_names", "plain_function", "take"]

INSTRUCTIONS = ("bits_of", "float_of_bits", "fma", "select")
"""Functions of `arithmetic` that stand for one machine instruction each."""

LIBRARIES = (math, cmath, np)
BUILTINS = {
    "abs", "bool", "breakpoint", "complex", "divmod", "enumerate", "float", "int", "len", "max", "min", "print", "range", "round",
    "sum", "tuple", "zip",
}  # fmt: skip


class Namespace(types.ModuleType):
    """What a kernel reads of a module, or of an IntEnum: the attributes that it names, and no others."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_namespace, (self.__name__, dict(vars(self))))


def _namespace(name: str, members: dict[str, Any]) -> Namespace:
    made = Namespace(name)
    vars(made).update(members)
    return made


@dataclass(frozen=True)
class Snapshot:
    """A function and what it refers to, as they were at one moment.

    Attributes
    ----------
    function
        A copy whose globals and closed-over names are copies too.
    version
        64 hexadecimal digits: the hash of all of it.
    facts
        What each name stood for, by function and name; to say what has changed.
    """

    function: types.FunctionType
    version: str
    facts: dict[str, str]

    def changed(self, now: Snapshot) -> str | None:
        """Name what `now` holds otherwise, if anything."""
        if self.version == now.version:
            return None
        names = [name for name in self.facts if self.facts[name] != now.facts.get(name)]
        return names[0] if names else next(iter(now.facts.keys() - self.facts.keys()), "its source")


def take(function: types.FunctionType, *, own_mathematics: bool = True) -> Snapshot:
    """Copy a function and what it refers to.

    Parameters
    ----------
    function
        A plain function with its source at hand (a file or a notebook cell).
    own_mathematics
        Whether the copy has ours in the place of functions of ``math`` and ``numpy``; see `sweep_kernels.repeatable`.

    Raises
    ------
    KernelError
        If the source cannot be found or is not what runs, or the function refers to something that cannot be copied.
    """
    taking = _Taking(own_mathematics=own_mathematics)
    copy, version = taking.function(function)
    return Snapshot(copy, version, taking.facts)


def plain_function(value: Any) -> Any:
    """Return the plain function inside a kernel or an ``@njit`` function without options, or the object itself.

    Raises
    ------
    KernelError
        If options or a signature of an ``@njit`` function make it something else than its plain function.
    """
    registry: Any = sys.modules.get("numba.core.registry")
    if registry is not None and isinstance(value, registry.CPUDispatcher):
        options = [name for name, given in value.targetoptions.items() if given and name not in _HARMLESS]
        if options or value.locals or not value._can_compile:  # noqa: SLF001 - there is no public word for a fixed signature
            raise KernelError(
                f"@njit function {value.py_func.__name__!r} has {options[0] if options else 'fixed types'}: "
                "a kernel can call @njit functions without options or signature"
            )
    inner = getattr(value, "py_func", None)
    return inner if isinstance(inner, types.FunctionType) else value


_HARMLESS = {"nopython", "nogil", "cache", "boundscheck", "forceinline", "error_model"}


def library_name(value: Any) -> str | None:
    """Return the name of a function or type of ``math``, ``cmath`` or ``numpy``; None for anything else."""
    name = getattr(value, "__name__", None)
    if not isinstance(name, str):
        return None
    return next((f"{home.__name__}.{name}" for home in LIBRARIES if vars(home).get(name) is value), None)


def outer_names(code: types.CodeType, closed: frozenset[str] | None = None) -> Iterator[tuple[str, ...]]:
    """Yield the names that a code object, or one nested in it, reads from outside, each with the attributes that follow at once.

    >>> sorted(outer_names((lambda x: math.exp(x) + math.pi * abs(x)).__code__))
    [('abs',), ('math', 'exp'), ('math', 'pi')]
    """
    closed = frozenset(code.co_freevars) if closed is None else closed.intersection(code.co_freevars)
    dotted: tuple[str, ...] = ()
    for each in dis.get_instructions(code):
        if each.opname == "EXTENDED_ARG":
            continue
        if dotted and each.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            dotted = (*dotted, each.argval)
            continue
        if dotted:
            yield dotted
        is_outer = each.opname == "LOAD_GLOBAL" or (each.opname == "LOAD_DEREF" and each.argval in closed)
        dotted = (each.argval,) if is_outer else ()
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from outer_names(constant, closed)


class _Taking:
    """One snapshot in the making."""

    def __init__(self, *, own_mathematics: bool) -> None:
        self._own_mathematics = own_mathematics
        self.facts: dict[str, str] = {}
        self._taken: dict[types.FunctionType, tuple[types.FunctionType, str]] = {}
        self._open: list[types.FunctionType] = []

    def function(self, live: types.FunctionType) -> tuple[types.FunctionType, str]:
        """Copy a function; return the copy and the hash of what it does."""
        if live in self._open:
            code = live.__code__
            raise KernelError(
                f"{code.co_filename}:{code.co_firstlineno}: function {live.__name__!r} calls itself: write it as a loop"
            )
        if live not in self._taken:
            self._open.append(live)
            self._taken[live] = self._copied(live)
            self._open.pop()
        return self._taken[live]

    def _copied(self, live: types.FunctionType) -> tuple[types.FunctionType, str]:
        closed = dict(zip(live.__code__.co_freevars, live.__closure__ or (), strict=True))
        scope: dict[str, Any] = {"__name__": live.__module__, "__builtins__": builtins}
        cells: dict[str, Any] = {}
        said = [_source(live)]
        for dotted in sorted(set(outer_names(live.__code__))):
            into = cells if dotted[0] in closed else scope
            name, told = ".".join(dotted), self._put(into, dotted, _looked_up(live, dotted[0], closed), live)
            said.append(f"{name} = {told}")
            self.facts[f"{name!r} in {live.__name__!r}"] = told
        positional = {str(i): each for i, each in enumerate(live.__defaults__ or ())}
        arguments = live.__code__.co_varnames[: live.__code__.co_argcount][-len(positional) :]
        defaults: dict[str, Any] = {}
        for name, value in {**positional, **(live.__kwdefaults__ or {})}.items():
            try:
                said.append(f"default {name} = {self._put(defaults, (name,), value, live)}")
            except KernelError:
                argument = arguments[int(name)] if name in positional else name
                reason = f"has {value!r} as the default of {argument!r}, a {kind_of(value)}: {READABLE}"
                raise _refusal(live, argument, reason) from None
        powers = with_our_powers(live) if self._own_mathematics else None
        if powers:
            said.append(POWER)
            self.facts[f"'**' in {live.__name__!r}"] = POWER
        copy = types.FunctionType(
            powers.plain if powers else live.__code__,
            scope,
            live.__name__,
            tuple(defaults[name] for name in positional),
            tuple(types.CellType(cells[name]) if name in cells else types.CellType() for name in closed),
        )
        copy.__kwdefaults__ = {name: defaults[name] for name in live.__kwdefaults__ or ()}
        copy.__module__, copy.__qualname__, copy.__doc__ = live.__module__, live.__qualname__, live.__doc__
        if powers:
            powers.put_into(copy)
        return copy, hashlib.sha256("\n".join(said).encode()).hexdigest()

    def _put(self, into: dict[str, Any], dotted: tuple[str, ...], value: Any, live: types.FunctionType) -> str:
        """Copy what a dotted name stands for into a scope; say what it is."""
        name, *attributes = dotted
        if not _is_namespace(value):
            into[name], told = self._value(value, name, live)
            return told
        if not attributes or not hasattr(value, attributes[0]):
            raise _refusal(
                live,
                name,
                lacking(value, name, attributes[0])
                if attributes
                else f"reads {name!r}, a {kind_of(value)}: {READABLE}",
            )
        inner = vars(into.setdefault(name, Namespace(f"names of {name}")))
        return self._put(inner, tuple(attributes), getattr(value, attributes[0]), live)

    def _value(self, value: Any, name: str, live: types.FunctionType) -> tuple[Any, str]:
        try:
            value = plain_function(value)
        except KernelError as error:
            raise _refusal(live, name, f"calls {name!r}: {error}") from None
        ours = repeatable(value) if self._own_mathematics else None
        if ours is not None:
            return ours, f"{library_name(value)}, edition {EDITION}"
        known = _known_name(value) or _named_tuple(value)
        if known and getattr(value, "_field_defaults", None):
            raise _refusal(
                live,
                name,
                f"uses {name!r}, whose fields have defaults, which compiled code leaves out: give each field",
            )
        if known:
            return scratch(value) or value, known
        if isinstance(value, types.FunctionType):
            return self.function(value)
        try:
            return _constant(value)
        except TypeError:
            raise _refusal(live, name, why(value, name)) from None


def _is_namespace(value: Any) -> bool:
    return isinstance(value, types.ModuleType) or (isinstance(value, type) and issubclass(value, enum.IntEnum))


def _known_name(value: Any) -> str | None:
    """Return the name of what counts by its name only."""
    if isinstance(value, type) and issubclass(value, BaseException):
        return value.__name__
    name = getattr(value, "__name__", None)
    if name in INSTRUCTIONS and getattr(arithmetic, name) is value:
        return f"instruction {name}"
    # by identity, not by its own name: Ray puts a function of its own in the place of print
    return next((each for each in BUILTINS if getattr(builtins, each) is value), None) or library_name(value)


def _named_tuple(value: Any) -> str | None:
    """Return what there is to know of a named tuple's class: its fields."""
    is_one = isinstance(value, type) and value.__bases__ == (tuple,) and hasattr(value, "_fields")
    return f"named tuple {value._fields}" if is_one else None  # type: ignore[attr-defined] - it has them


def _looked_up(live: types.FunctionType, name: str, closed: dict[str, types.CellType]) -> Any:
    try:
        if name in closed:
            return closed[name].cell_contents
        return live.__globals__[name] if name in live.__globals__ else getattr(builtins, name)
    except (AttributeError, ValueError):
        raise _refusal(live, name, f"cannot be compiled: name {name!r} is not defined") from None


def _source(live: types.FunctionType) -> str:
    source = normalised_source(live)
    if source is None:
        raise KernelError(
            f"kernel code {live.__name__!r} has no source to be found in {live.__code__.co_filename}: write it in a file or a notebook "
            "cell, and import the file again after a change"
        )
    return source


_PLAIN = {np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)}


def _constant(value: Any) -> tuple[Any, str]:
    """Copy a constant; return the copy and what it is. TypeError where it is none."""
    if isinstance(value, np.generic) and value.dtype in _PLAIN:
        value = value.item()
    if type(value) is np.ndarray and value.dtype.kind in "biufc" and value.nbytes <= ARRAY_BYTES:
        copy = np.array(value, dtype=value.dtype.newbyteorder("="), order="C")
        copy.flags.writeable = False
        return copy, f"{copy.dtype.str} {copy.shape} {hashlib.sha256(copy.tobytes()).hexdigest()}"
    if isinstance(value, tuple):
        return _tuple(value)
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return int(value), f"int {int(value)}"
    if isinstance(value, np.number):
        return value, f"{value.dtype.str} {value.item()!r}"
    if value is None or type(value) in {bool, float, complex, str, bytes}:
        return value, f"{kind_of(value)} {value!r}"
    raise TypeError


def _tuple(value: tuple[Any, ...]) -> tuple[Any, str]:
    pairs = [_constant(each) for each in value]
    copies, said = [copy for copy, _ in pairs], ", ".join(told for _, told in pairs)
    if type(value) is tuple:
        return tuple(copies), f"({said})"
    if type(value).__bases__ != (tuple,) or not hasattr(value, "_fields"):
        raise TypeError
    return type(value)(*copies), f"{value._fields} ({said})"  # type: ignore[attr-defined] - a named tuple has them


def _refusal(live: types.FunctionType, name: str, reason: str) -> KernelError:
    code = live.__code__
    lines = (each.positions.lineno for each in dis.get_instructions(code) if each.argval == name and each.positions)
    return KernelError(f"{code.co_filename}:{next(lines, code.co_firstlineno)}: kernel code {live.__name__!r} {reason}")
