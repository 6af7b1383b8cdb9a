"""Sweeps of programs from end to end: the same bytes whatever happens on the way, and no program is run that need not be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sweep import Sweep, command, grid
from sweep.ledger import Wave
from sweep.load import load_sweep
from sweep.rectangle import Rectangle
from sweep.shares import Cut
from sweep.store import open_store
from sweep.work import keys
from sweep.work.pieces import read_parts
from sweep.work.simulate import simulate
from sweep.work.spread import spread
from sweep.work.study import Study
from tests.programs.studies import failures, program, study
from tests.studies import sha256

ROOT = Path(__file__).parents[2]
SECONDS = 120


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A finished sweep, by its digest and its failed trials."""
    folder = str(tmp_path_factory.mktemp("reference"))
    study().run(folder, shards=1, workers=1)
    assert {each["reason"] for each in failures(folder)} == {"exited with code 5"}
    return sha256(folder), failures(folder)


@pytest.mark.parametrize(("shards", "workers"), [(1, 2), (5, 1), (36, 3), (None, None)])
def test_one_digest_over_shards_and_threads(reference, tmp_path, shards, workers):
    study().run(tmp_path, shards=shards, workers=workers)
    assert (sha256(str(tmp_path)), failures(str(tmp_path))) == reference


def test_on_s3(reference, bucket):
    url = f"s3://{bucket}/programs"
    study().run(url, shards=3, workers=2)
    assert (sha256(url), failures(url)) == reference


def runs(file):
    return file.read_text().split() if file.exists() else []


def test_more_trials_run_only_those(reference, tmp_path, monkeypatch):
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    study(trials=5).run(tmp_path / "store", workers=2)
    study().run(tmp_path / "store", workers=2)
    done = runs(tmp_path / "runs")
    assert len(done) == len(set(done)) == 36
    assert (sha256(str(tmp_path / "store")), failures(str(tmp_path / "store"))) == reference


WAITING = """
from tests.programs.studies import SCRIPT
from sweep import Sweep, command, grid

waits = 'while [ "$SWEEP_POINT" != 0 ] && [ ! -e "$GO" ]; do sleep 0.05; done' + SCRIPT
program = command(["sh", "-c", waits], outputs={"y": int, "odd": bool}, failure_codes={"crashed": 3})
study = Sweep(program, grid(x=[1, 2, 3]), trials=12, seed=5)
"""


def start(folder):
    """Run the study in a process of its own; each trial but those of point 0 waits for the file `go`."""
    (folder / "waiting.py").write_text(WAITING)
    variables = {"RUNS": str(folder / "runs"), "GO": str(folder / "go")}
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", **variables}
    boot = "from sweep.cli.main import main; main()"
    words = [sys.executable, "-c", boot, "run", "waiting.py", "--store", "store", "--workers", "2", "--shards", "18"]
    return subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # a file tells of no event


def left_of(folder):
    """Return the processes that know of a folder by their environment."""
    mark = f"GO={folder}/go".encode()
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                if mark in (each / "environ").read_bytes().split(b"\0") and each.name != str(os.getpid()):
                    found.append(each.name)
            except OSError:
                continue
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_nothing_and_is_gone_on_with(tmp_path, monkeypatch, how):
    go = tmp_path / "go"
    process = start(tmp_path)
    wait_until(lambda: any((tmp_path / "store" / "map").rglob("*.parquet")) and len(runs(tmp_path / "runs")) == 12)
    wait_until(lambda: left_of(tmp_path))
    process.send_signal(how)
    process.communicate(timeout=SECONDS)
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    wait_until(lambda: not left_of(tmp_path))
    go.touch()
    before = len(runs(tmp_path / "runs"))
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GO", str(go))
    load_sweep(tmp_path / "waiting.py").run(tmp_path / "store", workers=2)
    done = runs(tmp_path / "runs")
    assert len(set(done)) == 36
    assert len(done) - before < 36
    load_sweep(tmp_path / "waiting.py").run(tmp_path / "whole", workers=2)
    assert sha256(str(tmp_path / "store")) == sha256(str(tmp_path / "whole"))


def test_common_random_numbers_are_common_seeds(tmp_path):
    result = study(
        common_random_numbers=True, keep="all", command_options={"success": [0, 5], "outputs": {"odd": bool}}
    )
    result.run(tmp_path, workers=2)
    rows = pq.read_table(tmp_path / "trials").to_pylist()
    by_point = {point: [row["odd"] for row in rows if row["point"] == point] for point in range(3)}
    assert by_point[0] == by_point[1] == by_point[2]


def test_kept_trials_are_those_that_count(tmp_path):
    study(keep="all").run(tmp_path, workers=2, shards=5)
    rows = pq.read_table(tmp_path / "trials").to_pylist()
    lost = {(each["point"], each["trial"]) for each in failures(str(tmp_path))}
    assert {(row["point"], row["trial"]) for row in rows} == {(p, t) for p in range(3) for t in range(12)} - lost
    assert all((row["y"] is None) == row["crashed"] for row in rows)


