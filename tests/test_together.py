"""Runs at once in one store, and runs that are killed between any two writes."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
from contextlib import suppress

import pyarrow as pa
import pytest

from sweep import Sweep, grid
from sweep.errors import PlanError
from sweep.holdings import Holdings, read_plan
from sweep.store import open_store
from sweep.work import keys
from sweep.work.parquet import decode
from tests.studies import mixed

POINTS = {"case": ["day", "night"]}


def study(trials: int = 5000, a: tuple[float, ...] = (0.5,), **options) -> Sweep:
    """Two points of a whole and a partial block each."""
    return Sweep(mixed, grid(a=list(a), **POINTS), trials=trials, **{"seed": 11, "keep": "all", **options})


LARGER = {"same": study(), "trials": study(5500), "blocks": study(9000), "points": study(a=(0.5, 1.0))}


class Killed(BaseException):
    """As by SIGKILL: nothing of ours may catch it."""


class Watched:
    """A store that calls back before each write, with the number of writes before it."""

    def __init__(self, store, before):
        self.url, self.writes, self._store, self._before = store.url, 0, store, before
        self.get, self.list, self.check_writable = store.get, store.list, store.check_writable

    def _write(self, write, key, *data):
        self._before(self.writes)
        self.writes += 1
        write(key, *data)

    def create(self, key, data):
        self._write(self._store.create, key, data)

    def replace(self, key, data):
        self._write(self._store.replace, key, data)

    def replace_file(self, key, path):
        self._write(self._store.replace_file, key, path)

    def delete(self, names):
        for key in names:  # one at a time: a kill may come between
            self._write(self._store.delete, [key])


def run(sweep: Sweep, store, shards: int = 2):
    return sweep.run(store, shards=shards, workers=1, executor="inprocess")


def kept(store) -> pa.Table:
    tables = [decode(store.get(each.key), each.key) for each in store.list(keys.TRIALS)]
    return pa.concat_tables([each.replace_schema_metadata() for each in tables]).sort_by(
        [("point", "ascending"), ("trial", "ascending")]
    )


@pytest.fixture(scope="module")
def whole():
    """For each sweep the bytes of its result and the trials that it keeps, undisturbed."""

    def made(sweep):
        store = open_store("memory://")
        run(sweep, store, 1)
        return store.get(keys.RESULT), kept(store)

    return {name: made(sweep) for name, sweep in LARGER.items()}


def assert_whole(store, sweep, expected) -> None:
    assert kept(store).equals(expected[1])
    assert hashlib.sha256(store.get(keys.RESULT)).hexdigest() == hashlib.sha256(expected[0]).hexdigest()
    assert read_plan(store).hash == sweep.plan().hash
    assert Holdings.look(store, pytest.fail).missing(sweep.plan()) == []


def killed(sweep: Sweep, store, at: int, shards: int = 2) -> bool:
    """Run until `at` writes are made; tell whether the run was still at work then."""

    def before(writes):
        if writes >= at:
            raise Killed

    try:
        run(sweep, Watched(store, before), shards)
    except Killed:
        return True
    return False


class Paused:
    """A run in a thread of its own that waits before its write number `at` until it is told to go on."""

    def __init__(self, sweep: Sweep, store, at: int, shards: int = 2):
        self._go, self._waits, self.result, self.error = threading.Event(), threading.Event(), None, None
        self.store, self._at, self._killed_at = Watched(store, self._before), at, -1
        self._thread = threading.Thread(target=self._run, args=(sweep, shards), daemon=True)
        self._thread.start()
        assert self._waits.wait(60)

    def _before(self, writes):
        if writes == self._at:
            self._waits.set()
            assert self._go.wait(60)
        if writes == self._killed_at:
            raise Killed

    def _run(self, sweep, shards):
        try:
            self.result = run(sweep, self.store, shards)
        except (PlanError, Killed) as error:
            self.error = error
        finally:
            self._waits.set()

    def end(self, killed_at: int = -1):
        self._killed_at = killed_at
        self._go.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def writes_of(sweep: Sweep, shards: int = 2) -> int:
    store = Watched(open_store("memory://"), lambda _: None)
    run(sweep, store, shards)
    return store.writes


@pytest.mark.parametrize("name", LARGER)
def test_killed_before_any_write_and_gone_on_with_or_extended(whole, name):
    for at in itertools.count():
        store = open_store("memory://")
        if not killed(study(), store, at):
            break
        run(LARGER[name], store, 3)
        assert_whole(store, LARGER[name], whole[name])
    assert at > 8


@pytest.mark.parametrize("name", [name for name in LARGER if name != "same"])
def test_an_extension_is_killed_before_any_write_and_gone_on_with(whole, name):
    for at in itertools.count():
        store = open_store("memory://")
        run(study(), store)
        if not killed(LARGER[name], store, at, 3):
            break
        run(LARGER[name], store, 1)
        assert_whole(store, LARGER[name], whole[name])
    assert at > 5


@pytest.mark.parametrize("name", LARGER)
def test_a_whole_run_falls_between_two_writes_of_another(whole, name):
    """The other one may have the same plan, or one that extends it; it cuts its shards elsewhere."""
    reference = run(study(), open_store("memory://"))
    for at in range(writes_of(study())):
        store = open_store("memory://")
        first = Paused(study(), store, at)
        run(LARGER[name], store, 3)
        first.end()
        assert first.error is None
        assert first.result.table.equals(reference.table)
        assert_whole(store, LARGER[name], whole[name])


@pytest.mark.parametrize("name", LARGER)
def test_the_larger_run_is_the_one_that_waits(whole, name):
    for at in range(1, writes_of(LARGER[name])):
        store = open_store("memory://")
        first = Paused(LARGER[name], store, at)
        with suppress(PlanError):  # once the larger one has finished something, the smaller one is refused
            run(study(), store, 3)
        first.end()
        assert first.error is None
        assert_whole(store, LARGER[name], whole[name])


@pytest.mark.parametrize("seed", range(4))
def test_many_runs_at_once_in_any_order_and_a_killed_one_leave_no_trial_twice_and_none_out(whole, seed):
    chance = random.Random(seed)
    for _ in range(8):
        store = open_store("memory://")
        names = [chance.choice(["same", "trials"]) for _ in range(3)]
        started = [Paused(LARGER[name], store, chance.randrange(14), 2 + i) for i, name in enumerate(names)]
        with suppress(PlanError):
            killed(study(), store, chance.randrange(10), 5)
        for i in chance.sample(range(3), 3):
            started[i].end()
        ended = [name for name, each in zip(names, started, strict=True) if each.error is None]
        largest = "trials" if "trials" in ended else "same"
        assert_whole(store, LARGER[largest], whole[largest])


@pytest.mark.parametrize("at", [3, 4, 6])
def test_two_runs_at_once_on_s3(whole, bucket, at):
    store = open_store(f"s3://{bucket}/x")
    first = Paused(study(), store, at)
    run(LARGER["trials"], store, 3)
    first.end()
    assert_whole(store, LARGER["trials"], whole["trials"])


def held_by(store) -> list[str]:
    return [entry.key for entry in store.list(keys.WAVES)]


def test_a_sweep_that_waits_with_its_wave_written_is_given_up_for_another_and_told_so():
    """Before, its blocks were merged into the other's once that was extended."""
    store = open_store("memory://")
    first = Paused(study(seed=1), store, 2)
    run(study(seed=2), store)
    first.end()
    assert "was given to another sweep while this one ran: waves/000001.json is gone" in str(first.error)
    clean = run(study(9000, seed=2), open_store("memory://"))
    assert run(study(9000, seed=2), store).table.equals(clean.table)
    assert held_by(store) == ["waves/000002.json", "waves/000003.json"]


