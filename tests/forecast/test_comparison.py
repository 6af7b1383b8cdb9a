"""A forecast beside its run."""

from __future__ import annotations

import json

import pytest

from sweep.errors import CorruptError, PlanError
from sweep.forecast.comparison import compare
from sweep.forecast.forecast import forecast, read_forecast
from sweep.forecast.text import comparison_text, forecast_text
from sweep.store import open_store
from sweep.work import keys
from sweep.work.timings import read_timings
from tests.studies import sha256, study


@pytest.fixture(scope="module")
def found():
    sweep = study(trials=3000)
    return forecast(sweep.kernel, sweep.plan(), open_store("memory://"), budget=0.3, workers=1, wished=0.01)


@pytest.fixture
def store(tmp_path, found):
    place = open_store(tmp_path / "store")
    place.replace(keys.FORECAST, found.to_json())
    return place


def test_a_forecast_is_compared_with_its_run(store, found):
    study(trials=3000).run(store, shards=2, executor="inprocess")
    compared = compare(store)
    core, shards, _, objects, *_ = compared.lines
    timings = list(read_timings(store, {1}))
    assert [each.shard for each in timings] == [0, 1]
    assert core.forecast == found.core_seconds
    assert core.actual == pytest.approx(sum(each.cpu_seconds for each in timings))
    assert core.ratio == pytest.approx(core.actual / core.forecast)
    assert core.is_inside == (found.low <= core.actual <= found.high)
    assert shards.actual == compared.shards == compared.recorded == 2
    assert objects.actual == 3 * 2 + 3
    assert all(len(line) <= 88 for line in comparison_text(compared).splitlines())


def test_a_shard_that_does_not_say_what_it_took_is_taken_for_alike(store):
    study(trials=3000).run(store, shards=2, executor="inprocess")
    store.delete([keys.timing_key(1, 1)])
    (kept,) = read_timings(store, {1})
    compared = compare(store)
    assert compared.recorded == 1
    assert compared.lines[0].actual == pytest.approx(2 * kept.cpu_seconds)


def test_timings_change_no_byte_of_the_result(store, tmp_path):
    study(trials=3000).run(store, shards=2, executor="inprocess")
    study(trials=3000).run(tmp_path / "other", shards=3, executor="inprocess")
    assert sha256(store.url) == sha256(str(tmp_path / "other"))


def test_a_run_goes_on_without_its_timings(store):
    study(trials=3000).run(store, shards=2, executor="inprocess")
    store.delete([entry.key for entry in store.list(keys.TIMINGS)])
    study(trials=3000).run(store)
    with pytest.raises(PlanError, match="does not say what its shards took"):
        compare(store)


def test_what_cannot_be_compared_is_said(store, tmp_path):
    with pytest.raises(PlanError, match="holds no sweep"):
        compare(store)
    study(trials=3001).run(store, executor="inprocess")
    with pytest.raises(PlanError, match="the forecast is of plan"):
        compare(store)
    with pytest.raises(PlanError, match="holds no forecast: `sweep forecast STUDY --store"):
        compare(open_store(tmp_path / "empty"))
    store.replace(keys.FORECAST, b"{}")
    with pytest.raises(CorruptError, match="is no forecast"):
        compare(store)


def test_a_run_that_is_not_finished_is_not_compared(store):
    study(trials=3000).run(store, shards=2, executor="inprocess")
    store.delete([keys.shard_key(keys.MAP, 1, 1)])
    with pytest.raises(PlanError, match="holds no finished run"):
        compare(store)


def test_json_says_what_the_text_says(store, found):
    fields = read_forecast(store)
    assert fields["core_seconds"] == found.core_seconds
    assert fields["points"] == 6
    assert fields["sampled"]["is_census"] is True
    json.dumps(fields, allow_nan=False)
    text = forecast_text(found).splitlines()
    assert len(text) <= 30
    assert all(len(line) <= 80 for line in text)
    assert text[0] == "sweep      mixed: 6 points x 3,000 trials"
