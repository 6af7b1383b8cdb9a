"""Arrays that a trial makes: the same in plain Python, compiled, and many side by side; what they may not be."""

from __future__ import annotations

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from sweep_kernels.cpu import compile_kernel
from tests.kernels.compiling import compiled_trials, loaded
from tests.kernels.lanes.alike import assert_alike

SERVERS = 4
SHAPE = (4, 3)


def filled(values, rng):
    for i in range(len(values)):
        values[i] = rng.normal()


def length(rng):
    v = np.empty(3)
    filled(v, rng)
    return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]


def queue(rng, load: float = 0.7, customers: int = 30):
    """Several servers; a customer goes to the one that is free first."""
    free = np.zeros(SERVERS)
    now, waited = 0.0, 0.0
    for _ in range(customers):
        now += rng.exponential()
        first = 0
        for i in range(1, SERVERS):
            if free[i] < free[first]:
                first = i
        start = max(now, free[first])
        waited += start - now
        free[first] = start + SERVERS * load * rng.exponential()
    return waited, free[0]


def shuffled(rng, p: float = 0.5, n: int = 6):
    cards = np.zeros(9, dtype=np.int64)
    seen = np.zeros(9, np.bool_)
    for i in range(n):
        cards[i] = i
    for i in range(n - 1, 0, -1):
        j = rng.integers(0, i + 1)
        cards[i], cards[j] = cards[j], cards[i]
    met = 0
    while not seen[cards[met % n]]:
        seen[cards[met % n]] = True
        met += 1 if rng.uniform() < p else 2
    return met, cards[0] - cards[1]


def lattice(rng, beta: float = 0.4, steps: int = 20):
    spins = np.ones(SHAPE, dtype=np.int8)
    for _ in range(steps):
        i, j = rng.integers(0, 4), rng.integers(0, 3)
        energy = 2 * spins[i, j] * (spins[(i + 1) % 4, j] + spins[i - 1, j] + spins[i, (j + 1) % 3] + spins[i, j - 1])
        if energy <= 0 or rng.uniform() < np.exp(-beta * energy):
            spins[i, j] = -spins[i, j]
    return spins[0, 0] + spins[3, 2] + length(rng), spins[1, 1]


def diffused(rng, p: float = 0.3, steps: int = 3):
    """Two arrays that change places, a view, one array or another, and an end before the last line."""
    old, new = np.zeros(8), np.full(8, p)
    filled(old, rng)
    for _ in range(steps):
        for i in range(8):
            new[i] = 0.5 * old[i] + 0.25 * (old[i - 1] + old[(i + 1) % 8])
        old, new = new, old
        if new[2] > 1.0:
            return new[2], steps
    either = old if rng.uniform() < p else new
    part = either[2:6]
    part[1] += np.float32(p)
    narrow = np.full(3, np.float32(0.1))
    narrow[rng.integers(0, 3)] += np.float32(p)
    new[:] = 0.25
    return either[3] * narrow[1], len(part) + old.shape[0] + new[0]


@pytest.mark.parametrize("function", [queue, shuffled, lattice, diffused], ids=lambda each: each.__name__)
def test_the_same_bits_in_plain_python_and_compiled(function):
    each = kernel(outputs=["a", "b"])(function)
    assert_alike(each, 16)
    compiled = compiled_trials(each, 5, 0, 0, 4, **each.defaults)
    plain = [each.trial(5, 0, trial, **each.defaults) for trial in range(32)]
    assert np.array(plain, dtype=float).T.tobytes() == compiled.tobytes()


def test_what_was_in_the_memory_before_is_not_seen():
    def leftover(rng, x: float = 1.0, n: int = 4):
        a, b = np.empty(5), np.empty(5, dtype=np.int64)
        before = a[n] + b[n]
        a[n] = b[n] = 7
        return before, a[0]

    each = kernel(outputs=["a", "b"])(leftover)
    assert not compiled_trials(each, 1, 0, 0, 4, **each.defaults).any()
    assert each.trial(1, 0, 0, **each.defaults) == (0.0, 0.0)


def narrow(rng, p: float = 0.5, n: int = 100):
    small, flags, whole = np.full(3, 53, np.int8), np.ones(2, np.bool_), np.full(2, 2_000_000, np.int32)
    total = 0
    for each in small:
        total += each
    return small[0] + n + total, whole[0] * whole[1] + flags[0] + flags[1]


def test_narrow_numbers_are_read_as_wide_ones():
    each = kernel(outputs=["a", "b"])(narrow)
    found = compiled_trials(each, 1, 0, 0, 1, **each.defaults)
    assert each.trial(1, 0, 0, **each.defaults) == (312, 4_000_000_000_002) == tuple(found[:, 0])


