"""Failed trials of a program, as users see them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sweep.cli.main import app

STUDY = """
from sweep import Sweep, command, grid

script = 'echo starting; [ {trial} = 1 ] && {{ echo no licence >&2; exit 4; }}; echo "{{\\\\"y\\\\": {x}}}"'
drive = command(["sh", "-c", script], outputs=["y"], name="drive")
study = Sweep(drive, grid(x=[1, 2]), trials=2)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    Path("drive.py").write_text(STUDY)
    return tmp_path


def sweep(*words, code=0):
    done = CliRunner().invoke(app, [*map(str, words)], prog_name="sweep")
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def test_they_are_counted_by_reason_and_shown(here):
    sweep("run", "drive.py", "--store", "store")
    assert [line.replace("left out", "left").split()[:4] for line in sweep("show", "store").splitlines()[::2]][:2] == [
        ["x", "n", "left", "y"],
        ["1", "2", "1", "1"],
    ]
    text = sweep("failures", "store")
    assert text.startswith(
        "2 trials failed, of 4 in the plan\n        2  exited with code 4\n\ntrial 1 of point 0 (x=1): exited with code 4, after "
    )
    assert "  stdout  starting\n  stderr  no licence\n" in text
    assert f"  again   sweep replay {here}/store --point 1 --trial 1\n" in text
    assert "point 1 (x=2)" not in sweep("failures", "store", "--limit", "1")
    assert f"failed    2 trials, left out of all statistics: `sweep failures {here}/store`\n" in sweep(
        "status", "store"
    )


def test_in_other_formats(here):
    sweep("run", "drive.py", "--store", "store")
    rows = json.loads(sweep("failures", "store", "--format", "json"))
    assert [(row["point"], row["trial"], row["x"], row["code"]) for row in rows] == [(0, 1, 1, 4), (1, 1, 2, 4)]
    (row,) = csv.DictReader(io.StringIO(sweep("failures", "store", "--format", "csv", "--limit", "1")))
    assert row["stderr"] == "no licence\n"
    assert "expected one of 'text', 'csv', 'json'" in sweep("failures", "store", "--format", "xml", code=2)


def test_none(here):
    sweep("run", "drive.py", "--store", "store", "--trials", "1")
    assert sweep("failures", "store") == "no trial has failed\n"
    assert sweep("failures", "store", "--format", "csv") == "\n"


def test_a_run_in_which_none_succeeds_says_so_by_its_exit_code(here):
    Path("drive.py").write_text(STUDY.replace("{trial} = 1", "{trial} -ge 0"))
    for words in ((), ("--quiet",)):
        said = sweep("run", "drive.py", "--store", "store", *words, code=1)
        assert said.splitlines()[-1].startswith("sweep: no trial succeeded, so nothing is known; `sweep failures ")
        assert "4 trials failed, or gave nothing finite, and are left out" in sweep("show", "store")


def test_too_many_end_the_run(here):
    text = sweep("run", "drive.py", "--store", "store", "--max-failures", "0", "--quiet", code=1)
    assert text.count("\n") == 1
    assert "trials of this run failed, and at most 0 may" in text
    assert "max_failures=-1 is not 0 or more" in sweep("run", "drive.py", "--max-failures", "-1", code=2)


def test_one_is_run_again_in_a_folder_that_stays(here):
    sweep("run", "drive.py", "--store", "store")
    text = sweep("replay", "store", "--point", "1", "--trial", "0")
    said = dict(line.split(maxsplit=1) for line in text.splitlines())
    assert (said["point"], said["x"], said["y"]) == ("1", "2", "2.0")
    assert json.loads((Path(said["folder"]) / "parameters.json").read_text())["x"] == 2
    assert said["run"].startswith("sh -c 'echo starting")
    text = sweep("replay", "store", "--point", "1", "--trial", "1", code=1)
    assert "without a time limit: Ctrl-C ends it\n" in text
    assert text.splitlines()[-1] == "sweep: trial 1 of point 1 exited with code 4"
    assert "trial 2 is not one of the point's 2" in sweep("replay", "store", "--point", "1", "--trial", "2", code=2)
    assert "is a program of its own" in sweep("replay", "store", "--point", "1", "--trial", "0", "--pdb", code=2)
    Path("drive.py").write_text(STUDY.replace("exit 4", "exit 5"))
    assert "declares no command as it was when the sweep ran" in sweep(
        "replay", "store", "--point", "1", "--trial", "0", code=2
    )


def test_a_plan_is_made_where_the_program_is_not(here):
    Path("drive.py").write_text(STUDY.replace('["sh",', '["no-such-simulator",'))
    done = CliRunner().invoke(app, ["plan", "drive.py"], prog_name="sweep")
    assert done.exit_code == 0
    assert '"program": true' in done.stdout
    assert "program 'no-such-simulator' is not in PATH" in done.stderr
    assert "is not in PATH" in sweep("run", "drive.py", code=2)


def test_forecasts_and_explanations_are_of_kernels(here):
    assert "forecasts time compiled kernels" in sweep("forecast", "drive.py", code=2)
    assert "only kernels are compiled" in sweep("kernels", "--explain", "drive.py", code=2)
