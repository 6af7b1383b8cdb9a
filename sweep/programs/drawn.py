"""What a trial draws before it begins, as the trials of kernels do: numbers for statistics, and values as people and programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError
from sweep.programs.checks import RESERVED
from sweep_kernels.distributions import Distribution, drawing
from sweep_kernels.distributions.sequence import MOST
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["Drawing", "check_draws", "kind_of"]


class Drawing:
    """Draws the parameters of trials.

    Parameters
    ----------
    draws
        Distributions by parameter, in the order of the draws.
    seed
        The sweep's.
    common_random_numbers
        Whether all points get the draws of point 0.

    Examples
    --------
    >>> from sweep_kernels.distributions import Discrete, Uniform
    >>> gap, car = Uniform(5.0, 50.0), Discrete(("van", "truck"), (0.5, 0.5))
    >>> numbers = Drawing({"gap": gap, "car": car}, seed=1, common_random_numbers=False)
    >>> drawn = numbers.of(0, 7)
    >>> numbers.decoded(drawn)["gap"] == drawn[0], numbers.decoded(drawn)["car"]
    (True, 'truck')
    """

    def __init__(self, draws: Mapping[str, Distribution], seed: int, *, common_random_numbers: bool) -> None:
        self._draws = draws
        self._draw = drawing(tuple(draws.values()))
        self._seed, self._common = seed, common_random_numbers

    def of(self, point: int, trial: int) -> tuple[Any, ...]:
        """Return what a trial draws, text as the position of its category."""
        return self._draw(Rng(self._seed, 0 if self._common else point, trial)) if self._draws else ()

    def decoded(self, drawn: tuple[Any, ...]) -> dict[str, Any]:
        """Return it by name, text as text."""
        return {name: each.decoded(value) for (name, each), value in zip(self._draws.items(), drawn, strict=True)}

    def values(self, point: int, trial: int) -> dict[str, Any]:
        """Return what a trial draws by name, text as text."""
        return self.decoded(self.of(point, trial))


def kind_of(distribution: Distribution) -> str:
    """Return the kind of an output that a drawn parameter is: text counts as the position of its category."""
    return "int" if distribution.categories else distribution.kind


def check_draws(
    name: str, draws: Mapping[str, Any], parameters: Collection[str], outputs: Collection[str]
) -> dict[str, Distribution]:
    """See that a command can be given what trials draw.

    Parameters
    ----------
    name
        The command's.
    draws
        What is to be drawn.
    parameters, outputs
        Of the command.

    Raises
    ------
    KernelError
        If there is no parameter of a name, it is an output's or a placeholder's too, what it is drawn from is no distribution, or there are more
        than 256.
    """
    if len(draws) > MOST:
        raise KernelError(
            f"command {name!r} is to be given {len(draws):,} drawn parameters: at most {MOST} can be drawn"
        )
    for each, distribution in draws.items():
        if each in RESERVED:
            raise KernelError(f"the drawn {each!r} shares its name with a placeholder of every trial; rename it")
        if each not in parameters:
            raise KernelError(
                f"the drawn {each!r} is not used by command {name!r}: write {{{each}}} in an argument, or name it in parameters=[{each!r}] "
                "if the program reads parameters.json; {scenario} is the path of a file with all that an OpenSCENARIO file varies"
            )
        if each in outputs:
            raise KernelError(
                f"output {each!r} of command {name!r} has the name of a drawn parameter, which is an output too: rename one"
            )
        if not isinstance(distribution, Distribution):
            raise KernelError(f"the drawn {each!r} is {distribution!r}, no distribution, as Normal(20.0, 4.0) is one")
    return dict(draws)
