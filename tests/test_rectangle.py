from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sweep.rectangle import Rectangle, common, cut, subtract

small = st.builds(
    lambda p, points, k, blocks: Rectangle(p, p + points, k, k + blocks),
    st.integers(0, 6),
    st.integers(1, 6),
    st.integers(0, 6),
    st.integers(1, 6),
)


def cells(rectangles: list[Rectangle]) -> list[tuple[int, int]]:
    return [
        (point, block)
        for each in rectangles
        for point in range(each.first_point, each.last_point)
        for block in range(each.first_block, each.last_block)
    ]


@given(small, st.data())
def test_a_slice_is_described_by_at_most_three_rectangles(whole, data):
    start = data.draw(st.integers(0, whole.blocks - 1))
    stop = data.draw(st.integers(start + 1, whole.blocks))
    parts = list(whole.rectangles(start, stop))
    assert len(parts) <= 3
    assert cells(parts) == cells([whole])[start:stop]
    blocks = whole.slice(start, stop)
    assert [(blocks.point(i), blocks.block(i)) for i in range(blocks.count)] == cells([whole])[start:stop]


@given(small, st.lists(small, max_size=6))
def test_subtracting_leaves_exactly_what_no_part_covers(whole, parts):
    left = cells(subtract(whole, parts))
    assert len(left) == len(set(left))
    assert set(left) == set(cells([whole])) - set(cells(parts))


@given(st.lists(small, max_size=5), st.lists(small, max_size=5))
def test_what_is_common_is_in_both_and_told_once(some, others):
    both = cells(common(some, others))
    assert len(both) == len(set(both))
    assert set(both) == set(cells(some)) & set(cells(others))


@given(st.lists(small, min_size=1, max_size=4), st.data())
def test_cuts_put_end_to_end_are_the_whole_walk(rectangles, data):
    total = sum(each.blocks for each in rectangles)
    edges = sorted({0, total, *data.draw(st.lists(st.integers(0, total), max_size=5))})
    walk = [
        cell
        for low, high in itertools.pairwise(edges)
        for each, start, stop in cut(rectangles, low, high)
        for cell in cells([each])[start:stop]
    ]
    assert walk == [cell for each in rectangles for cell in cells([each])]


def test_a_trillion_points_cost_no_more_than_ten():
    whole = Rectangle(0, 10**12, 0, 25)
    assert subtract(whole, [Rectangle(0, 10**12 - 1, 0, 25)]) == [Rectangle(10**12 - 1, 10**12, 0, 25)]
    assert list(whole.rectangles(0, whole.blocks)) == [whole]
