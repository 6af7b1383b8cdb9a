from __future__ import annotations

import io
import re
import sys

import pytest

from sweep import load_sweep
from sweep.errors import KernelError, SpecError, TrialError
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


def test_a_study_that_exits(file):
    """A script's last line would end the command without a word."""
    file.write_text(STUDY + "import sys\nsys.exit(3)\n")
    with pytest.raises(SpecError, match=r"study\.py:\d+: SystemExit: 3"):
        load_sweep(file)


def test_replay_of_too_many_values(file):
    file.write_text(STUDY.replace("rng.uniform(), seed", "rng.uniform(), seed, 1"))
    with pytest.raises(KernelError, match="kernel 'draw' returned 3 values and names 2 outputs: y, z"):
        replay(*prepare(str(file)), 0, 0)


@pytest.mark.parametrize("name", ["scipy.py", "pyarrow/__init__.py"])
def test_a_file_in_the_place_of_a_library_is_refused(file, name):
    other = file.parent / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("x = 1\n")
    text = f"{other} would be imported in the place of the library '{name[:5]}"
    with pytest.raises(SpecError, match=re.escape(text)):
        load_sweep(file)


@pytest.mark.parametrize("name", ["queue.py", "random.py", "email/__init__.py"])
def test_a_file_in_the_place_of_a_module_of_python_is_refused(file, name):
    other = file.parent / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("x = 1\n")
    with pytest.raises(SpecError, match=re.escape(f"{other} would be imported in the place of Python's own module")):
        load_sweep(file)


def test_a_file_called_test_is_nobodys_business(file):
    (file.parent / "test.py").write_text("x = 1\n")
    load_sweep(file)


BROKEN = """
from sweep import Sweep, grid, kernel

def ratio(a, b):
    return a / b

@kernel(outputs=["y"])
def draw(rng, zero, mode):
    x = rng.uniform()
    return ratio(x, zero)

study = Sweep(draw, grid(zero=[0.0], mode=["day"]), trials=100)
"""


def test_a_trial_that_raises_names_its_parameters_and_the_line(file):
    file.write_text(BROKEN)
    text = (
        "trial 7 of point 0 (zero=0.0, mode='day') raises ZeroDivisionError: float division by zero "
        f"at {file}:5: return a / b"
    )
    with pytest.raises(TrialError, match=re.escape(text)):
        replay(*prepare(str(file)), 0, 7)


def debugged(monkeypatch, capsys, commands, source, trial=0):
    monkeypatch.setattr("sys.stdin", io.StringIO(commands))
    try:
        return replay(*prepare(str(source)), 0, trial, debug=True), capsys.readouterr().out
    finally:
        sys.settrace(None)


def test_the_debugger_opens_in_the_kernel_and_steps_through_it(file, monkeypatch, capsys):
    found, out = debugged(monkeypatch, capsys, "n\nc\n", file)
    assert f"> {file}(6)draw()" in out
    assert "sweep_kernels" not in out
    assert found.outputs["z"] == 1


def test_a_trial_that_raises_stops_the_debugger_at_the_error(file, monkeypatch, capsys):
    file.write_text(BROKEN)
    with pytest.raises(TrialError):
        debugged(monkeypatch, capsys, "c\np a, b\nup\np zero\nq\n", file)
    out = capsys.readouterr().out
    assert "*** ZeroDivisionError: float division by zero" in out
    assert f"> {file}(5)ratio()" in out
    assert f"> {file}(10)draw()" in out


def test_a_trial_that_is_left_in_the_debugger_has_no_outputs(file, monkeypatch, capsys):
    found, _ = debugged(monkeypatch, capsys, "q\n", file)
    assert (found.parameters, found.outputs) == ({"seed": 1}, {})
