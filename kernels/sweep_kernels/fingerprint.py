"""A hash of everything in a function's source that can change what it returns.

Comments, blank lines, docstrings, decorators and the annotation of the result do not count. Functions of the user's that it calls count, in
whatever module they are; so do the constants it reads. Modules and builtins count by name: their versions are not ours to pin.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import inspect
import textwrap
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_kernels.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["fingerprint", "global_names", "plain"]


def plain(function: Any) -> Any:
    """Return the Python function inside a numba dispatcher or a kernel, or the object itself."""
    return getattr(function, "py_func", function)


def global_names(code: types.CodeType) -> Iterator[str]:
    """Yield the global names that a code object, or one nested in it, reads; names of attributes are not among them."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from global_names(constant)


def fingerprint(function: Callable[..., Any]) -> str:
    """Hash a function's normalised source and what it refers to.

    Parameters
    ----------
    function
        A plain function with its source at hand (a file or a notebook cell).

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    KernelError
        If the source cannot be found, or a constant has a type whose value cannot be hashed.
    """
    parts: list[str] = []
    _describe(plain(function), parts, set())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _describe(function: Callable[..., Any], parts: list[str], seen: set[int]) -> None:
    seen.add(id(function))
    parts.append(_source(function))
    if function.__defaults__ or function.__kwdefaults__:  # type: ignore[attr-defined] - a plain function has them
        parts.append(f"defaults {function.__defaults__!r} {function.__kwdefaults__!r}")  # type: ignore[attr-defined]
    for name, value in _references(function):
        _refuse_other_draws(function, name, value)
        if isinstance(value, types.FunctionType) and not _is_library(value):
            if id(value) not in seen:
                _describe(value, parts, seen)
        else:
            parts.append(f"{name} = {_constant(name, value, function)}")


def _references(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Yield each global and closed-over name with its value, in a fixed order; attributes of modules are not followed."""
    scope = function.__globals__  # type: ignore[attr-defined] - a plain function has them
    for name in sorted(set(global_names(function.__code__))):
        if name in scope:
            yield name, plain(scope[name])
    cells = inspect.getclosurevars(function).nonlocals
    for name in sorted(cells):
        yield name, plain(cells[name])


def _refuse_other_draws(function: Callable[..., Any], name: str, value: Any) -> None:
    """Refuse the global generators of Python and NumPy: numba compiles them, and no two runs would agree."""
    home = value.__name__ if isinstance(value, types.ModuleType) else str(getattr(value, "__module__", ""))
    through_numpy = home == "numpy" and any(
        isinstance(node, ast.Attribute)
        and node.attr == "random"
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        for node in ast.walk(ast.parse(_source(function)))
    )
    if through_numpy or home in {"random", "numpy.random", "numpy.random.mtrand"}:
        raise KernelError(
            f"kernel code {function.__name__!r} draws from {name!r}, which no seed of a sweep reaches: draw from rng instead"
        )


def _is_library(function: types.FunctionType) -> bool:
    return function.__module__.partition(".")[0] in {"math", "numpy", "numba", "sweep_kernels", "builtins"} and not (
        function.__module__.startswith("sweep_kernels.models")
    )


def _constant(name: str, value: Any, function: Callable[..., Any]) -> str:
    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, np.ndarray):
        return (
            f"array {value.dtype.str} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
        )
    if isinstance(value, bool | int | float | complex | str | bytes | type(None) | np.generic):
        return repr(value)
    if isinstance(value, tuple):
        return f"({', '.join(_constant(name, each, function) for each in value)})"
    if callable(value) or isinstance(value, type):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', repr(type(value)))}"
    raise KernelError(
        f"kernel code {function.__name__!r} reads {name!r}, a {type(value).__name__}: a kernel can read numbers, strings, tuples and "
        "arrays; make it a parameter or a tuple",
    )


def _source(function: Callable[..., Any]) -> str:
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise KernelError(
            f"kernel code {function.__name__!r} has no source to be found: write it in a file or a notebook cell",
        ) from None
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text  # a lambda in the middle of an expression: its text as it stands
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
            node.returns = None
            _drop_docstring(node)
    return ast.unparse(tree)


def _drop_docstring(node: ast.FunctionDef) -> None:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:] or [ast.Pass()]
