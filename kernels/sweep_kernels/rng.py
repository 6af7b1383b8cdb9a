"""The ``rng`` that a trial receives, in plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep_kernels import draws
from sweep_kernels.counter import DRAW_LIMIT, POINT_LIMIT, SEED_LIMIT, TRIAL_LIMIT, high_word, key_of
from sweep_kernels.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from numpy.typing import NDArray

__all__ = ["Rng"]

_MASK = 0xFFFFFFFF


class Rng:
    """The draws of one trial.

    Compiled trials get a type with the same fields and methods (``sweep_kernels.native``); the draws are the same to the bit.

    Methods that take a `proposal` draw as if they had been given those parameters, and multiply the trial's weight by the density that is meant
    over the one that was drawn from: importance sampling, see `sweep_kernels.draws.proposed`. It is given by its name.

    Parameters
    ----------
    seed
        ``0 <= seed < 2**64``.
    point, trial
        Which trial of which point; each ``0 <= index < 2**44``.

    Raises
    ------
    KernelError
        If one of them is out of its range: its bits would be another draw's.

    Examples
    --------
    >>> rng = Rng(seed=1, point=0, trial=0)
    >>> 0.0 <= rng.uniform() < 1.0
    True
    >>> Rng(1, 0, 7).normal() == Rng(1, 0, 7).normal()
    True
    """

    __slots__ = ("c1", "c2", "c3", "k0", "k1", "log_weight", "normals", "spare_normal", "spare_uniform", "uniforms")

    def __init__(self, seed: int, point: int, trial: int) -> None:
        for name, value, limit in (
            ("seed", seed, SEED_LIMIT),
            ("point", point, POINT_LIMIT),
            ("trial", trial, TRIAL_LIMIT),
        ):
            if not 0 <= value < limit:
                raise KernelError(f"{name} {value} is not between 0 and {limit - 1}")
        self.k0, self.k1 = key_of(seed)
        self.c1 = high_word(point, trial)
        self.c2 = trial & _MASK
        self.c3 = point & _MASK
        self.uniforms = 0
        self.normals = 0
        self.spare_uniform = 0.0
        self.spare_normal = 0.0
        self.log_weight = 0.0

    def uniform(self, low: float = 0.0, high: float = 1.0, *, proposal: tuple[float, float] | None = None) -> float:
        """Draw from ``[low, high)`` uniformly, with 53 random bits; rounding may give `high` where the two are not 0 and 1."""
        return draws.uniform(self, low, high, proposal)

    def normal(self, loc: float = 0.0, scale: float = 1.0, *, proposal: tuple[float, float] | None = None) -> float:
        """Draw a normal with mean `loc` and standard deviation ``scale >= 0``."""
        return draws.normal(self, loc, scale, proposal)

    def exponential(self, scale: float = 1.0, *, proposal: float | None = None) -> float:
        """Exponential with mean ``scale >= 0``."""
        return draws.exponential(self, scale, proposal)

    def integers(self, low: int, high: int) -> int:
        """Integer on ``low <= k < high``, at most 2**32 values."""
        return draws.integers(self, low, high)

    def bernoulli(self, p: float, *, proposal: float | None = None) -> bool:
        """Return whether an event of probability `p` happens."""
        return draws.bernoulli(self, p, proposal)

    def poisson(self, mean: float, *, proposal: float | None = None) -> int:
        """Poisson with ``0 <= mean <= 1e15``."""
        return draws.poisson(self, mean, proposal)

    def binomial(self, n: int, p: float, *, proposal: float | None = None) -> int:
        """Successes in `n` trials of probability `p`, ``0 <= n <= 1e15``; mean ``n p``."""
        return draws.binomial(self, n, p, proposal)

    def geometric(self, p: float, *, proposal: float | None = None) -> int:
        """Trials up to the first success, 1, 2, ..., with ``1e-14 <= p <= 1``; mean ``1 / p``."""
        return draws.geometric(self, p, proposal)

    def gamma(self, shape: float, scale: float = 1.0, *, proposal: tuple[float, float] | None = None) -> float:
        """Gamma with ``shape > 0`` and ``scale >= 0``; mean ``shape * scale``. 0 where it is below 5e-324, which takes a small shape."""
        return draws.gamma(self, shape, scale, proposal)

    def chisquare(self, df: float) -> float:
        """Chi-square with ``df > 0`` degrees of freedom, any number; mean `df`."""
        return draws.chisquare(self, df)

    def beta(self, a: float, b: float) -> float:
        """Beta on ``[0, 1]`` with `a` and `b` from 1e-300 to 1e300; mean ``a / (a + b)``."""
        return draws.beta(self, a, b)

    def standard_t(self, df: float) -> float:
        """Student's t with ``df > 0`` degrees of freedom, any number; infinite where it is above 1.8e308, which takes a `df` below 0.06."""
        return draws.standard_t(self, df)

    def lognormal(self, mean: float = 0.0, sigma: float = 1.0, *, proposal: tuple[float, float] | None = None) -> float:
        """Exponential of a normal with that mean and standard deviation ``sigma >= 0``; mean ``exp(mean + sigma**2 / 2)``."""
        return draws.lognormal(self, mean, sigma, proposal)

    def rayleigh(self, scale: float = 1.0, *, proposal: float | None = None) -> float:
        """Length of two independent normals of standard deviation ``scale >= 0``; mean ``scale * sqrt(pi / 2)``."""
        return draws.rayleigh(self, scale, proposal)

    def rice(self, nu: float, sigma: float) -> float:
        """Length of a vector of length ``nu >= 0`` with normal noise of standard deviation ``sigma >= 0`` in both coordinates."""
        return draws.rice(self, nu, sigma)

    def weibull(self, a: float, scale: float = 1.0, *, proposal: tuple[float, float] | None = None) -> float:
        """Weibull of shape ``a > 0``, ``scale >= 0``; mean ``scale * gamma(1 + 1 / a)``."""
        return draws.weibull(self, a, scale, proposal)

    def triangular(self, left: float, mode: float, right: float) -> float:
        """Triangular on ``[left, right]``, densest at ``left <= mode <= right``; mean ``(left + mode + right) / 3``."""
        return draws.triangular(self, left, mode, right)

    def choice(
        self, weights: Sequence[float] | NDArray[Any], *, proposal: Sequence[float] | NDArray[Any] | None = None
    ) -> int:
        """Index into a tuple or an array of weights, each as likely as its share of their sum.

        >>> Rng(seed=1, point=0, trial=0).choice((0.0, 2.5, 0.0))
        1
        """
        return draws.choice(self, weights, proposal)

    def shuffle(self, x: MutableSequence[Any] | NDArray[Any]) -> None:
        """Put the elements of an array of one dimension in a random order, in place: every order alike.

        Raises
        ------
        ValueError
            If it has more dimensions.
        """
        dimensions = getattr(x, "ndim", 1)
        if dimensions != 1:
            raise ValueError(f"shuffle: the array has {dimensions} dimensions; it must have one")
        draws.shuffle(self, x)

    def circle(self) -> tuple[float, float]:
        """Point ``(x, y)`` of the unit circle."""
        return draws.circle(self)

    def sphere(self) -> tuple[float, float, float]:
        """Point ``(x, y, z)`` of the unit sphere."""
        return draws.sphere(self)

    def weigh(self, log_ratio: float) -> None:
        """Multiply the trial's weight by ``exp(log_ratio)``, ``log_ratio < inf``: the logarithm of the density that is meant over the one drawn from.

        For what no `proposal` says, as a mixture of several:

        >>> rng = Rng(seed=1, point=0, trial=0)
        >>> rng.weigh(-1.5)
        >>> rng.log_weight
        -1.5
        """
        draws.weigh(self, log_ratio)

    def check_drawn(self) -> None:
        """See, after a trial, that it has not drawn more than its counter can tell apart; compiled trials are looked at the same way.

        Raises
        ------
        KernelError
            If it has drawn more than 2**33 uniforms or normals.
        """
        for stream, drawn in (("uniforms", self.uniforms), ("normals", self.normals)):
            if drawn > DRAW_LIMIT:
                raise KernelError(f"a trial drew {drawn:,} {stream}: it may draw 2**33, so cut it into several trials")
