"""What is asked of a sweep beyond means: which outputs are counted into which bins, and which pairs vary together."""

from __future__ import annotations

from dataclasses import dataclass

from sweep_kernels.sketch import divisions_of, limit, middle

__all__ = ["Histogram", "Sketch", "Tallies"]


@dataclass(frozen=True)
class Sketch:
    """Count an output into bins of bounded relative width, for its quantiles.

    Attributes
    ----------
    output
        Its position among the outputs.
    relative_error
        The most by which a quantile may be off, `LEAST_ERROR` to `MOST_ERROR` of `sweep_kernels.sketch`.
    """

    output: int
    relative_error: float

    @property
    def divisions(self) -> int:
        """Bins of an octave."""
        return divisions_of(self.relative_error)

    @property
    def layout(self) -> tuple[int, int, int, int]:
        """Length of its table, the half-open range of places that matter in it, and the bin of the range's first place."""
        centre, beyond = middle(self.divisions), limit(self.divisions)
        return 2 * centre + 1, centre - beyond + 1, centre + beyond, 1 - beyond


@dataclass(frozen=True)
class Histogram:
    """Count an output into `bins` bins of equal width from `low` to `high`, bin -1 for below and bin `bins` for above."""

    output: int
    low: float
    high: float
    bins: int

    @property
    def layout(self) -> tuple[int, int, int, int]:
        """As a sketch's; the last place is for what is not finite."""
        return self.bins + 3, 0, self.bins + 2, -1


@dataclass(frozen=True)
class Tallies:
    """What a driver is asked for beside statistics.

    Attributes
    ----------
    counted
        Outputs to be counted into bins.
    pairs
        Positions of outputs whose joint moments are wanted.
    """

    counted: tuple[Sketch | Histogram, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.counted or self.pairs)