def test_quantiles_histograms_and_covariances(tmp_path):
    asked = {"quantiles": [0.5], "histograms": {"y": (0.0, 10_000.0, 10)}, "covariance": [("y", "odd")]}
    results = [study(keep="all", **asked).run(tmp_path / str(shards), shards=shards) for shards in (1, 7)]
    assert sha256(str(tmp_path / "1")) == sha256(str(tmp_path / "7"))
    row = results[0][1]
    values = sorted(
        each["y"]
        for each in pq.read_table(tmp_path / "1" / "trials").to_pylist()
        if each["point"] == 1 and each["y"] is not None
    )
    assert sum(row["y_histogram"]) == len(values) == row["n"] - row["y_nonfinite"]
    assert row["y_min"] <= row["y_q50"] <= row["y_max"]
    assert abs(row["y_q50"] - values[(len(values) - 1) // 2]) <= 0.02 * values[-1]


def objects(store):
    return {each.key: store.get(each.key) for each in store.list() if each.key.startswith((keys.MAP, keys.TRIALS))}


def test_a_shard_that_is_stopped_in_a_container_keeps_what_is_finished(tmp_path, monkeypatch):
    swept = study(keep="all")
    plan = swept.plan()
    wave = Wave.of(plan, 1, Cut(2), [Rectangle(0, plan.points, 0, plan.blocks_per_point)])

    def made():
        study_ = Study(swept.kernel, plan, open_store("memory://"), {})
        study_.store.create(keys.wave_key(1), wave.to_json())
        return study_

    alone, stopped = made(), made()
    simulate(alone, wave, 1, lambda _: None)
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    stop, ran = threading.Event(), []

    def report(trials):
        ran.append(trials)
        if sum(ran) >= 5:
            stop.set()

    assert not spread(stopped, wave, 1, threads=2, stop=stop, report=report)
    assert read_parts(stopped, wave, 1)
    assert spread(stopped, wave, 1, threads=2, stop=threading.Event(), report=lambda _: None)
    assert objects(stopped.store) == objects(alone.store)
    assert [name.key for name in stopped.store.list(keys.FAILURES)] == [
        name.key for name in alone.store.list(keys.FAILURES)
    ]
    assert len(set(runs(tmp_path / "runs"))) == 18
    for each in (alone, stopped):
        each.close()


def test_a_program_is_ended_when_its_shard_is_stopped(tmp_path):
    script = f"echo $$ > {tmp_path}/pid; exec sleep 1000"
    swept = Sweep(command(["sh", "-c", script, "{x}"], outputs=["y"]), grid(x=[1]), trials=2)
    plan = swept.plan()
    wave = Wave.of(plan, 1, Cut(1), [Rectangle(0, 1, 0, 2)])
    study_ = Study(swept.kernel, plan, open_store("memory://"), {})
    study_.store.create(keys.wave_key(1), wave.to_json())
    stop = threading.Event()
    waiting = threading.Thread(target=lambda: (wait_until((tmp_path / "pid").exists), stop.set()))
    waiting.start()
    assert not spread(study_, wave, 0, threads=1, stop=stop, report=lambda _: None)
    waiting.join()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    study_.close()


def test_files_are_kept_of_the_trials_that_are_kept_and_of_those_that_failed(tmp_path):
    script = "mkdir out; echo {index} > out/trace.csv; head -c 5000 /dev/zero > big.csv; ln -s /etc/passwd link.csv; "
    kept = command(
        ["sh", "-c", script + '[ {trial} = 2 ] && exit 1; echo "{{\\"hit\\": $(( {trial} % 2 )), \\"x\\": {x}}}"'],
        outputs={"hit": bool},
        keep_files=["**/*.csv"],
        keep_bytes=1000,
    )
    Sweep(kept, grid(x=[1, 2]), trials=3, keep="hit").run(tmp_path, workers=2)
    found = {
        path.relative_to(tmp_path / "files").as_posix() for path in (tmp_path / "files").rglob("*") if path.is_file()
    }
    assert found == {f"{p}/{t}/{name}" for p in (0, 1) for t in (1, 2) for name in ("out/trace.csv", "left-out.txt")}
    assert (tmp_path / "files/1/2/out/trace.csv").read_text() == "1-2\n"
    assert "5,000  big.csv" in (tmp_path / "files/1/2/left-out.txt").read_text()


def test_neither_numba_nor_ray_is_needed(tmp_path):
    script = f"""
import sys
from tests.programs.studies import study
study().run({str(tmp_path)!r}, workers=2)
assert not {{"numba", "ray", "llvmlite"}} & sys.modules.keys(), sys.modules.keys()
"""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment, cwd=ROOT, timeout=SECONDS)


def test_the_version_of_the_file_matters_and_the_program_does_not():
    assert program().version == program(name="other").version != program(success=[0, 1]).version
