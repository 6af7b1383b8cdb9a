"""What is estimated: the arguments, the draws of a trial, and what its time is divided by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """An estimator's arguments, in the order of its function in `scalar`.

    Attributes
    ----------
    unit, units
        What one pays for, and how many a trial takes; None where the mean of the estimator itself says it.
    uniforms, normals, exponentials
        Draws a unit.
    """

    arguments: tuple[int | float, ...]
    unit: str
    units: int | None
    uniforms: int = 0
    normals: int = 0
    exponentials: int = 0


# fmt: off
CASES = {
    "pi": Case((), "uniform", 2, uniforms=1),
    "two_normals": Case((), "normal", 2, normals=1),
    "walk": Case((100,), "step", 100, normals=1),
    "asian_gbm": Case((100.0, 100.0, 0.05, 0.2, 1.0, 100), "step", 100, normals=1),
    "heston": Case((100.0, 100.0, 0.03, 0.04, 1.5, 0.04, 0.3, -0.7, 1.0, 100), "step", 100, normals=2),
    "first_passage": Case((15.0, 1000), "step", None, normals=1),
    "mm1": Case((0.8, 1.0, 100), "customer", 100, exponentials=2),
    "radar": Case((2.0, 32.7, 10), "pulse", 10, normals=2),
}
# fmt: on
