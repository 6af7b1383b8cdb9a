"""Programs that do what they should not: each is a row that says so, and stops no other trial. Real programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sweep import Sweep, command, from_json, grid
from sweep.errors import FailuresError
from sweep.failed import read_failures
from sweep.holdings import Holdings, require_plan
from sweep.store import open_store

GOOD = 'echo "{{\\"y\\": {x}}}"'


def failures(folder):
    store = open_store(str(folder))
    plan = require_plan(store)
    return read_failures(store, plan, Holdings.look(store, lambda _: None, plan)).to_pylist()


def swept(folder, bad, *, where="{x} = 2", trials=2, run=None, **options):
    """Run three points of which the second runs a bad script."""
    program = command(["sh", "-c", f"if [ {where} ]; then {bad}; else {GOOD}; fi"], **{"outputs": ["y"], **options})
    return Sweep(program, grid(x=[1, 2, 3]), trials=trials, seed=1).run(folder, workers=2, **(run or {}))


BAD = [
    ("exit 3", "exited with code 3", 3),
    ("true", "printed nothing", 0),
    ("echo done", "stdout is no JSON, nor is its last line", 0),
    ("echo '{{}}'", "stdout has no y", 0),
    ("echo '{{\"y\": NaN}}'", "y is NaN", 0),
    ("kill -9 $$", "was killed by SIGKILL, as Linux does when memory is short", -9),
    ("kill -SEGV $$", "was killed by SIGSEGV", -11),
    ("yes", "printed more than max_output, 100,000 bytes, and was killed", -9),
    ("exec {scratch}/nothing", "exited with code 127", 127),
]


@pytest.mark.parametrize(("bad", "reason", "code"), BAD)
def test_a_bad_trial_is_a_row_and_the_others_count(tmp_path, bad, reason, code):
    result = swept(tmp_path / "store", bad, trials=1, max_output=100_000)
    assert [row["y_mean"] for row in result][::2] == [1, 3]
    assert [row["y_nonfinite"] for row in result] == [0, 1, 0]
    (row,) = failures(tmp_path / "store")
    assert (row["point"], row["trial"], row["failed"]) == (1, 0, True)
    assert (row["reason"], row["code"]) == (reason, code)
    assert result.warnings == (
        f"1 trial failed, or gave nothing finite, and is left out of the statistics; `sweep failures {tmp_path}/store` shows those that failed",
    )


def test_one_that_hangs_is_killed(tmp_path):
    program = command(["sleep", "1000", "{x}"], outputs=["y"], timeout=0.5)
    Sweep(program, grid(x=[1]), trials=1).run(tmp_path)
    (row,) = failures(tmp_path)
    assert (row["reason"], row["code"]) == ("took longer than its timeout of 0.5 s, and was killed", -9)


def test_what_it_said_last_is_kept(tmp_path):
    swept(tmp_path / "store", "seq 5000; echo no licence >&2; exit 1", trials=1)
    (row,) = failures(tmp_path / "store")
    assert row["stdout"].endswith("4999\n5000\n")
    assert len(row["stdout"]) == 8192
    assert row["stderr"] == "no licence\n"


def test_children_left_behind_are_killed_and_the_trial_counts(tmp_path):
    script = (
        f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000' & while [ ! -s {tmp_path}/pid ]; do :; done; {GOOD}"
    )
    result = swept(tmp_path / "store", script, trials=1)
    assert [row["y_mean"] for row in result] == [1, 2, 3]
    (row,) = failures(tmp_path / "store")
    assert (row["failed"], row["reason"]) == (False, "left 1 process behind, which was killed")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_trial_that_fails_is_tried_again_with_its_seed(tmp_path):
    script = f"echo {{seed}} >> {tmp_path}/seeds; [ $(wc -l < {tmp_path}/seeds) = 3 ] && {GOOD}"
    result = swept(tmp_path / "store", script, trials=1, retries=2)
    assert [row["y_mean"] for row in result] == [1, 2, 3]
    seeds = (tmp_path / "seeds").read_text().split()
    assert len(seeds) == 3
    assert len(set(seeds)) == 1
    assert not failures(tmp_path / "store")


def test_one_that_goes_on_failing_says_how_often_it_was_tried(tmp_path):
    swept(tmp_path / "store", "exit 1", trials=1, retries=2)
    assert failures(tmp_path / "store")[0]["attempts"] == 3


def test_failures_of_the_system_under_test_are_results(tmp_path):
    result = swept(tmp_path / "store", "exit 3", failure_codes={"crashed": 3}, outputs={"y": int})
    assert [row["crashed_mean"] for row in result] == [0, 1, 0]
    assert [row["y_min"] for row in result] == [1, None, 3]
    assert [row["y_nonfinite"] for row in result] == [0, 2, 0]
    assert not failures(tmp_path / "store")
    assert result.warnings == (
        "y: 2 more trials have no finite value, as where the system under test failed, and are left out of its statistics",
    )


def test_a_function_of_the_result_that_raises_is_a_failed_trial(tmp_path):
    def result(run):
        value = json.loads(run.text)["y"]
        if value == 2:
            raise ValueError("no such event")
        return {"y": value, "folder": run.folder.name != "", "code": run.code}

    done = swept(tmp_path / "store", GOOD, outputs={"y": float, "folder": bool, "code": int}, result=result)
    assert [(row["y_mean"], row["folder_mean"], row["code_mean"]) for row in done][::2] == [(1, 1, 0), (3, 1, 0)]
    assert {row["reason"] for row in failures(tmp_path / "store")} == {
        "its result function raised ValueError: no such event"
    }


def test_too_many_failures_stop_the_run_and_leave_what_is_done(tmp_path):
    with pytest.raises(
        FailuresError,
        match=r"[234] trials of this run failed, and at most 1 may; trial \d of point 1 exited with code 3",
    ):
        swept(tmp_path / "store", "exit 3", trials=4, run={"max_failures": 1, "shards": 12})
    assert 1 <= len(failures(tmp_path / "store")) <= 4
    result = swept(tmp_path / "store", "exit 3", trials=4, run={"max_failures": 4})
    assert [row["n"] for row in result] == [4, 4, 4]
    assert len(failures(tmp_path / "store")) == 4


def test_parameters_stand_in_a_file_and_in_the_environment(tmp_path):
    script = 'cat parameters.json; [ "$SWEEP_PARAMETER_x" = {x} ] && [ "$SWEEP_SEED" = {seed} ] && [ "$SWEEP_INDEX" = {point}-{trial} ] && [ $PWD = {scratch} ]'
    program = command(
        ["sh", "-c", script],
        outputs={"speed": from_json("x"), "distance": from_json("gap"), "same": from_json("trial", kind=int)},
        parameters=["gap"],
    )
    result = Sweep(program, grid(x=[0.1, 2.0], gap=[3]), trials=2).run(tmp_path / "store")
    assert [(row["speed_mean"], row["distance_mean"], row["same_max"]) for row in result] == [(0.1, 3, 1), (2.0, 3, 1)]


def test_scratch_folders_are_fresh_and_gone(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    script = 'if [ -e mark ]; then exit 1; fi; mkdir -p mark/deep; echo "{{\\"y\\": {x}}}"'
    result = Sweep(command(["sh", "-c", script], outputs=["y"]), grid(x=[1]), trials=4).run()
    assert result[0]["y_nonfinite"] == 0
    assert not [each for each in Path(tmp_path).iterdir() if each.name.startswith("sweep-run-")]


def test_what_cannot_be_written_is_a_failed_trial(tmp_path):
    program = command(["echo", "{x:d}"], outputs=["y"])
    Sweep(program, grid(x=[1.5]), trials=1).run(tmp_path / "store")
    assert failures(tmp_path / "store")[0]["reason"].startswith("cannot be started: Unknown format code 'd'")
