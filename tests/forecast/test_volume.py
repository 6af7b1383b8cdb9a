"""Bytes and requests of a forecast beside those of real runs."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from sweep import Sweep, grid, kernel, linspace, table
from sweep.forecast.pilot import run_pilot
from sweep.forecast.requests import requests_of
from sweep.forecast.volume import volume_of, wave_of, weigh
from sweep.shares import Cut
from sweep.store import open_store
from sweep.work.study import Study
from tests.forecast.counting import Counting
from tests.studies import mixed


@kernel(outputs=["y", ("curve", 4)])
def read(rng, t, i):
    y = t[i] + rng.normal()
    return y, (y, y + 1.0, rng.uniform(), 2.0)


def studied(points=60, **options):
    space = grid(a=linspace(0.5, 2.0, points // 2), case=["day", "night"])
    return Sweep(mixed, space, **{"trials": 9000, "seed": 11, **options})


STUDIES = {
    "plain": (studied, 4),
    "one shard": (lambda: studied(trials=100), 1),
    "kept": (lambda: studied(trials=5000, keep="all"), 3),
    "kept in whole blocks": (lambda: studied(trials=4096, keep="all"), 3),
    "kept where true": (lambda: studied(6, trials=5000, keep="big"), 3),  # six are timed in any case
    "quantiles": (lambda: studied(trials=4096, quantiles={"x": [0.5, 0.9]}), 2),
    "covariance": (lambda: studied(covariance=[("x", "count")]), 2),
    "tables": (
        lambda: Sweep(read, table([{"i": i % 4} for i in range(200)]), trials=500, data={"t": np.arange(4.0)}),
        2,
    ),
    "one point": (lambda: Sweep(mixed, grid(a=[0.5], case=["day"]), trials=3_000_000), 5),
}


@pytest.fixture(params=STUDIES)
def ran(request):
    """A study, its shards, and the store of its run."""
    make, shards = STUDIES[request.param]
    store = Counting()
    make().run(store, shards=shards, executor="inprocess", workers=2)
    return make(), shards, store


def test_requests_are_exactly_those_of_a_run(ran):
    study, shards, store = ran
    plan = study.plan()
    expected = requests_of(plan, wave_of(plan, Cut(shards)))
    assert dict(store.asked) == dataclasses.asdict(expected)


def test_bytes_are_those_of_a_run_but_for_some_percent(ran):
    study, shards, store = ran
    plan = study.plan()
    pilot = run_pilot(Study(study.kernel, plan, open_store("memory://"), study.data), 0.5, 1)
    volume = volume_of(pilot.study, wave_of(plan, Cut(shards)), weigh(pilot))
    sizes = Counter()
    for entry in store.list():
        sizes[entry.key.partition("/")[0]] += entry.size
    assert volume.objects == sum(1 for _ in store.list())
    assert volume.map == pytest.approx(sizes["map"], rel=0.15)
    assert volume.reduce == pytest.approx(sizes["reduce"], rel=0.15)
    assert volume.result == pytest.approx(sizes["result.parquet"], rel=0.15)
    part = 0.15 if plan.keep in {"", "all"} else 0.3  # how many are kept is an estimate too
    assert volume.trials == pytest.approx(sizes["trials"], rel=part)
    assert volume.bytes == pytest.approx(sum(sizes.values()), rel=part)
