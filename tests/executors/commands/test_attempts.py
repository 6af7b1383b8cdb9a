"""One attempt: its exit code, environment, directory, log."""

from __future__ import annotations

import os
import signal
import stat

import pytest

from sweep.jobs.definition import Container
from sweep.jobs.events import Fate
from tests.executors.commands.rig import Alone, python, shell, work_of


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("exit 255", 255)])
def test_exit_code(alone, script, code):
    ended = alone.run(shell(script))[0]
    assert (ended.fate, ended.exit_code, ended.reason) == (Fate.EXITED, code, "")
    assert 0 < ended.started <= ended.stopped
    assert ended.busy > 0


@pytest.mark.parametrize(("name", "code"), [("TERM", 143), ("KILL", 137), ("SEGV", 139)])
def test_death_by_a_signal_is_128_and_its_number(alone, name, code):
    assert alone.run(shell(f"ulimit -c 0; kill -{name} $$"))[0].exit_code == code


def test_children_of_one_lease_end_each_in_its_own_way(alone):
    ended = alone.run(shell("exit $AWS_BATCH_JOB_ARRAY_INDEX"), 5)
    assert [ended[each].exit_code for each in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program", "./here/not"])
def test_program_that_is_not_there(alone, program):
    ended = alone.run(Container(command=(program, "x")), 3)
    assert {(each.fate, each.exit_code, each.started) for each in ended.values()} == {(Fate.NOT_STARTED, None, 0)}
    assert ended[0].reason.startswith("CannotStartContainerError: exec: ")
    assert program in ended[0].reason
    assert alone.log(2) == f"{ended[2].reason}\n"
    assert alone.run(shell("exit 4"), lease=2)[0].exit_code == 4


def test_a_name_that_is_no_text_fails_its_attempt_alone(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    alone.commands.start(work_of(shell(f"echo x > {begun.path}; {gate.wait}")))
    begun.read()
    ended = alone.run(Container(command=("no\udcff",)), lease=2)[0]
    assert (ended.fate, ended.reason.isascii()) == (Fate.NOT_STARTED, True)
    gate.write("0")
    assert alone.told.wait_ended(1)[0].exit_code == 0


def test_program_that_cannot_be_run(alone, tmp_path):
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    ended = alone.run(Container(command=(str(tmp_path / "text"),)))[0]
    assert (ended.fate, "Exec format error" in ended.reason) == (Fate.NOT_STARTED, True)


def test_argument_that_no_program_can_be_given(alone):
    assert alone.run(Container(command=("/bin/echo", "a\0b")))[0].fate is Fate.NOT_STARTED


def test_program_is_looked_for_where_the_definition_says(alone, tmp_path):
    (tmp_path / "tool").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "tool").chmod(0o755)
    container = Container(command=("tool",), environment={"PATH": f"/nowhere:{tmp_path}"})
    assert alone.run(container)[0].exit_code == 7


def test_environment(alone, monkeypatch):
    monkeypatch.setenv("AWS_BATCH_JOB_NODE_INDEX", "of an engine that is itself a job")
    monkeypatch.setenv("FROM_OUTSIDE", "yes")
    container = shell("env", environment={"MINE": "a b", "FROM_OUTSIDE": "no, from inside"})
    alone.run(container, 3)
    lines = alone.log(2).splitlines()
    assert {each for each in lines if each.startswith(("AWS_BATCH", "MINE", "FROM", "SWEEP_A"))} == {
        "AWS_BATCH_JOB_ID=job:2",
        "AWS_BATCH_JOB_ATTEMPT=1",
        "AWS_BATCH_JOB_ARRAY_INDEX=2",
        "AWS_BATCH_JQ_NAME=main",
        "AWS_BATCH_CE_NAME=here",
        "SWEEP_ARRAY_SIZE=3",
        "MINE=a b",
        "FROM_OUTSIDE=no, from inside",
    }


def test_environment_of_a_plain_job(alone):
    alone.run(shell("env"), attempt=4, gpus=(2, 3))
    lines = alone.log(attempt=4).splitlines()
    assert {"AWS_BATCH_JOB_ID=job", "AWS_BATCH_JOB_ATTEMPT=4", "CUDA_VISIBLE_DEVICES=2,3"} <= set(lines)
    assert not any("ARRAY" in each for each in lines)


def test_signals_that_python_ignores_are_as_a_shell_has_them(alone):
    alone.run(shell("grep SigIgn /proc/self/status"))
    assert int(alone.log().split()[1], 16) & 0x7FFFFFFF == 0  # two more are the C library's own


def test_signals_and_umask_are_not_those_of_the_first_user(folder):
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGQUIT, signal.SIGUSR1)}
    mask = os.umask(0)
    try:
        rig = Alone(folder / "new")
        rig.run(shell("umask; grep SigIgn /proc/self/status"))
    finally:
        os.umask(mask)
        for each, handler in before.items():
            signal.signal(each, handler)
    umask, _, ignored = rig.log().split()
    assert (umask, int(ignored, 16) & 0x7FFFFFFF) == ("0022", 0)
    modes = {each: stat.S_IMODE((rig.folder / each).stat().st_mode) for each in (".", "..", "runner.sock")}
    assert set(modes.values()) == {0o700}
    rig.commands.close()


