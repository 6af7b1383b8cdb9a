"""A sweep from end to end: the same bytes whatever happens on the way, and only what is missing is computed."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from sweep import Sweep, grid, kernel, table
from sweep.errors import CorruptError, PlanError, StoreError, TrialError, UsageError
from sweep.holdings import Holdings, discard_other, read_plan
from sweep.progress import Silent
from sweep.result import open_result
from sweep.store import open_store
from tests.programs.studies import failures
from tests.programs.studies import study as programs
from tests.studies import mixed, sha256, study


class Listening(Silent):
    def __init__(self):
        self.trials, self.notes, self.runs = 0, [], []

    def started(self, *, trials, finished, shards, executor, workers):
        self.runs.append({"trials": trials, "finished": finished, "shards": shards, "executor": executor})

    def advance(self, trials):
        self.trials += trials

    def note(self, text):
        self.notes.append(text)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The digest that every way of running the study must give."""
    folder = str(tmp_path_factory.mktemp("reference"))
    study().run(folder, shards=1, workers=1)
    return sha256(folder)


@pytest.fixture
def where(request, tmp_path):
    return str(tmp_path / "store") if request.param == "folder" else f"s3://{request.getfixturevalue('bucket')}/a/b"


@pytest.mark.parametrize("where", ["folder", "s3"], indirect=True)
@pytest.mark.parametrize(("shards", "workers"), [(1, 2), (7, 1), (7, 2), (1000, 2)])
def test_one_digest_over_shards_threads_and_stores(reference, where, shards, workers):
    study().run(where, shards=shards, workers=workers)
    assert sha256(where) == reference


def test_programs_on_ray(tmp_path, ray_here):
    programs().run(str(tmp_path / "here"), shards=4)
    programs().run(str(tmp_path / "ray"), executor="ray", shards=4, workers=2)
    assert sha256(str(tmp_path / "here")) == sha256(str(tmp_path / "ray"))
    assert failures(str(tmp_path / "here")) == failures(str(tmp_path / "ray"))


@pytest.mark.parametrize("shards", [1, 7, 30])
def test_one_digest_on_ray(reference, tmp_path, ray_here, shards):
    study().run(str(tmp_path), executor="ray", shards=shards, workers=2)
    assert sha256(str(tmp_path)) == reference


def test_one_digest_on_ray_and_s3(reference, bucket, ray_here_with_s3):
    study().run(f"s3://{bucket}/x", executor="ray", shards=7, workers=2)
    assert sha256(f"s3://{bucket}/x") == reference


@pytest.fixture
def ray_here_with_s3(s3, monkeypatch):
    """Ray's workers take their environment from the process that starts Ray: here one that knows the server."""
    import ray

    was_up = ray.is_initialized()
    if was_up:
        ray.shutdown()
    from sweep.executors.cluster import Cluster

    with Cluster(2):
        yield
    if was_up:  # the session's own Ray goes on after this test
        Cluster(2)


def test_what_a_row_says(tmp_path):
    result = study(keep="all").run(str(tmp_path), workers=2)
    trials = pq.read_table(tmp_path / "trials").to_pandas()
    assert len(trials) == 6 * 20_000
    for row, point in zip(result, range(6), strict=True):
        mine = trials[trials["point"] == point]
        assert row["n"] == 20_000
        finite = mine["x"][np.isfinite(mine["x"])]
        assert row["x_nonfinite"] == 20_000 - len(finite)
        assert row["x_mean"] == pytest.approx(finite.mean(), rel=1e-12, abs=1e-14)
        assert row["x_std"] == pytest.approx(finite.std(ddof=1), rel=1e-12)
        assert row["x_stderr"] == pytest.approx(finite.std(ddof=1) / np.sqrt(len(finite)), rel=1e-12)
        assert (row["x_min"], row["x_max"]) == (finite.min(), finite.max())
        assert row["big_mean"] == mine["big"].mean()
        assert (row["count_min"], row["count_max"]) == (mine["count"].min(), mine["count"].max())
        assert row["x_ci_low"] < row["x_mean"] < row["x_ci_high"]
        assert (mine["a"] == row["a"]).all()
        assert (mine["case"] == row["case"]).all()


