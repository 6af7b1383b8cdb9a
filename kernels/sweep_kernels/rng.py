"""The ``rng`` that a trial receives, in plain Python."""

from __future__ import annotations

from sweep_kernels import draws
from sweep_kernels.counter import DRAW_LIMIT, POINT_LIMIT, SEED_LIMIT, TRIAL_LIMIT, high_word, key_of
from sweep_kernels.errors import KernelError

__all__ = ["Rng"]

_MASK = 0xFFFFFFFF


class Rng:
    """The draws of one trial.

    Compiled trials get a type with the same fields and methods (``sweep_kernels.native``); the draws are the same to the bit.

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

    __slots__ = ("c1", "c2", "c3", "k0", "k1", "normals", "spare_normal", "spare_uniform", "uniforms")

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

    def uniform(self) -> float:
        """Draw from ``[0, 1)`` uniformly, with 53 random bits."""
        return draws.uniform(self)

    def normal(self) -> float:
        """Draw a standard normal."""
        return draws.normal(self)

    def exponential(self) -> float:
        """Exponential with mean 1."""
        return draws.exponential(self)

    def integers(self, low: int, high: int) -> int:
        """Integer on ``low <= k < high``, at most 2**32 values."""
        return draws.integers(self, low, high)

    def bernoulli(self, p: float) -> bool:
        """Return whether an event of probability `p` happens."""
        return draws.bernoulli(self, p)

    def poisson(self, mean: float) -> int:
        """Poisson with ``0 <= mean <= 1e15``."""
        return draws.poisson(self, mean)

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
