"""A kernel: one scalar function, its parameters, its outputs and the hash of its source."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from sweep_kernels.annotations import converted, parameter_kinds, returned_outputs
from sweep_kernels.distributions import Distribution, drawing, weighing
from sweep_kernels.distributions.sequence import MOST, version_with
from sweep_kernels.errors import KernelError, UsageError
from sweep_kernels.outputs import output_names, with_more
from sweep_kernels.rng import Rng
from sweep_kernels.snapshot import Snapshot, plain_function, take
from sweep_kernels.tables import read_only
from sweep_kernels.weights import WEIGHT, check_proposals, columns_of, names_weights, weight_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    returned
        Names of the numbers that the function returns, in order; those of a vector are ``curve[0]``, ``curve[1]``, ...
    own_mathematics
        Whether functions of ``math`` and ``numpy`` are ours, with the same bits everywhere, or the C library's.
    types
        What parameters are annotated as: ``"float"``, ``"int"``, ``"bool"`` or ``"float32"``; not those with another annotation or none.
    draws
        Distributions of the parameters that each trial draws before it begins; see `drawing`. Their values are outputs too, after the function's own.
    proposals
        Of some of these, what they are drawn from instead: the trials have weights then, as those have whose draws name a proposal.
    """

    function: Callable[..., Any]
    name: str
    parameters: tuple[str, ...]
    defaults: dict[str, bool | int | float]
    returned: tuple[str, ...]
    summary: str = ""
    own_mathematics: bool = True
    types: dict[str, str] = field(default_factory=dict[str, str])
    draws: Mapping[str, Distribution] = field(default_factory=dict[str, Distribution])
    proposals: Mapping[str, Distribution] = field(default_factory=dict[str, Distribution])
    _carried: Snapshot | None = field(default=None, repr=False)

    @property
    def version(self) -> str:
        """64 hexadecimal digits: the hash of its source, of what that calls, of the constants it reads and of the distributions it draws from.

        Raises
        ------
        KernelError
            If it refers to something that a kernel cannot, or any of this has changed since the kernel was first used.
        """
        changed = None if self._carried else self._snapshot.changed(self._take())
        if changed:
            raise KernelError(
                f"kernel {self.name!r} is not what it was when it was first used: {changed} has changed; declare the kernel again"
            )
        return version_with(self._snapshot.version, self.draws, self.proposals)

    @cached_property
    def is_weighted(self) -> bool:
        """Whether its trials have weights: a parameter, or a draw in the function, has a proposal."""
        return bool(self.proposals) or names_weights(self.function)  # type: ignore[arg-type] - a plain function

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the numbers that a trial gives: what the function returns, the drawn parameters, and the weight if there is one."""
        return (*self.returned, *self.draws, *((WEIGHT,) if self.is_weighted else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all that is computed of a trial: the outputs, and these times the weight if there is one."""
        return columns_of(self.outputs, is_weighted=self.is_weighted)

    def drawing(self, draws: Mapping[str, Distribution], proposals: Mapping[str, Distribution] | None = None) -> Kernel:
        """Return the kernel with parameters that each trial draws before it begins.

        Parameters
        ----------
        draws
            Distributions by parameter; the order is that of the draws. They replace those that the kernel has.
        proposals
            Of some of them, what the values are drawn from instead; each trial has the weight that makes up for it.

        Returns
        -------
        Kernel
            Its outputs are those of this one and the drawn parameters; with a proposal the weight, too.

        Raises
        ------
        KernelError
            If there is no parameter of a name, it is an output's too, its annotation does not fit, there are more than 256, or a proposal is of
            no drawn parameter, or of other values.
        """
        if len(draws) > MOST:
            raise KernelError(f"kernel {self.name!r} is to draw {len(draws):,} parameters: at most {MOST} can be drawn")
        fitting = {name: self._fitting(name, each) for name, each in draws.items()}
        proposed = {name: self._fitting(name, each) for name, each in (proposals or {}).items() if name in fitting}
        return replace(
            self,
            draws=fitting,
            proposals=check_proposals(f"kernel {self.name!r}", fitting, {**(proposals or {}), **proposed}),
        )

    @property
    def drawn_from(self) -> tuple[Distribution, ...]:
        """What the parameters are drawn from, in the order of the draws."""
        return tuple({**self.draws, **self.proposals}.values())

    @cached_property
    def weigh(self) -> Callable[[float, Any], float]:
        """The plain function ``f(log_weight, drawn)``: a trial's weight."""
        proposed = {place: self.proposals[name] for place, name in enumerate(self.draws) if name in self.proposals}
        return weight_of(weighing(tuple(self.draws.values()), proposed))

    def _fitting(self, name: str, distribution: Distribution) -> Distribution:
        """See that a parameter can be drawn; make its values what it is annotated as."""
        if name not in self.parameters:
            known = ", ".join(map(repr, self.parameters)) or "none after its first, the rng"
            raise KernelError(f"the drawn {name!r} is no parameter of kernel {self.name!r}: it has {known}")
        if name in {each.partition("[")[0] for each in self.returned} or (name == WEIGHT and self.is_weighted):
            raise KernelError(
                f"output {name!r} of kernel {self.name!r} has the name of a drawn parameter, which is an output too: rename one"
            )
        if not isinstance(distribution, Distribution):  # pyright: ignore[reportUnnecessaryIsInstance] - the user's own
            raise KernelError(f"the drawn {name!r} is {distribution!r}, no distribution, as Normal(20.0, 4.0) is one")
        if name not in self.types or distribution.kind == "str":
            return distribution
        try:
            return distribution.as_kind(self.types[name])
        except UsageError as error:
            raise KernelError(
                f"parameter {name!r} of kernel {self.name!r} is annotated as {self.types[name]} and drawn: {error}"
            ) from None

    def draw(self, rng: Rng) -> dict[str, Any]:
        """Draw a trial's parameters, text as category codes; none for a kernel that draws none. `rng` goes on as if nothing had been drawn."""
        return dict(zip(self.draws, self._draw(rng), strict=True)) if self.draws else {}

    @cached_property
    def _draw(self) -> Callable[[Rng], tuple[Any, ...]]:
        return drawing(self.drawn_from)

    def completed(self, returned: Any, drawn: Mapping[str, Any], rng: Rng) -> Any:
        """Return what a trial gives: what the function returned, the parameters that `draw` gave, and the weight that `rng` has come to.

        Raises
        ------
        MisfitError
            If the function did not return what the kernel names.
        KernelError
            If the trial has a weight, and the kernel none.
        """
        values = tuple(drawn.values())
        if not self.is_weighted:
            if rng.log_weight != 0.0:
                raise KernelError(
                    "a draw has a proposal, or rng.weigh is called, where it was not seen when the kernel was first looked at: write "
                    "proposal= by its name, and functions above the kernel that calls them"
                )
            return with_more(self.name, self.returned, returned, values) if self.draws else returned
        return with_more(self.name, self.returned, returned, (*values, self.weigh(rng.log_weight, values)))

    @property
    def frozen(self) -> Callable[..., Any]:
        """The function with all that it refers to, as they were when the kernel was first used: what is compiled, run and hashed."""
        return self._snapshot.function

    @property
    def receiver(self) -> str:
        """The name of its first argument, which receives the random numbers."""
        return self.function.__code__.co_varnames[0]  # type: ignore[attr-defined] - a plain function has it

    @property
    def py_func(self) -> Callable[..., Any]:
        """The plain function, by the name that numba's own functions have for it."""
        return self.function

    @cached_property
    def _snapshot(self) -> Snapshot:
        """Taken once, at first use; carried along when the kernel travels to a worker, which may have other files."""
        return self._carried or self._take()

    def _take(self) -> Snapshot:
        return take(self.function, own_mathematics=self.own_mathematics)

    @property
    def file(self) -> str:
        """The file that the function was written in, or ``""``."""
        return inspect.getsourcefile(self.function) or ""

    @property
    def module(self) -> str:
        """The name of the module that the function was written in."""
        return self.function.__module__

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
            Values for the function's parameters; strings as their category codes, tables as arrays. Those that the trial draws are left out.

        Returns
        -------
        Any
            What the function returns; of a kernel that draws parameters, or whose trials have weights, a tuple, these at its end.

        Raises
        ------
        KernelError
            If it has drawn more than 2**33 numbers of a stream.
        """
        return self.run(Rng(seed, point, trial), **parameters)

    def run(self, rng: Rng, /, **parameters: Any) -> Any:
        """Run one trial with a given `rng`; see `trial`."""
        drawn = self.draw(rng)
        returned = self.frozen(rng, **self.given(parameters | drawn))
        rng.check_drawn()
        return self.completed(returned, drawn, rng)

    def given(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the function is called with: numbers as they are annotated, tables that cannot be written to."""
        given = {name: self.defaults[name] for name in self.types if name in self.defaults} | dict(parameters)
        return {name: self._given(name, each) for name, each in given.items()}

    def _given(self, name: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return read_only(value)
        return converted(self.types[name], value, name) if name in self.types else value

    __call__ = property(lambda self: self.function)  # type: ignore[assignment] - callable as the plain function, traceback and all

    def __reduce__(self) -> tuple[Any, ...]:
        values = (
            self.frozen,
            self.name,
            self.parameters,
            self.defaults,
            self.returned,
            self.summary,
            self.own_mathematics,
            self.types,
            dict(self.draws),
            dict(self.proposals),
            self._snapshot,
        )
        return (Kernel, values)


@overload
def kernel(function: Callable[..., Any], /) -> Kernel: ...


@overload
def kernel(
    *, outputs: Sequence[str | tuple[str, int]] | str | None = None, mathematics: str = "own"
) -> Callable[[Callable[..., Any]], Kernel]: ...


def kernel(
    function: Callable[..., Any] | None = None,
    /,
    *,
    outputs: Sequence[str | tuple[str, int]] | str | None = None,
    mathematics: str = "own",
) -> Any:
    """Declare a scalar function to be a kernel.

    Parameters
    ----------
    function
        ``f(rng, a, b, ...)`` returning a number, a bool, or a tuple of these, or of tuples and one-dimensional arrays of these.
    outputs
        Names of what it returns, in order: ``"peak"`` for a number, ``("curve", 50)`` for a tuple or an array of 50. When left out, the fields of
        the NamedTuple that the function is annotated to return, or else the function's own name.
    mathematics
        ``"own"``: functions of ``math`` and ``numpy`` are ours, which give the same bits on every machine; ``"library"``: the C library's.

    Returns
    -------
    Kernel
        Or a decorator that makes one.

    Raises
    ------
    KernelError
        If there is no ``rng`` to receive, `mathematics` is neither of the two, an argument is variadic, a default is no number, or two
        outputs share a name.

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
    if mathematics not in {"own", "library"}:
        raise KernelError(f"mathematics={mathematics!r} is neither 'own' nor 'library'")
    own = mathematics == "own"
    if function is None:
        return lambda each: _declare(each, outputs, own_mathematics=own)
    return _declare(function, outputs, own_mathematics=own)


def _declare(
    function: Callable[..., Any], outputs: Sequence[str | tuple[str, int]] | str | None, *, own_mathematics: bool
) -> Kernel:
    function = plain_function(function)
    if not inspect.isfunction(function):
        raise KernelError(f"a kernel is a plain function, not {function!r}")
    name = function.__name__
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise KernelError(f"kernel {name!r} yields or awaits: it must return what one trial gives")
    if outputs is None:
        outputs = returned_outputs(function) or [name]
    given = output_names(name, [outputs] if isinstance(outputs, str) else outputs)
    arguments = list(inspect.signature(function).parameters.values())
    if not arguments:
        raise KernelError(
            f"kernel {name!r} takes no argument: the first one receives the random numbers, as in f(rng, a, b)"
        )
    if arguments[0].name in {"self", "cls"}:
        raise KernelError(
            f"kernel {name!r} is a method: write a function outside of the class; its first argument receives the random numbers, as in f(rng, a, b)"
        )
    for each in arguments:
        _check_argument(name, each)
    taken = arguments[1:]
    types = parameter_kinds(function, (each.name for each in taken))
    numbers = {each.name: number for each in taken if (number := _number(each.default)) is not None}
    return Kernel(
        function=function,
        name=name,
        parameters=tuple(each.name for each in taken),
        defaults={key: converted(types[key], value, key) if key in types else value for key, value in numbers.items()},
        returned=given,
        summary=(inspect.getdoc(function) or "").partition("\n")[0],
        own_mathematics=own_mathematics,
        types=types,
    )


def _check_argument(name: str, argument: inspect.Parameter) -> None:
    if argument.kind not in {argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD}:
        raise KernelError(f"kernel {name!r}: argument {argument.name!r} must be a plain one (no *, ** or keyword-only)")
    if argument.default is not argument.empty and _number(argument.default) is None:
        too_large = " that fits in 64 bits" if isinstance(argument.default, int) else ""
        raise KernelError(
            f"kernel {name!r}: the default {argument.default!r} of {argument.name!r} is no number{too_large}"
        )


def _number(value: Any) -> bool | int | float | None:
    """Return a number as one of Python's own types; None for what is none, or an integer that is too large."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value) if -(2**63) <= value < 2**63 else None
    return float(value) if isinstance(value, float | np.floating) else None
