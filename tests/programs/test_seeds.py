"""Seeds of programs: fixed with the first release, different for all trials, apart from kernels' draws."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.programs.seeds import seed_of, seeds_of

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines differ


LIMIT = 2**44 - 1


def test_known_answers():
    assert [seed_of(*each) for each in ((0, 0, 0), (1, 2, 3), (2**64 - 1, LIMIT, LIMIT))] == KNOWN


KNOWN = [5583781869552525966, 4973243615592696641, 7161087020078635569]


@unhurried
@given(st.integers(0, 2**64 - 1), st.integers(0, LIMIT), st.integers(0, LIMIT), st.integers(1, 63))
def test_fewer_bits_are_the_lowest_ones(seed, point, trial, bits):
    assert seed_of(seed, point, trial, bits) == seed_of(seed, point, trial) % 2**bits


def test_no_two_trials_share_one():
    seeds = [seed_of(1, point, trial) for point in range(100) for trial in range(100)]
    assert len(set(seeds)) == 10_000  # by chance they are not with probability 5e-12


def test_bits_are_fair():
    """A normal deviate beyond 5 in one of 63 bits has probability 63 * 5.7e-7 = 4e-5; seeds are fixed."""
    seeds = [seed_of(7, point, 0) for point in range(4000)]
    for bit in range(63):
        ones = sum(seed >> bit & 1 for seed in seeds)
        assert abs(ones - 2000) < 5 * 1000**0.5


@unhurried
@given(st.integers(0, LIMIT), st.integers(0, 2**64 - 1), st.integers(1, 63))
def test_many_at_a_time_are_those_of_each(number, seed, bits):
    points, trials = [0, number, LIMIT, 1], [number, 0, LIMIT, 2**32]
    each = [seed_of(seed, *one, bits) for one in zip(points, trials, strict=True)]
    assert seeds_of(seed, points, trials, bits) == each
