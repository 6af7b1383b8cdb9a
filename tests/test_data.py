"""A sweep whose kernel reads tables: planned, run, resumed, replayed."""

from __future__ import annotations

import json
import mmap

import numpy as np
import pytest

from sweep import Sweep, grid, kernel
from sweep.errors import CorruptError, KernelError, PlanError, SpecError, TrialError
from sweep.load import load_sweep
from sweep.plan import Plan
from sweep.rehearsal import rehearse
from sweep.replay import prepare, replay
from sweep.store import open_store
from sweep.work.study import Study

GAINS = np.linspace(0.0, 1.0, 91)


@kernel(outputs=["hit", "gain"])
def detect(rng, angle, antenna):
    gain = antenna[int(angle) + rng.integers(0, 2)]
    return rng.uniform() < gain, gain


def sweep(table=GAINS, **options):
    return Sweep(detect, grid(angle=[0.0, 45.0, 80.0]), **({"trials": 5000} | options), data={"antenna": table})


def test_the_plan_names_what_is_in_its_tables():
    plan = sweep().plan()
    assert json.loads(plan.to_json())["data"]["antenna"]["shape"] == [91]
    assert Plan.from_json(plan.to_json(), {}).hash == plan.hash
    assert sweep(GAINS + 1e-9).plan().hash != plan.hash
    assert sweep(GAINS.astype(np.float32)).plan().hash != plan.hash


def test_the_result_is_that_of_the_trials(tmp_path):
    result = sweep(keep="all", trials=300).run(tmp_path)
    assert result[1]["gain_mean"] == np.mean([detect.trial(0, 1, i, angle=45.0, antenna=GAINS)[1] for i in range(300)])
    assert result[2]["hit_mean"] > result[1]["hit_mean"] > result[0]["hit_mean"]


def test_a_sweep_goes_on_with_its_own_table_only(tmp_path):
    whole = sweep().run()
    sweep(trials=100).run(tmp_path)
    assert [row["hit_mean"] for row in sweep().run(tmp_path)] == [row["hit_mean"] for row in whole]
    with pytest.raises(
        PlanError, match="the table 'antenna' differs: it holds 'float64 91, .{8}', asked for 'float64 91, "
    ):
        sweep(GAINS**2).run(tmp_path)
    sweep(GAINS**2).run(tmp_path, replace=True)
    assert len(list((tmp_path / "data").iterdir())) == 1


def owner(array):
    """Return whose memory an array is a view of."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array


def test_workers_elsewhere_read_the_table_from_the_store(tmp_path):
    each = sweep()
    each.run(tmp_path)
    study = Study(detect, each.plan(), open_store(tmp_path))
    assert isinstance(owner(study.tables["antenna"]), mmap.mmap)
    assert np.array_equal(study.tables["antenna"], GAINS)
    (file,) = (tmp_path / "data").iterdir()
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CorruptError, match="data/.*npy is not the table 'antenna' that was written: delete it"):
        _ = Study(detect, each.plan(), open_store(tmp_path)).tables
    file.write_bytes(b"nothing")
    with pytest.raises(CorruptError, match="the table 'antenna', cannot be read"):
        _ = Study(detect, each.plan(), open_store(tmp_path)).tables
    file.unlink()
    with pytest.raises(CorruptError, match="has no data/.*npy, the table 'antenna'"):
        _ = Study(detect, each.plan(), open_store(tmp_path)).tables


def test_a_study_takes_its_tables_along_when_it_travels(tmp_path):
    from ray import cloudpickle

    each = sweep()
    study = cloudpickle.loads(cloudpickle.dumps(Study(detect, each.plan(), open_store(tmp_path), each.data)))
    assert np.array_equal(study.tables["antenna"], GAINS)


def test_a_trial_that_reads_beyond_a_table_is_named():
    with pytest.raises(TrialError, match="IndexError: index 91 is out of bounds .* in trial . of point 0"):
        Sweep(detect, grid(angle=[90.0]), trials=10, data={"antenna": GAINS}).run()


def test_a_rehearsal_reads_the_tables():
    rehearse(detect, sweep().plan(), data=sweep().data)
    with pytest.raises(KernelError, match="test_data.py:.* raises TypeError"):
        rehearse(detect, sweep().plan(), data={"antenna": None})


STUDY = """
kernel = "mine.py:detect"
trials = 200
[space.grid]
angle = [0.0, 45.0]
[data]
antenna = "antenna.npy"
"""
KERNEL = """
from sweep import kernel
@kernel(outputs=["gain"])
def detect(rng, angle, antenna):
    return antenna[int(angle) + rng.integers(0, 2)]
"""


@pytest.fixture
def study(tmp_path):
    np.save(tmp_path / "antenna.npy", GAINS)
    (tmp_path / "mine.py").write_text(KERNEL)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def test_a_study_names_a_file_and_a_store_holds_what_was_in_it(study, tmp_path):
    store = tmp_path / "store"
    each = load_sweep(study)
    each.run(store)
    of_study = replay(*prepare(str(study)), 1, 7)
    np.save(tmp_path / "antenna.npy", GAINS * 2.0)
    of_store = replay(*prepare(str(store)), 1, 7)
    assert of_study.outputs == of_store.outputs
    assert replay(*prepare(str(study)), 1, 7).outputs["gain"] == 2.0 * of_store.outputs["gain"]


FILES = {
    '"antenna.csv"': "table 'antenna' is 'antenna.csv': the name of a .npy file was expected",
    '"none.npy"': "study.toml: table 'antenna': there is no file '.*none.npy'",
    '"mine.npy"': "table 'antenna': .*mine.npy cannot be read as numbers",
    "3": "table 'antenna' is 3: the name",
}


@pytest.mark.parametrize("named", FILES)
def test_a_file_that_cannot_be_read_is_named(named, study, tmp_path):
    (tmp_path / "mine.npy").write_text("no numbers")
    study.write_text(STUDY.replace('"antenna.npy"', named))
    with pytest.raises(SpecError, match=FILES[named]):
        load_sweep(study)


def test_tables_and_parameters_must_fit():
    space = grid(angle=[0.0])
    with pytest.raises(
        PlanError, match=r"'antenna' .* has no axis and no default: .*, or a table: data=\{'antenna': array\}"
    ):
        Sweep(detect, space, 1).plan()
    with pytest.raises(PlanError, match="table 'antena' is no parameter of kernel 'detect': .*'antenna'"):
        Sweep(detect, space, 1, data={"antena": GAINS}).plan()
    with pytest.raises(PlanError, match="'angle' of kernel 'detect' has both an axis and a table"):
        Sweep(detect, space, 1, data={"antenna": GAINS, "angle": GAINS}).plan()
    with pytest.raises(SpecError, match="is no dict of arrays"):
        Sweep(detect, space, 1, data=GAINS)
    with pytest.raises(KernelError, match="table 'antenna' is of type object"):
        Sweep(detect, space, 1, data={"antenna": [None]})