def test_nothing_of_the_runner_is_open(alone):
    alone.run(shell("ls -l /proc/$$/fd"))
    names = [line.split(" -> ")[1] for line in alone.log().splitlines() if " -> " in line]
    assert names[0] == "/dev/null"
    assert {each.rsplit("/", 1)[1] for each in names[1:]} <= {"0-1.log", "fd"}


def test_working_directory_is_fresh_and_goes(alone):
    script = "pwd; ls -A; touch made; [ $(($AWS_BATCH_JOB_ARRAY_INDEX % 2)) = 1 ] || rm made"
    alone.run(shell(script), 8, slots=2)
    work = alone.folder / "work"
    for each in range(8):
        (line,) = alone.log(each).splitlines()
        assert line.startswith(f"{work}/")
    alone.commands.close()
    assert not work.exists()


def test_a_link_in_place_of_a_working_directory_is_not_followed(alone, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    alone.run(shell(f'D=$PWD; cd /; rmdir "$D"; ln -s {target} "$D"'))
    alone.run(shell("pwd -P; touch leaked"), lease=2, attempt=2)
    assert alone.log(attempt=2).startswith(str(alone.folder / "work"))
    assert list(target.iterdir()) == []


def test_log_takes_both_streams_in_order(alone):
    alone.run(shell("echo one; echo two >&2; echo three"))
    assert alone.log() == "one\ntwo\nthree\n"


def test_no_more_than_the_slots_at_a_time_and_in_order(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    work = work_of(
        shell(f"echo $AWS_BATCH_JOB_ARRAY_INDEX > {begun.path}; {gate.wait}"), 9, spans=((5, 6, 1), (0, 3, 1))
    )
    alone.commands.start(work)
    first = {begun.read(), begun.read()}
    assert first == {"5", "0"}
    gate.write("0")
    assert begun.read() == "1"
    for _ in range(3):
        gate.write("0")
    alone.told.wait_ended(4)
    assert begun.read() == "2"


def test_what_runs_for_a_while_is_told_to_have_begun(alone, fifo):
    gate = fifo("gate")
    alone.commands.start(work_of(shell(f"{gate.wait}"), 2))
    alone.told.wait(lambda told: told.begun() == {0, 1})
    assert not alone.told.ended()
    gate.write("0")
    gate.write("0")
    alone.told.wait_ended(2)


def test_five_hundred_children_are_told_in_ranges(alone):
    ended = alone.run(Container(command=("/bin/true",)), 500, slots=4)
    assert {each.exit_code for each in ended.values()} == {0}
    assert len(alone.told.events) < 400
    assert len(list((alone.folder / "logs/job").iterdir())) == 500


def test_a_lease_that_is_known_is_left_alone(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    work = work_of(shell(f"echo x > {begun.path}; {gate.wait}"))
    alone.commands.start(work)
    alone.commands.start(work)
    begun.read()
    gate.write("0")
    alone.told.wait_ended(1)
    assert len([each for each in alone.told.events if hasattr(each, "fate")]) == 1


def test_folder_with_a_long_name(tmp_path):
    rig = Alone(tmp_path / ("long" * 30) / ("longer" * 20))
    assert rig.run(python("raise SystemExit(5)"))[0].exit_code == 5
    rig.commands.close()
    assert not (rig.folder / "runner.sock").exists()
