"""Rows of objects, worked out, beside those of a real run."""

from __future__ import annotations

import pytest

from sweep import Sweep, grid
from sweep.forecast.rows import map_rows, reduce_rows
from sweep.holdings import Holdings
from sweep.store import open_store
from sweep.work import keys
from sweep.work.parquet import decode
from tests.studies import mixed


@pytest.mark.parametrize("trials", [1, 5000, 4096, 100_000])
@pytest.mark.parametrize("shards", [1, 5])
@pytest.mark.parametrize("extra", [{}, {"quantiles": {"x": [0.5]}}], ids=["", "counted"])
def test_rows_are_those_of_a_run(trials, shards, extra):
    study = Sweep(mixed, grid(a=[0.5, 1.0, 2.0], case=["day", "night"]), trials=trials, seed=11, **extra)
    store = open_store("memory://")
    study.run(store, shards=shards, executor="inprocess")
    plan = study.plan()
    (wave,) = Holdings.look(store, print, plan).waves.values()
    for folder, expected in ((keys.MAP, map_rows(plan, wave)), (keys.REDUCE, reduce_rows(plan, wave))):
        found = [decode(store.get(entry.key), entry.key).num_rows for entry in store.list(folder)]
        assert found == expected
