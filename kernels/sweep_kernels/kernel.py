"""A kernel: one scalar function, its parameters, its outputs and the hash of its source."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from sweep_kernels.errors import KernelError
from sweep_kernels.fingerprint import fingerprint, plain
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Kernel", "kernel"]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A trial as a function ``f(rng, a, b, ...)``; make one with the decorator `kernel`.

    Attributes
    ----------
    function
        The plain Python function.
    name
        Its name.
    parameters
        Names of its parameters after ``rng``, in order.
    defaults
        Values of the parameters that need no axis.
    outputs
        Names of what it returns, in order.
    version
        64 hexadecimal digits: the hash of its source, of what that calls and of the constants it reads.
    """

    function: Callable[..., Any]
    name: str
    parameters: tuple[str, ...]
    defaults: dict[str, bool | int | float]
    outputs: tuple[str, ...]
    summary: str = ""
    _version: str = field(default="", repr=False)

    @cached_property
    def version(self) -> str:
        """Hash of the source; carried along when a kernel travels to a worker that has no source file."""
        return self._version or fingerprint(self.function)

    @property
    def file(self) -> str:
        """The file that the function was written in, or ``""``."""
        return inspect.getsourcefile(self.function) or ""

    @property
    def line(self) -> int:
        """The line that the function starts at."""
        return self.function.__code__.co_firstlineno  # type: ignore[attr-defined] - a plain function has it

    def trial(self, seed: int, point: int, trial: int, /, **parameters: Any) -> Any:
        """Run one trial in plain Python, with the draws that the compiled one gets, bit for bit.

        Parameters
        ----------
        seed, point, trial
            Which trial: ``0 <= seed < 2**64``, ``0 <= point < 2**44``, ``0 <= trial < 2**44``.
        **parameters
            Values for the function's parameters; strings as their category codes.

        Returns
        -------
        Any
            What the function returns.
        """
        return self.function(Rng(seed, point, trial), **parameters)

    __call__ = property(lambda self: self.function)  # type: ignore[assignment] - callable as the plain function, traceback and all

    def __reduce__(self) -> tuple[Any, ...]:
        values = (self.function, self.name, self.parameters, self.defaults, self.outputs, self.summary, self.version)
        return (Kernel, values)


@overload
def kernel(function: Callable[..., Any], /) -> Kernel: ...


@overload
def kernel(*, outputs: Sequence[str] | str | None = None) -> Callable[[Callable[..., Any]], Kernel]: ...


def kernel(function: Callable[..., Any] | None = None, /, *, outputs: Sequence[str] | str | None = None) -> Any:
    """Declare a scalar function to be a kernel.

    Parameters
    ----------
    function
        ``f(rng, a, b, ...)`` returning a number, a bool, or a tuple of these.
    outputs
        Names of what it returns, in order. The function's own name when left out.

    Returns
    -------
    Kernel
        Or a decorator that makes one.

    Raises
    ------
    KernelError
        If there is no ``rng`` to receive, an argument is variadic, a default is no number, or two outputs share a name.

    Examples
    --------
    >>> @kernel(outputs=["inside"])
    ... def pi(rng, radius=1.0):
    ...     x, y = rng.uniform(), rng.uniform()
    ...     return x * x + y * y < radius * radius
    >>> pi.parameters, pi.outputs
    (('radius',), ('inside',))
    >>> pi.trial(0, 0, 5, radius=1.0)
    True
    """
    if function is None:
        return lambda each: _declare(each, outputs)
    return _declare(function, outputs)


def _declare(function: Callable[..., Any], outputs: Sequence[str] | str | None) -> Kernel:
    function = plain(function)
    if not inspect.isfunction(function):
        raise KernelError(f"a kernel is a plain function, not {function!r}")
    name = function.__name__
    given = [outputs] if isinstance(outputs, str) else list(outputs if outputs is not None else [name])
    _check_outputs(name, given)
    arguments = list(inspect.signature(function).parameters.values())
    if not arguments:
        raise KernelError(
            f"kernel {name!r} takes no argument: the first one receives the random numbers, as in f(rng, a, b)"
        )
    for each in arguments:
        _check_argument(name, each)
    taken = arguments[1:]
    return Kernel(
        function=function,
        name=name,
        parameters=tuple(each.name for each in taken),
        defaults={each.name: each.default for each in taken if each.default is not each.empty},
        outputs=tuple(given),
        summary=(inspect.getdoc(function) or "").partition("\n")[0],
    )


def _check_outputs(name: str, outputs: list[str]) -> None:
    if not outputs:
        raise KernelError(f"kernel {name!r} names no output: outputs=['payoff'], say")
    for each in outputs:
        if not isinstance(each, str) or not each.isidentifier():  # pyright: ignore[reportUnnecessaryIsInstance] - the user's own list
            raise KernelError(f"kernel {name!r}: output {each!r} is not a name; letters, digits and _ make one")
    if len(set(outputs)) != len(outputs):
        raise KernelError(f"kernel {name!r}: two outputs share a name in {outputs!r}")


def _check_argument(name: str, argument: inspect.Parameter) -> None:
    if argument.kind not in {argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD}:
        raise KernelError(f"kernel {name!r}: argument {argument.name!r} must be a plain one (no *, ** or keyword-only)")
    if argument.default is not argument.empty and not isinstance(argument.default, bool | int | float):
        raise KernelError(f"kernel {name!r}: the default {argument.default!r} of {argument.name!r} is no number")