def test_pythons_types_are_types_of_arrays():
    def typed(rng, x: float = 2.9):
        counts, flags, sums = np.zeros(2, dtype=int), np.ones(2, bool), np.full(2, 3, dtype=float)
        counts[0], flags[1], sums[1] = x, x > 3.0, x
        return counts[0], flags[0], flags[1], sums[0] / 2, sums[1]

    each = kernel(outputs=["a", "b", "c", "d", "e"])(typed)
    assert each.trial(1, 0, 0, **each.defaults) == (2, True, False, 1.5, 2.9)
    assert tuple(compiled_trials(each, 1, 0, 0, 1, **each.defaults)[:, 0]) == (2, True, False, 1.5, 2.9)


def test_an_index_out_of_range_names_the_trial(tmp_path):
    text = """
    import numpy as np
    @kernel(outputs=["a", "b"])
    def reaches(rng, p: float = 0.5, n: int = 3):
        a = np.zeros(8)
        return a[rng.integers(0, 40)], 0
    """
    each = loaded(tmp_path, text, "reaching").reaches
    assert_alike(each, 16)
    with pytest.raises(IndexError):
        [each.trial(1, 0, trial, **each.defaults) for trial in range(100)]


REFUSED = {
    "a size that a trial finds": ("a = np.zeros(n)", "a size that is written out"),
    "no size": ("a = np.zeros(0)", "sizes are 1 or more"),
    "complex numbers": ("a = np.zeros(3, complex)", "holds numbers or bools"),
    "one that is too large": ("a = np.zeros(100_000)\n    a[n] = 1.0", "take 800,000 bytes together: up to 65,536"),
    "one in a loop": ("for i in range(3):\n        a = np.zeros(3)", "in a loop: make it before"),
    "one in a nested loop": ("while n > 1:\n        for i in range(3):\n            b = np.ones(2)\n    a = b", "makes an array with ones in a loop"),
    "one in a loop by another name": ("z = np.zeros\n    a = z(3)\n    for i in range(3):\n        a = z(3)", "makes an array in a loop"),
    "one in a loop by a function within": ("a = np.zeros(3)\n    for i in range(3):\n        a = within()", "makes an array in a loop"),
    "one in a loop by a function that is given": ("a = np.zeros(3)\n    x = several(np.zeros)", "makes an array in a loop"),
    "a function that returns one": ("a = made()", "give it to the function to fill"),
    "a function that returns one among others": ("a, one = pair()", "give it to the function to fill"),
    "whole arrays": ("a = np.ones(2)\n    a = a + a", "write a loop over the elements"),
    "a copy": ("a = np.ones(2)\n    a = np.zeros_like(a)", "np.zeros, np.ones and np.full only"),
    "a sum": ("a = np.ones(2)\n    x = a.sum()", "calls sum of an array, which compiled code does in another order"),
    "a mean": ("a = np.ones(2)\n    x = np.mean(a)", "calls mean of an array"),
    "a maximum": ("a = np.ones(2)\n    x = a.max()", "refused.py:20: kernel 'study' cannot be compiled: compiled code has no max of a whole array: write max(z)"),
    "a minimum": ("a = np.ones(2)\n    x = np.min(a)", "compiled code has no min of a whole array: write min(z)"),
    "a float for a position": ("a = np.ones(2)\n    x = a[0.5 * n]", "a float is no position in an array: write t[int(x)]"),
    "a float for a position to write to": ("a = np.ones(2)\n    a[0.5 * n] = 1.0", "a float is no position in an array: write t[int(x)]"),
    "too many positions": ("a = np.ones(2)\n    x = a[0, 1]", "an array of 1 dimension is read at 2 positions: it takes one"),
    "a product": ("a = np.ones(2)\n    x = a @ a", "multiplies arrays with @"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_told_in_one_line(name, tmp_path):
    body, told = REFUSED[name]
    text = f"""import numpy as np
def made():
    v = np.zeros(3)
    return v
def pair():
    v = np.zeros(3)
    return v, 1.0
def several(maker):
    v = maker(3)
    for i in range(3):
        v = maker(3)
    return v[0]
@kernel
def study(rng, n):
    def within():
        return np.zeros(3)
    x = 0.0
    {body}
    return a[0] + x
"""
    each = loaded(tmp_path, text, "refused").study
    with pytest.raises(KernelError) as caught:
        compile_kernel(each, ("int",))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert f"{tmp_path}/refused.py:" in str(caught.value)
