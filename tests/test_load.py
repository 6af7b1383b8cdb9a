from __future__ import annotations

import pytest

from sweep import load_sweep
from sweep.errors import KernelError, SpecError
from sweep.replay import prepare, replay

STUDY = """
from sweep import Sweep, grid, kernel

@kernel(outputs=["y", "z"])
def draw(rng, seed):
    return rng.uniform(), seed

study = Sweep(draw, grid(seed=[1, 2]), trials=100)
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "study.py").write_text(STUDY)
    return tmp_path / "study.py"


def test_a_study_is_loaded_by_its_path(file):
    assert load_sweep(file).trials == load_sweep(str(file)).trials == 100


def test_a_study_is_read_anew_when_it_was_changed(file):
    """Also within the second, and where the size is the same: Python's own cache would not see it."""
    before = load_sweep(file).plan()
    file.write_text(STUDY.replace("100", "200").replace("rng.uniform()", "rng.normal() "))
    second = load_sweep(file)
    assert second.trials == 200
    assert second.plan().kernel.version != before.kernel.version
    assert load_sweep(file) == second


def test_a_broken_edit_leaves_no_old_study(file):
    load_sweep(file)
    file.write_text("1 / 0\n")
    for _ in range(2):
        with pytest.raises(SpecError, match=r"study\.py:1: ZeroDivisionError: division by zero"):
            load_sweep(file)


def test_replay_of_too_many_values(file):
    file.write_text(STUDY.replace("rng.uniform(), seed", "rng.uniform(), seed, 1"))
    with pytest.raises(KernelError, match="kernel 'draw' returned 3 values and names 2 outputs: y, z"):
        replay(*prepare(str(file)), 0, 0)


def test_a_trial_that_is_left_in_the_debugger_has_no_outputs(file, monkeypatch):
    monkeypatch.setattr("pdb.runcall", lambda *_, **__: None)
    found = replay(*prepare(str(file)), 1, 0, debug=True)
    assert (found.parameters, found.outputs) == ({"seed": 2}, {})
