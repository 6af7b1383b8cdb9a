from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.errors import CorruptError
from sweep.ledger import Wave, missing
from sweep.rectangle import Rectangle
from sweep.shares import tapered

BLOCK = 4


def cells(rectangles):
    return {
        (point, block)
        for each in rectangles
        for point in range(each.first_point, each.last_point)
        for block in range(each.first_block, each.last_block)
    }


def held(wave, shards, trials):
    """What shards hold, block by block, told independently of rectangles."""
    return {
        (blocks.point(i), blocks.block(i))
        for shard in shards
        for blocks in wave.slices(shard)
        for i in range(blocks.count)
        if wave.trials == trials or blocks.block(i) < wave.trials // BLOCK
    }


@given(st.data())
def test_after_any_history_of_crashes_and_extensions_exactly_the_rest_is_missing(data):
    points, trials = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 30))
    history: list[tuple[Wave, set[int]]] = []
    for number in range(1, 4):
        rectangles = missing(points, trials, BLOCK, history)
        done = set().union(*(held(wave, shards, trials) for wave, shards in history))
        assert cells(rectangles) == cells([Rectangle(0, points, 0, -(-trials // BLOCK))]) - done
        if not rectangles:
            break
        blocks = sum(each.blocks for each in rectangles)
        shards = data.draw(st.integers(1, blocks))
        wave = Wave(number, trials, shards, tuple(rectangles), taper=data.draw(st.integers(0, shards // 4)))
        assert Wave.from_json(wave.to_json(), "wave") == wave
        history.append((wave, data.draw(st.sets(st.integers(0, wave.shards - 1)))))
        points += data.draw(st.integers(0, 2))
        trials += data.draw(st.sampled_from([0, 0, 1, 3, 8]))


@given(st.integers(1, 50), st.integers(1, 50))
def test_shards_share_out_all_blocks_evenly(blocks, shards):
    wave = Wave(1, blocks * BLOCK, min(shards, blocks), (Rectangle(0, 1, 0, blocks),))
    sizes = [high - low for low, high in map(wave.bounds, range(wave.shards))]
    assert sum(sizes) == blocks
    assert max(sizes) - min(sizes) <= 1


@settings(deadline=None)
@given(st.floats(1e-3, 4e3), st.integers(1, 64), st.integers(0, 10**6))
def test_shards_that_taper_share_out_all_blocks_and_no_shard_is_longer_than_one_before_it(seconds, workers, more):
    cut = tapered(seconds, workers, 4.0)
    blocks = cut.weight + more
    bounds = [cut.bounds(shard, blocks) for shard in range(cut.shards)]
    assert [bounds[0][0], bounds[-1][1]] == [0, blocks]
    assert all(before[1] == after[0] for before, after in pairwise(bounds))
    sizes = [stop - start for start, stop in bounds]
    assert min(sizes) >= 1
    assert all(after <= before + 1 for before, after in pairwise(sizes))
    assert sizes[0] <= max(4.0, seconds / workers / 8) / seconds * blocks + 1
    assert sizes[-1] <= sizes[0] / 16 + 1


def test_a_wave_of_an_earlier_version_tapers_off_nowhere():
    wave = Wave(1, 8, 3, (Rectangle(0, 2, 0, 2),))
    assert b"taper" not in wave.to_json()
    assert Wave.from_json(wave.to_json(), "wave").taper == 0


def test_the_range_of_points_of_a_shard():
    wave = Wave(1, 8, 3, (Rectangle(0, 2, 0, 2), Rectangle(7, 9, 1, 2)))
    assert [wave.point_range(shard) for shard in range(3)] == [(0, 1), (1, 2), (7, 9)]


def test_a_changed_digit_of_a_wave_is_found():
    data = Wave(1, 8, 3, (Rectangle(0, 2, 0, 2),)).to_json()
    with pytest.raises(CorruptError, match=r"waves/000001\.json is not a wave of work as it was written"):
        Wave.from_json(data.replace(b'"shards": 3', b'"shards": 4'), "waves/000001.json")


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"wave": 1, "trials": 1, "shards": 1, "rectangles": [[1, 2]]}'])
def test_a_damaged_wave_is_named(data):
    with pytest.raises(CorruptError, match=r"waves/000001\.json is not a wave of work"):
        Wave.from_json(data, "waves/000001.json")


def test_ten_thousand_shards_with_every_other_one_missing():
    wave = Wave(1, 10**8, 10_000, (Rectangle(0, 10**6, 0, 24_415),))
    rectangles = missing(10**6, 10**8, 4096, [(wave, range(0, 10_000, 2))])
    assert sum(each.blocks for each in rectangles) == wave.blocks // 2
