from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sweep_kernels.counter import NORMAL_STREAM, POINT_LIMIT, TRIAL_LIMIT, UNIFORM_STREAM, high_word

MASK = 0xFFFFFFFF
edges = st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**40, 2**40 + 1, TRIAL_LIMIT - 1])
place = st.tuples(
    st.integers(0, 2**32 - 1),
    st.sampled_from([UNIFORM_STREAM, NORMAL_STREAM]),
    st.integers(0, TRIAL_LIMIT - 1) | edges,
    st.integers(0, POINT_LIMIT - 1) | edges,
)


def counter(draw, stream, trial, point):
    return (draw, high_word(point, trial) | stream, trial & MASK, point & MASK)


@given(place, place)
def test_two_draws_never_share_a_counter(a, b):
    assert (a == b) == (counter(*a) == counter(*b))


@given(place)
def test_every_word_has_32_bits(a):
    assert all(0 <= word <= MASK for word in counter(*a))


def test_the_promised_room():
    assert min(TRIAL_LIMIT, POINT_LIMIT) >= 2**40


@given(st.integers(0, TRIAL_LIMIT // 4096 - 1), st.integers(0, POINT_LIMIT - 1))
def test_the_high_word_is_constant_in_a_block(block, point):
    assert high_word(point, block * 4096) == high_word(point, block * 4096 + 4095)