def test_a_sweep_whose_shards_end_late_and_that_is_killed_before_its_merge_leaves_nothing_that_counts():
    store = open_store("memory://")
    first = Paused(study(seed=1), store, 2)
    run(study(seed=2), store)
    first.end(killed_at=8)
    clean = run(study(9000, seed=2), open_store("memory://"))
    assert run(study(9000, seed=2), store).table.equals(clean.table)
    assert kept(store).num_rows == 2 * 9000


def test_of_two_sweeps_that_begin_at_once_the_second_to_write_its_wave_is_refused():
    store = open_store("memory://")
    first = Paused(study(seed=1), store, 0)
    run(study(seed=2), store)
    before = {entry.key: store.get(entry.key) for entry in store.list()}
    first.end()
    assert "the store holds another plan: seed differs: it holds 2, asked for 1" in str(first.error)
    assert {entry.key: store.get(entry.key) for entry in store.list()} == before


@pytest.fixture
def crossed():
    """A store in which the shards of one run have given way to those of another, in part."""
    store = open_store("memory://")
    first = Paused(LARGER["blocks"], store, 2)
    run(LARGER["blocks"], store, 1)
    first.end(killed_at=6)  # with its first shard finished
    run(LARGER["blocks"], store)
    assert any(b"sweep.lacks" in store.get(entry.key) for entry in store.list(keys.TRIALS))
    return store


def test_a_copy_that_others_gave_way_to_is_damaged_and_kept_again_whenever_that_run_is_killed(whole, crossed):
    before = {entry.key: crossed.get(entry.key) for entry in crossed.list()}
    for victim, at in itertools.product([entry.key for entry in crossed.list(keys.TRIALS)], range(0, 9, 2)):
        store = open_store("memory://")
        for key, data in before.items():
            store.replace(key, data[: len(data) // 2] if key == victim else data)
        killed(LARGER["blocks"], store, at, 4)
        run(LARGER["blocks"], store, 5)
        assert_whole(store, LARGER["blocks"], whole["blocks"])


def test_trials_that_give_way_while_another_run_looks_cost_no_shard(crossed):
    held = Holdings.look(crossed, pytest.fail, LARGER["blocks"].plan())
    gone = next(entry.key for entry in crossed.list(keys.TRIALS))
    crossed.delete([gone])
    held.verify(crossed, pytest.fail)
    assert len(held.simulated) == len(list(crossed.list(keys.MAP)))
    assert gone not in {each.name for each in held.kept}
