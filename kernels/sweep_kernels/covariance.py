"""Joint moments of two outputs over a block of trials, and their merge.

A row holds how many trials gave two finite values, both means, and the sums over these trials of ``(x - mean_x)**p * (y - mean_y)**q`` for
``2 <= p + q <= 4`` (`ORDERS`). From those of the second order comes the covariance, from those of the fourth its standard error and that
of the correlation, whatever the distribution.

The order of every addition inside a block is fixed. Blocks are merged by expanding the powers about the common means, as in P. Pébay, "Formulas for
robust, one-pass parallel computation of covariances and arbitrary-order statistical moments", Sandia report SAND2008-6212 (2008),
https://doi.org/10.2172/1028931, along the same tree as all statistics.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from sweep_kernels.arithmetic import fma

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COUNT", "MEAN_X", "MEAN_Y", "MOMENT", "ORDERS", "ROOM", "WIDTH", "block_comoments", "merge_comoments"]

ORDERS = tuple((p, total - p) for total in (2, 3, 4) for p in range(total, -1, -1))
"""Powers of x and of y: (2, 0), (1, 1), (0, 2), (3, 0), ..., (0, 4)."""

COUNT, MEAN_X, MEAN_Y = range(3)
MOMENT = {order: 3 + place for place, order in enumerate(ORDERS)}
WIDTH = 3 + len(ORDERS)
"""Numbers of a row."""

LANES = 16
STEPS = 8
TILE = LANES * STEPS
ROOM = len(ORDERS) * LANES
"""Room to work, besides that for values that are finite in both."""


def add_powers(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    n: int,
    mean_x: float,
    mean_y: float,
    sums: NDArray[np.float64],
) -> None:
    """Sum powers of the deviations of ``x[:n]`` and ``y[:n]`` by lane, in the order of `ORDERS`.

    A tile of `STEPS` values a lane is added up by itself, so that its sums stay in registers.
    """
    for i in range(ROOM):
        sums[i] = 0.0
    whole = n - n % TILE
    for start in range(0, whole, TILE):
        for lane in range(LANES):
            uu = uv = vv = uuu = uuv = uvv = vvv = uuuu = uuuv = uuvv = uvvv = vvvv = 0.0
            for step in range(STEPS):
                u = x[start + step * LANES + lane] - mean_x
                v = y[start + step * LANES + lane] - mean_y
                u2, w, v2 = u * u, u * v, v * v
                uu += u2
                uv += w
                vv += v2
                uuu = fma(u2, u, uuu)
                uuv = fma(u2, v, uuv)
                uvv = fma(v2, u, uvv)
                vvv = fma(v2, v, vvv)
                uuuu = fma(u2, u2, uuuu)
                uuuv = fma(u2, w, uuuv)
                uuvv = fma(w, w, uuvv)
                uvvv = fma(v2, w, uvvv)
                vvvv = fma(v2, v2, vvvv)
            sums[lane] += uu
            sums[LANES + lane] += uv
            sums[2 * LANES + lane] += vv
            sums[3 * LANES + lane] += uuu
            sums[4 * LANES + lane] += uuv
            sums[5 * LANES + lane] += uvv
            sums[6 * LANES + lane] += vvv
            sums[7 * LANES + lane] += uuuu
            sums[8 * LANES + lane] += uuuv
            sums[9 * LANES + lane] += uuvv
            sums[10 * LANES + lane] += uvvv
            sums[11 * LANES + lane] += vvvv
    for i in range(whole, n):
        lane = i % LANES
        u = x[i] - mean_x
        v = y[i] - mean_y
        u2, w, v2 = u * u, u * v, v * v
        sums[lane] += u2
        sums[LANES + lane] += w
        sums[2 * LANES + lane] += v2
        sums[3 * LANES + lane] += u2 * u
        sums[4 * LANES + lane] += u2 * v
        sums[5 * LANES + lane] += v2 * u
        sums[6 * LANES + lane] += v2 * v
        sums[7 * LANES + lane] += u2 * u2
        sums[8 * LANES + lane] += u2 * w
        sums[9 * LANES + lane] += w * w
        sums[10 * LANES + lane] += v2 * w
        sums[11 * LANES + lane] += v2 * v2


def keep_both(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    n: int,
    into_x: NDArray[np.float64],
    into_y: NDArray[np.float64],
) -> int:
    """Copy the trials that gave two finite values, in order; return how many."""
    kept = 0
    for i in range(n):
        if math.isfinite(x[i]) and math.isfinite(y[i]):
            into_x[kept] = x[i]
            into_y[kept] = y[i]
            kept += 1
    return kept


def mean_of(x: NDArray[np.float64], n: int) -> float:
    """Mean of ``x[:n]``; scaled, so that no sum of finite numbers overflows, and that of a constant is the constant."""
    if n == 0:
        return 0.0
    total = drift = 0.0
    for i in range(n):
        total += x[i] * 2.0**-64
    mean = total / n * 2.0**64
    for i in range(n):
        drift += (x[i] - mean) * 2.0**-64
    return mean + drift / n * 2.0**64


def block_comoments(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    n: int,
    mean_x: float,
    mean_y: float,
    is_finite: bool,
    sums: NDArray[np.float64],
    room_x: NDArray[np.float64],
    room_y: NDArray[np.float64],
    row: NDArray[np.float64],
) -> None:
    """Write the joint moments of two outputs over one block.

    Parameters
    ----------
    x, y
        The values, at least `n` of each.
    n
        How many trials, at least 1.
    mean_x, mean_y
        Their means, if all are finite.
    is_finite
        Whether they are.
    sums
        Room to work, shape ``(ROOM,)``.
    room_x, room_y
        Room to work, shape ``(n,)``.
    row
        Where to write, shape ``(WIDTH,)``.
    """
    if is_finite:
        add_powers(x, y, n, mean_x, mean_y, sums)
    else:
        n = keep_both(x, y, n, room_x, room_y)
        mean_x = mean_of(room_x, n)
        mean_y = mean_of(room_y, n)
        add_powers(room_x, room_y, n, mean_x, mean_y, sums)
    width = LANES // 2
    while width > 0:
        for power in range(len(ORDERS)):
            for lane in range(width):
                sums[power * LANES + lane] += sums[power * LANES + lane + width]
        width = width // 2
    row[0] = n
    row[1] = mean_x
    row[2] = mean_y
    for power in range(len(ORDERS)):
        row[3 + power] = sums[power * LANES]


def merge_comoments(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Merge joint moments of neighbouring runs of blocks, elementwise.

    Parameters
    ----------
    left, right
        Shape ``(..., WIDTH)``; `left` holds the earlier trials.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    a, b = left[..., COUNT], right[..., COUNT]
    n = a + b
    safe = np.where(n > 0, n, 1.0)
    merged = np.empty_like(left)
    merged[..., COUNT] = n
    shifts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for mean in (MEAN_X, MEAN_Y):
            delta = right[..., mean] - left[..., mean]
            shifts.append((-delta * (b / safe), delta * (a / safe)))
            merged[..., mean] = left[..., mean] + delta * (b / safe)
        (left_x, right_x), (left_y, right_y) = shifts
        for order, place in MOMENT.items():
            merged[..., place] = _about(left, left_x, left_y, *order) + _about(right, right_x, right_y, *order)
    for count, other in ((a, right), (b, left)):
        merged = np.where((count == 0)[..., None], other, merged)
    return merged


def _about(
    row: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], p: int, q: int
) -> NDArray[np.float64]:
    """Sum ``(u + x)**p * (v + y)**q`` over the trials of a row, where `u` and `v` deviate from its means."""
    total = np.zeros_like(x)
    for i, j in product(range(p + 1), range(q + 1)):
        moment = row[..., COUNT] if i + j == 0 else row[..., MOMENT[i, j]] if i + j > 1 else None
        if moment is not None:
            total = total + math.comb(p, i) * math.comb(q, j) * _power(x, p - i) * _power(y, q - j) * moment
    return total


def _power(x: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    """Multiply: a power's last bit is the C library's."""
    found = np.ones_like(x)
    for _ in range(exponent):
        found = found * x
    return found