def test_kept_trials_replay(tmp_path):
    study(trials=3000, keep="big").run(str(tmp_path), workers=2, shards=5)
    kept = pq.read_table(tmp_path / "trials").to_pylist()
    assert kept
    assert all(row["big"] for row in kept)
    for row in random.Random(1).sample(kept, 20):
        plain = mixed.trial(11, row["point"], row["trial"], a=row["a"], case=["day", "night"].index(row["case"]))
        assert plain == (row["x"], row["big"], row["count"])


@pytest.mark.parametrize("keep", ["all", "big"])
def test_no_trial_is_kept_twice_however_often_a_sweep_is_extended_or_broken(tmp_path, keep):
    study(keep=keep).run(str(tmp_path / "whole"), shards=4)
    for trials in (1000, 5000, 6000, 12_288):
        study(trials, keep=keep).run(str(tmp_path / "grown"), shards=3)
    (tmp_path / "grown" / "map" / "000002" / "00001.parquet").unlink()
    (tmp_path / "grown" / "reduce" / "000002" / "00001.parquet").unlink()
    study(keep=keep).run(str(tmp_path / "grown"), shards=5)
    whole, grown = (
        pq.read_table(tmp_path / name / "trials").to_pandas().sort_values(["point", "trial"], ignore_index=True)
        for name in ("whole", "grown")
    )
    assert whole.equals(grown)
    assert sha256(str(tmp_path / "whole")) == sha256(str(tmp_path / "grown"))


def test_trials_that_are_not_finite_are_told_with_one_to_replay(tmp_path):
    result = study().run(str(tmp_path))
    (warning,) = result.warnings
    told = json.loads(result.table.schema.metadata[b"sweep.nonfinite"])["x"]
    assert told["count"] == sum(row["x_nonfinite"] for row in result) > 0
    assert f"--point {told['point']} --trial {told['trial']}" in warning
    point = result[told["point"]]
    value = mixed.trial(11, told["point"], told["trial"], a=point["a"], case=["day", "night"].index(point["case"]))[0]
    assert np.isinf(value)


def test_a_second_run_computes_nothing(tmp_path):
    study().run(str(tmp_path))
    listening = Listening()
    before = (tmp_path / "result.parquet").stat().st_mtime_ns
    study().run(str(tmp_path), progress=listening)
    assert listening.runs == []
    assert (tmp_path / "result.parquet").stat().st_mtime_ns == before


def test_more_trials_compute_only_the_new_ones_and_the_last_partial_block(reference, tmp_path):
    study(trials=10_000).run(str(tmp_path), shards=4)
    listening = Listening()
    study().run(str(tmp_path), shards=9, progress=listening)
    assert listening.runs[0]["trials"] == 6 * (20_000 - 2 * 4096)
    assert sha256(str(tmp_path)) == reference


def test_more_points_compute_only_the_new_ones(reference, tmp_path):
    smaller = replace(study(), space=grid(a=[0.5, 1.0], case=["day", "night"]))
    smaller.run(str(tmp_path), shards=3)
    listening = Listening()
    study().run(str(tmp_path), progress=listening)
    assert listening.runs[0]["trials"] == 2 * 20_000
    assert sha256(str(tmp_path)) == reference


def test_both_at_once_over_many_steps(reference, tmp_path):
    for count, trials in itertools.product((1, 2, 3), (5000, 12_288, 20_000)):
        if count > 1 and trials < 20_000:
            continue
        replace(study(trials), space=grid(a=[0.5, 1.0, 2.0][:count], case=["day", "night"])).run(
            str(tmp_path), shards=count + 1
        )
    assert sha256(str(tmp_path)) == reference


