"""A look at a kernel before it is compiled: what it calls, and one trial in plain Python. It imports no compiler."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import io
import signal
import textwrap
import types
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError
from sweep.frames import last_frame
from sweep.replay import outputs_of
from sweep.work.arguments import arguments_of
from sweep_kernels.fingerprint import plain
from sweep_kernels.kernel import Kernel
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sweep.plan import Plan

__all__ = ["rehearse"]

COMPILED = {"builtins", "cmath", "math", "numba", "numpy", "operator", "sweep_kernels"}
"""Packages whose functions Numba may know. What it does not know of these is found when the kernel is compiled."""

SECONDS = 1.0

UNFIT = (AttributeError, NameError, TypeError)
"""What plain Python raises for code that cannot be compiled either; anything else may be the numbers of one trial."""

PLAIN_ONLY = ("complex", "numpy boolean")
"""Words of a TypeError that only plain Python raises: the root of a negative number is NaN when compiled, and bools are subtracted."""


class _TimeUpError(BaseException):
    """The trial took too long; no ``Exception``, so that a kernel does not catch it."""


def rehearse(kernel: Kernel, plan: Plan, seconds: float = SECONDS) -> None:
    """See that a kernel calls only what can be compiled, and that trial 0 of point 0 returns what it says; in the main thread only.

    Parameters
    ----------
    kernel, plan
        What to try.
    seconds
        How long the trial may take: a longer one is left, and nothing is said of it.

    Raises
    ------
    KernelError
        If it calls a function that does not compile, uses a name that is not there, or returns something else than its outputs.
    """
    _check_calls(kernel, kernel.function, set())
    rng = Rng(plan.seed, 0, 0)
    try:
        with _time_limit(seconds), redirect_stdout(io.StringIO()):
            returned = kernel.function(rng, **arguments_of(kernel, plan.space, 0))
    except UNFIT as error:
        if any(each in str(error) for each in PLAIN_ONLY):
            return
        frame = last_frame(error, kernel.file)
        place = f"{frame.filename}:{frame.lineno}: " if frame else ""
        raise KernelError(f"{place}kernel {kernel.name!r} raises {type(error).__name__}: {error}") from None
    except (_TimeUpError, Exception):  # noqa: BLE001 - the user's own: a trial may raise, and compiled arithmetic may not
        return
    try:
        outputs_of(kernel, returned)
    except KernelError as error:
        raise KernelError(f"{kernel.file}:{kernel.line}: {error}") from None


@contextmanager
def _time_limit(seconds: float) -> Generator[None]:
    def end(*_: Any) -> None:
        raise _TimeUpError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _check_calls(kernel: Kernel, function: Callable[..., Any], seen: set[int]) -> None:
    """Refuse what a function, or one of the user's that it calls, calls and what cannot be compiled."""
    seen.add(id(function))
    for call, line in _calls(function):
        called = _resolved(call, function)
        if isinstance(called, types.FunctionType) and isinstance(call, ast.Name) and _home(called) not in COMPILED:
            if id(called) not in seen:
                _check_calls(kernel, called, seen)
            continue
        why = _why_not(call, called)
        if why:
            file = inspect.getsourcefile(function)
            raise KernelError(f"{file}:{line}: kernel {kernel.name!r} calls {ast.unparse(call)!r}, {why}")


def _calls(function: Callable[..., Any]) -> Iterator[tuple[ast.expr, int]]:
    """Yield what a function calls by name, with its line; nothing where its source cannot be read."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func, first + node.lineno - 1


def _resolved(node: ast.expr, function: Any) -> Any:
    """Find what a name, or an attribute of one, is; None for what only a running trial knows."""
    if isinstance(node, ast.Attribute):
        return plain(getattr(_resolved(node.value, function), node.attr, None))
    if not isinstance(node, ast.Name) or node.id in function.__code__.co_varnames:
        return None
    enclosing = inspect.getclosurevars(function).nonlocals
    return plain(enclosing.get(node.id, function.__globals__.get(node.id)))


def _why_not(call: ast.expr, called: Any) -> str:
    """Say why a call cannot be compiled; "" if it may."""
    if isinstance(called, Kernel):
        return "another kernel: call a plain function from both"
    home = _home(called)
    if home == "scipy" and importlib.util.find_spec("numba_scipy") is None:
        return "of SciPy, which does not compile: math and numpy's functions of numbers do"
    if isinstance(called, types.FunctionType) and isinstance(call, ast.Attribute) and home not in COMPILED:
        name = f"from {called.__module__} import {called.__name__}"
        return f"a function behind a dot, which does not compile: write `{name}`, if it is plain arithmetic"
    if isinstance(called, types.MethodType) and home not in COMPILED:
        return "a method of an object, which does not compile: a kernel has numbers, and functions of numbers"
    return ""


def _home(called: Any) -> str:
    """Return the top-level package that something came from."""
    if called is None:
        return ""
    module = getattr(called, "__module__", None) or type(called).__module__
    return str(module).partition(".")[0]
