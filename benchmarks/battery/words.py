"""A sweep's draws as 32-bit words, in the orders in which users meet them.

    python benchmarks/battery/words.py ORDER SEED | dieharder -g 200 -a

A word is the top 32 bits of a uniform, or of the normal distribution function of a normal. All come from the compiled driver but those of
`draws` and `points`, of which it makes one trial at a time: these are Philox over NumPy arrays, and begin with a comparison with the driver.
"""

from __future__ import annotations

import sys
from itertools import count

import numpy as np
from scipy.special import ndtr

from sweep.plan import BLOCK_SIZE
from sweep_kernels import kernel
from sweep_kernels.counter import UNIFORM_STREAM, high_word, key_of
from sweep_kernels.driver import Blocks, Driver
from sweep_kernels.philox import philox4x32

ARRAY = 1 << 13  # Philox blocks at a time, few enough for the nearest cache
FEW_DRAWS, FEW_TRIALS = 4, 8
MANY = 1 << 20  # words at a time of the driver, about


@kernel(outputs=["u"])
def uniform(rng):
    return rng.uniform()


@kernel(outputs=["z"])
def normal(rng):
    return rng.normal()


@kernel(outputs=["a", "b", "c", "d"])
def uniforms(rng):
    return rng.uniform(), rng.uniform(), rng.uniform(), rng.uniform()


@kernel(outputs=["a", "b", "c", "d"])
def normals(rng):
    return rng.normal(), rng.normal(), rng.normal(), rng.normal()


def draws(seed):
    """U[0], U[1], ... of trial 0 of point 0."""
    words = (pair.ravel() for pair in pairs(seed, lambda block: (block, 0)))
    return compared(words, next(kept(uniforms, seed, 1, 1)))


def trials(seed):
    """U[0] of trials 0, 1, ... of point 0."""
    return kept(uniform, seed, 1 << 44, MANY // BLOCK_SIZE)


def points(seed):
    """U[0] of trial 0 of points 0, 1, ..."""
    words = (pair[:, 0].copy() for pair in pairs(seed, lambda point: (0, point)))
    return compared(words, next(kept(uniform, seed, 1, ARRAY)))


def interleaved(seed):
    """U[0..3] of trials 0..7 of points 0, 1, ...: a sweep of few trials that take few draws."""
    return kept(uniforms, seed, FEW_TRIALS, MANY // FEW_TRIALS // FEW_DRAWS)


def gaussian(seed):
    """The normal distribution function of Z[0..3] of trials 0, 1, ... of point 0."""
    return (_words(ndtr(z)) for z in values(normals, seed, 1 << 44, MANY // BLOCK_SIZE // FEW_DRAWS))


def control(seed):
    """NumPy's PCG64: none of ours, for what the tests themselves get wrong."""
    generator = np.random.default_rng(seed)
    return (generator.integers(0, 1 << 32, MANY, dtype=np.uint32) for _ in count())


ORDERS = {each.__name__: each for each in (draws, trials, points, interleaved, gaussian, control)}


def values(program, seed, trials, width):
    """Yield what a kernel returns, trial by trial: of one point where it has more trials than a block, else of one block a point."""
    driver = Driver(program, (), seed=seed, trials=trials, block_size=BLOCK_SIZE)
    parameters = np.zeros((width, 1), dtype=np.int64)
    for first in count(0, width):
        blocks = Blocks(0, first, width, 0, width) if trials > BLOCK_SIZE else Blocks(first, 0, 1, 0, width)
        yield driver.run_keeping(blocks, parameters)[1].T.ravel()


def kept(program, seed, trials, width):
    return map(_words, values(program, seed, trials, width))


def pairs(seed, place):
    """Yield the words of each Philox block's two uniforms, shape (ARRAY, 2); `place` gives its number in the trial, and its point."""
    key = [np.uint64(word) for word in key_of(seed)]
    zero = np.zeros(ARRAY, dtype=np.uint64)
    for first in count(0, ARRAY):
        block, point = place(np.arange(first, first + ARRAY, dtype=np.uint64))
        c1 = high_word(0, 0) | UNIFORM_STREAM
        a, _, c, _ = philox4x32(zero + np.uint64(block), zero + np.uint64(c1), zero, zero + np.uint64(point), *key)
        pair = np.empty((ARRAY, 2), dtype=np.uint32)
        pair[:, 0], pair[:, 1] = a, c
        yield pair


def compared(arrays, compiled):
    """Yield the arrays, if the first of them begins as the driver's words do."""
    first = next(arrays)
    if not np.array_equal(first[: len(compiled)], compiled):
        sys.exit(f"Philox over arrays gives {first[:4]}, the driver {compiled[:4]}")
    yield first
    yield from arrays


def _words(uniform):
    return (uniform * 2.0**32).astype(np.uint32)


def main() -> None:
    order, seed = sys.argv[1], int(sys.argv[2])
    try:
        for words in ORDERS[order](seed):
            sys.stdout.buffer.write(words.data)
    except BrokenPipeError:
        sys.stdout = None  # whoever read has enough


if __name__ == "__main__":
    main()