def test_another_confidence_computes_no_trial(tmp_path):
    study().run(str(tmp_path))
    listening = Listening()
    wide = study(confidence=0.999).run(str(tmp_path), progress=listening)
    assert listening.runs == []
    assert wide[0]["x_ci_high"] > study().run()[0]["x_ci_high"]
    assert read_plan(open_store(str(tmp_path))).confidence == 0.999


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (replace(study(), seed=12), "seed differs: it holds 11, asked for 12"),
        (study(trials=100), "trials differs: it holds 20000, asked for 100 .trials can grow, not shrink."),
        (study(keep="all"), "keep differs: it holds '', asked for 'all'"),
        (study(common_random_numbers=True), "common_random_numbers differs"),
        (
            replace(study(), space=grid(a=[0.5, 1.0], case=["day", "night"])),
            "space differs: it has 6 points, asked for 4",
        ),
        (
            replace(study(), space=grid(a=[0.5, 1.5, 2.0], case=["day", "night"])),
            "space differs: at point 2 it has a=1.0, asked for 1.5",
        ),
        (replace(study(), space=grid(a=[1, 2, 3], case=["day", "night"])), "space differs: 'a' was float, is int now"),
        (
            replace(study(), space=grid(case=["day", "night"], a=[0.5, 1.0, 2.0])),
            "space differs: it has the parameters",
        ),
    ],
)
def test_a_store_that_holds_another_plan_says_which_field_differs(tmp_path, other, text):
    study().run(str(tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(PlanError, match=f"the store holds another plan: {text}"):
        other.run(str(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_another_kernel_of_the_same_name_is_another_plan(tmp_path):
    study().run(str(tmp_path))

    @kernel(outputs=["x", "big", "count"])
    def mixed(rng, a, case):
        return a, case > 0, 1

    with pytest.raises(PlanError, match="the source of the kernel differs"):
        Sweep(mixed, study().space, 20_000, seed=11).run(str(tmp_path))


def test_replacing_throws_another_sweep_away_and_leaves_strangers(reference, tmp_path):
    replace(study(), seed=12).run(str(tmp_path))
    (tmp_path / "notes.txt").write_text("mine")
    discard_other(open_store(str(tmp_path)), study().plan())
    study().run(str(tmp_path))
    assert sha256(str(tmp_path)) == reference
    assert (tmp_path / "notes.txt").read_text() == "mine"


ZSTD = b"\x28\xb5\x2f\xfd"
"""What a compressed page begins with."""


def damage(path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[data.index(ZSTD) + 9] ^= 16  # inside the first page
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["truncated", "flipped"])
@pytest.mark.parametrize("folder", ["map", "reduce", "trials"])
def test_a_damaged_object_is_named_and_made_again(tmp_path, folder, how):
    study(keep="big").run(str(tmp_path), shards=5)
    whole = sha256(str(tmp_path))
    victim = tmp_path / folder / "000001" / "00003.parquet"
    damage(victim, how)
    listening = Listening()
    study(keep="big").run(str(tmp_path), progress=listening)
    assert any(f"{folder}/000001/00003.parquet is damaged" in note for note in listening.notes)
    assert bool(listening.runs) == (folder != "reduce")
    assert sha256(str(tmp_path)) == whole


def test_a_damaged_result_is_made_again(reference, tmp_path):
    study().run(str(tmp_path))
    damage(tmp_path / "result.parquet", "flipped")
    with pytest.raises(CorruptError, match="result.parquet is damaged"):
        open_result(str(tmp_path))
    listening = Listening()
    study().run(str(tmp_path), progress=listening)
    assert "result.parquet is damaged" in listening.notes[0]
    assert sha256(str(tmp_path)) == reference


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (lambda text: "{", "waves/000001.json is not a wave of work: JSONDecodeError"),
        (lambda text: text.replace('"shards": 5', '"shards": 4'), "waves/000001.json is not a wave of work as it was"),
        (lambda text: text.replace("[0, 6,", "[0, 9,"), "waves/000001.json is not a wave of work as it was"),
        (lambda text: text.replace('"shards": 5', '"shards": 0'), "waves/000001.json is not a wave of work as it was"),
    ],
)
@pytest.mark.parametrize("keep", ["", "all"])
def test_a_wave_that_was_changed_costs_its_shards_and_its_number(tmp_path, text, told, keep):
    study(keep=keep).run(str(tmp_path), shards=5)
    (tmp_path / "result.parquet").rename(tmp_path / "before")
    path = tmp_path / "waves" / "000001.json"
    path.write_text(text(path.read_text()))
    listening = Listening()
    study(keep=keep).run(str(tmp_path), progress=listening, shards=3)
    assert told in listening.notes[0]
    assert (tmp_path / "before").read_bytes() == (tmp_path / "result.parquet").read_bytes()
    assert [each.name for each in (tmp_path / "waves").iterdir()] == ["000002.json"]
    assert not keep or len(pq.read_table(tmp_path / "trials")) == 6 * 20_000


@pytest.mark.parametrize("what", ["waves", "waves/000001.json", "plan.json"])
def test_what_is_deleted_of_a_ledger_is_made_again(reference, tmp_path, what):
    study().run(str(tmp_path), shards=5)
    shutil.rmtree(tmp_path / what) if what == "waves" else (tmp_path / what).unlink()
    (tmp_path / "result.parquet").unlink()
    listening = Listening()
    study().run(str(tmp_path), shards=3, progress=listening)
    assert sha256(str(tmp_path)) == reference
    assert bool(listening.runs) == (what != "plan.json")


@pytest.mark.parametrize(
    ("victim", "other", "told"),
    [
        ("map/000001/00000", "map/000001/00001", "in the wrong place: it was written as map/000001/00001.parquet"),
        ("map/000001/00000", "reduce/000001/00000", "in the wrong place: it was written as reduce/000001/00000"),
        ("map/000001/00000", "trials/000001/00000", "in the wrong place: it was written as trials/000001/00000"),
        ("reduce/000001/00000", "reduce/000001/00001", "in the wrong place: it was written as reduce/000001/00001"),
        ("trials/000001/00000", "trials/000001/00000-partial", "in the wrong place: it was written as trials/000001"),
        ("map/000001/00000", "other/map/000001/00000", "not of its wave: another run wrote it"),
        ("trials/000001/00000", "other/trials/000001/00000", "not of its wave: another run wrote it"),
    ],
)
def test_a_sound_object_in_the_place_of_another_is_named_and_made_again(tmp_path, victim, other, told):
    study(keep="all").run(str(tmp_path), shards=4)
    replace(study(keep="all"), seed=12).run(str(tmp_path / "other"), shards=4)
    whole = sha256(str(tmp_path))
    shutil.copy(tmp_path / f"{other}.parquet", tmp_path / f"{victim}.parquet")
    (tmp_path / "result.parquet").unlink()
    listening = Listening()
    study(keep="all").run(str(tmp_path), progress=listening)
    assert f"{victim}.parquet is {told}" in listening.notes[0]
    assert sha256(str(tmp_path)) == whole
    assert len(pq.read_table(tmp_path / "trials")) == 6 * 20_000


def test_a_wave_in_the_place_of_another_is_named(reference, tmp_path):
    study().run(str(tmp_path), shards=4)
    shutil.copy(tmp_path / "waves" / "000001.json", tmp_path / "waves" / "000002.json")
    listening = Listening()
    study().run(str(tmp_path), progress=listening)
    assert "waves/000002.json is in the wrong place: it was written as waves/000001.json" in listening.notes[0]
    assert sha256(str(tmp_path)) == reference


def test_a_finished_wave_of_another_sweep_is_named(tmp_path):
    study().run(str(tmp_path), shards=2)
    replace(study(), seed=12).run(str(tmp_path / "other"), shards=2)
    for each in ("map/000001/00000.parquet", "waves/000001.json"):
        shutil.copy(tmp_path / "other" / each, tmp_path / each)
    with pytest.raises(PlanError, match=r"seed differs: it holds 12, asked for 11; .* \(in waves/000001.json\)"):
        study().run(str(tmp_path))


def test_a_damaged_table_does_not_hold_a_sweep_up(tmp_path):
    rows = [{"a": 1.5, "case": "dusk"}, {"a": 2.5, "case": "dawn"}]
    sweep = Sweep(mixed, table(rows), trials=100)
    sweep.run(str(tmp_path))
    whole = sha256(str(tmp_path))
    damage(next((tmp_path / "tables").iterdir()), "truncated")
    (tmp_path / "result.parquet").unlink()
    with pytest.raises(CorruptError, match=r"plan.json cannot be read .* delete it and run again"):
        sweep.run(str(tmp_path))
    (tmp_path / "plan.json").unlink()
    sweep.run(str(tmp_path))
    assert sha256(str(tmp_path)) == whole
    assert read_plan(open_store(str(tmp_path))).space == sweep.space


def test_an_object_of_a_run_that_was_given_up_is_written_over(tmp_path):
    """As after `--replace` while another run still works: wave 1 is another one now."""
    study().run(str(tmp_path), shards=3)
    whole = sha256(str(tmp_path))
    stale = (tmp_path / "map" / "000001" / "00000.parquet").read_bytes()
    for each in ("waves", "map", "reduce"):
        shutil.rmtree(tmp_path / each)

    class Late(Listening):
        def started(self, **_):
            (tmp_path / "map" / "000001").mkdir(parents=True)
            (tmp_path / "map" / "000001" / "00000.parquet").write_bytes(stale)

    study().run(str(tmp_path), shards=4, progress=Late())
    assert sha256(str(tmp_path)) == whole


def test_a_plan_changed_by_hand_is_refused(tmp_path):
    study().run(str(tmp_path))
    path = tmp_path / "plan.json"
    path.write_text(path.read_text().replace('"seed": 11', '"seed": 12'))
    with pytest.raises(CorruptError, match="plan.json was changed by hand"):
        study().run(str(tmp_path))


@kernel(outputs=["x"])
def picky(rng, limit, label):
    x = rng.normal()
    if x > limit:
        raise ValueError("too large")
    return x


@pytest.mark.parametrize("executor", ["inprocess", "ray"])
def test_a_trial_that_raises_names_its_point_its_parameters_and_its_trial(tmp_path, request, executor):
    if executor == "ray":
        request.getfixturevalue("ray_here")
    sweep = Sweep(picky, grid(limit=[9.0, 3.0], label=["a"]), trials=50_000)
    told = r"'picky' raised ValueError: too large in trial (\d+) of point 1 \(limit=3.0, label='a'\).*--point 1 --trial"
    with pytest.raises(TrialError, match=told):
        sweep.run(str(tmp_path), executor=executor, shards=4)
    assert not (tmp_path / "result.parquet").exists()


def test_a_mended_kernel_may_use_the_store_of_the_one_that_failed(tmp_path):
    with pytest.raises(TrialError):
        Sweep(picky, grid(limit=[-9.0], label=["a"]), trials=10).run(str(tmp_path))
    study(trials=10).run(str(tmp_path))


def test_a_table_is_kept_beside_the_plan(tmp_path):
    rows = [{"a": 1.5, "case": "dusk"}, {"a": 2.5, "case": "dawn"}]
    sweep = Sweep(mixed, table(rows), trials=100)
    result = sweep.run(str(tmp_path))
    assert [(row["a"], row["case"]) for row in result] == [(1.5, "dusk"), (2.5, "dawn")]
    assert read_plan(open_store(str(tmp_path))).space == sweep.space
    longer = Sweep(mixed, table([*rows, {"a": 3.5, "case": "noon"}]), trials=100).run(str(tmp_path))
    assert len(longer) == 3


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"executor": "slurm"}, UsageError, "executor='slurm' is not one of auto, inprocess, ray"),
        ({"workers": 0}, UsageError, "workers=0 is not 1 or more"),
        ({"shards": 10_001}, UsageError, "shards=10001 is not between 1 and 10,000"),
        ({"executor": "ray"}, StoreError, "cannot reach a store in this process's memory"),
        ({"ray_address": "127.0.0.1:1"}, StoreError, "cannot reach a store in this process's memory"),  # Ray, by auto
    ],
)
def test_options_that_cannot_be(options, error, text):
    with pytest.raises(error, match=text):
        study(trials=10).run(**options)


def test_a_trillion_points_are_not_touched_by_looking(tmp_path):
    space = grid(a=range(10**6), case=range(10**6))
    plan = Sweep(mixed, space, trials=1).plan()
    assert plan.points == 10**12
    assert sum(each.blocks for each in Holdings().missing(plan)) == 10**12


def test_another_plan_replaces_what_a_store_holds_when_asked(tmp_path):
    study(trials=100).run(str(tmp_path))
    other = replace(study(trials=50), seed=12)
    with pytest.raises(PlanError, match=r"let this plan replace it .--replace."):
        other.run(str(tmp_path))
    assert other.run(str(tmp_path), replace=True).table.equals(other.run().table)
