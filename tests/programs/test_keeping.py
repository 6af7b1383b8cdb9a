"""Keepers: what they run ends with them, however it ends. Real processes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from sweep.programs.keeping import Keeper, KeeperLostError, Keepers

PATH = os.environ["PATH"]
SECONDS = 60


@pytest.fixture
def keeper():
    made = Keeper()
    yield made
    made.close()
    assert not Path(made.folder).exists()


def order(script, folder, **more):
    return {
        "argv": ["sh", "-c", script],
        "program": "/bin/sh",
        "environment": {"PATH": PATH},
        "folder": folder,
        "seconds": None,
        "whole": True,
        "most": 1 << 20,
        "inherit": False,
        "serves": False,
        **more,
    }


def ask(keeper, script, **more):
    return keeper.ask(order(script, keeper.folders.fresh(), **more), lambda: None)


def has_ended(pid):
    """Wait for the end of a process that is not ours."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([handle], [], [], SECONDS)
    os.close(handle)
    return bool(ready)


def pid_written(path):
    deadline = time.monotonic() + SECONDS
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline
        os.sched_yield()  # a file tells of no event
    return int(path.read_text())


def test_what_it_prints_and_how_it_ends(keeper):
    answer = ask(keeper, "echo out; echo err >&2; exit 7")
    assert (answer["why"], answer["code"], answer["out"], answer["err"]) == ("ended", 7, b"out\n", b"err\n")


def test_it_runs_in_its_folder_with_its_environment_and_no_input(keeper):
    folder = keeper.folders.fresh()
    answer = keeper.ask(order("pwd; echo $A; cat", folder, environment={"A": "b", "PATH": PATH}), lambda: None)
    assert answer["out"].decode() == f"{folder}\nb\n"


def test_a_signal_is_a_negative_code(keeper):
    assert ask(keeper, "kill -9 $$")["code"] == -signal.SIGKILL


def test_signals_that_we_ignore_are_not_ignored_by_programs(keeper):
    assert ask(keeper, "kill -TERM $$; echo still here")["code"] == -signal.SIGTERM


def test_a_program_that_is_not_there(keeper):
    answer = keeper.ask(order("", keeper.folders.fresh(), program="/nowhere/at-all"), lambda: None)
    assert answer == {"why": "refused", "error": "No such file or directory: /nowhere/at-all"}


def test_one_that_takes_too_long_is_killed_with_its_children(keeper, tmp_path):
    answer = ask(keeper, f"sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000' & sleep 1000", seconds=1.0)
    assert (answer["why"], answer["code"]) == ("timeout", -signal.SIGKILL)
    if (tmp_path / "pid").exists() and (
        tmp_path / "pid"
    ).read_text():  # it was killed before it had a child, or with it
        assert has_ended(pid_written(tmp_path / "pid"))


@pytest.mark.parametrize("away", ["", "setsid "])
def test_children_left_behind_are_killed_and_counted(keeper, tmp_path, away):
    script = f"{away}sh -c 'echo $$ > {tmp_path}/pid; exec sleep 1000' & while [ ! -s {tmp_path}/pid ]; do :; done"
    answer = ask(keeper, script)
    assert (answer["why"], answer["code"], answer["left"]) == ("ended", 0, 1)
    assert has_ended(pid_written(tmp_path / "pid"))


def test_grandchildren_whose_parents_have_ended_are_killed(keeper, tmp_path):
    script = f"(setsid sh -c '(setsid sh -c \"echo \\$\\$ > {tmp_path}/pid; exec sleep 1000\" &)' &); while [ ! -s {tmp_path}/pid ]; do :; done"
    assert ask(keeper, script)["left"] == 1
    assert has_ended(pid_written(tmp_path / "pid"))


def test_one_that_prints_without_end_is_killed(keeper):
    answer = ask(keeper, "yes", most=1 << 20)
    assert answer["why"] == "output"
    assert len(answer["out"]) <= (1 << 20) + (1 << 17)


def test_of_output_that_nobody_reads_the_end_is_kept(keeper):
    answer = ask(keeper, "seq 100000", whole=False)
    assert len(answer["out"]) == 8192
    assert answer["out"].endswith(b"99999\n100000\n")


def test_output_of_a_dead_program_is_read_to_its_end(keeper):
    assert ask(keeper, "seq 10000")["out"].count(b"\n") == 10_000


def test_whoever_asks_may_stop_it(keeper, tmp_path):
    def stop():
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise TimeoutError

    with pytest.raises(TimeoutError):
        keeper.ask(order(f"echo $$ > {tmp_path}/pid; sleep 1000", keeper.folders.fresh()), stop)
    assert has_ended(pid_written(tmp_path / "pid"))
    assert ask(keeper, "echo again")["out"] == b"again\n"


def test_nothing_outlives_a_process_that_is_killed(tmp_path):
    script = f"""
        from sweep.programs.keeping import Keeper
        from tests.programs.test_keeping import order
        keeper = Keeper()
        open({str(tmp_path / "folder")!r}, "w").write(keeper.folder)
        keeper.ask(order("echo $$ > {tmp_path}/pid; setsid sleep 1000 & sleep 1000", keeper.folders.fresh()), lambda: None)
    """
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'kernels'}"}
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], env=environment, cwd=root)
    pid = pid_written(tmp_path / "pid")
    process.kill()
    process.wait()
    assert has_ended(pid)


def test_a_keeper_that_is_killed_is_told_of_and_its_program_killed(tmp_path):
    keepers = Keepers()

    def lose():
        with keepers.one() as keeper:
            folder = keeper.folders.fresh()
            script = f"echo $$ > {tmp_path}/pid; kill -9 $PPID; exec sleep 1000"
            keeper.ask(order(script, folder, environment={"SWEEP_SCRATCH": folder, "PATH": PATH}), lambda: None)

    with pytest.raises(KeeperLostError):
        lose()
    assert has_ended(pid_written(tmp_path / "pid"))
    with keepers.one() as another:
        assert ask(another, "echo here")["out"] == b"here\n"
    keepers.close()


def test_as_many_keepers_as_are_used_at_a_time():
    keepers, together = Keepers(), threading.Barrier(2, timeout=SECONDS)
    folders = []

    def use():
        with keepers.one() as keeper:
            together.wait()
            folders.append(keeper.folder)

    threads = [threading.Thread(target=use) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with keepers.one() as keeper:
        assert keeper.folder in folders
    assert len(set(folders)) == 2
    keepers.close()
    assert not any(Path(each).exists() for each in folders)
