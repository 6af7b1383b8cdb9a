"""What ``np.interp`` of a number is in a kernel: NumPy's own makes arrays on the way."""

from __future__ import annotations

from typing import Any

__all__ = ["interpolated"]


def interpolated(x: float, xp: Any, fp: Any) -> float:
    """Interpolate linearly between points, by bisection.

    Parameters
    ----------
    x
        Where.
    xp, fp
        Coordinates of the points, one-dimensional and of the same length; those of `xp` rise. Beyond them the first and the last value hold.

    Raises
    ------
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> interpolated(1.5, (0.0, 1.0, 2.0), (0.0, 10.0, 30.0)), interpolated(9.0, (0.0, 1.0), (5.0, 6.0))
    (20.0, 6.0)
    """
    low, high = 0, len(xp) - 1
    if len(fp) != len(xp):
        raise ValueError("interp: the coordinates of the points must be as many as their values")
    if x <= xp[low]:
        return float(fp[low])
    if x >= xp[high]:
        return float(fp[high])
    while high - low > 1:
        middle = (low + high) // 2
        if xp[middle] <= x:
            low = middle
        else:
            high = middle
    slope = (fp[high] - fp[low]) / (xp[high] - xp[low])
    return slope * (x - xp[low]) + fp[low]
