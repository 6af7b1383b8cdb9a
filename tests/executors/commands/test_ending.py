"""How attempts are ended: asked to, for their memory, and with all that they started."""

from __future__ import annotations

import pytest

from sweep.jobs.definition import Resources
from sweep.jobs.events import Fate
from tests.executors.commands.rig import is_alive, python, shell, wait_dead, work_of

DAEMON = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
{environment}
os.execve("/bin/sh", ["sh", "-c", "echo $$ > {fifo}; exec sleep 1000"], environment)
"""
SAME = "environment = os.environ"
CLEARED = "environment = {'PATH': '/bin:/usr/bin'}"


def test_stop_lets_a_process_tidy_up(alone, fifo):
    begun = fifo("begun")
    alone.commands.start(
        work_of(shell(f"trap 'exit 9' TERM; echo x > {begun.path}; while :; do sleep 1000 & wait; done"))
    )
    begun.read()
    alone.commands.stop(1, ((0, 1, 1),), 30.0)
    assert alone.told.wait_ended(1)[0].exit_code == 9


def test_stop_kills_what_ignores_it(alone, fifo):
    begun = fifo("begun")
    script = f"trap '' TERM; sleep 1000 & echo $! > {begun.path}; while :; do wait; done"
    alone.commands.start(work_of(shell(script)))
    grandchild = int(begun.read())
    alone.commands.stop(1, ((0, 1, 1),), 0.2)
    assert alone.told.wait_ended(1)[0].exit_code == 137
    wait_dead(grandchild)


def test_a_second_stop_may_leave_less_time(alone, fifo):
    begun = fifo("begun")
    alone.commands.start(work_of(shell(f"trap '' TERM; echo x > {begun.path}; while :; do sleep 1; done")))
    begun.read()
    alone.commands.stop(1, ((0, 1, 1),), 1000.0)
    alone.commands.stop(1, ((0, 1, 1),), 0.1)
    assert alone.told.wait_ended(1)[0].exit_code == 137


def test_stop_gives_back_what_has_not_begun(alone, fifo):
    begun = fifo("begun")
    alone.commands.start(
        work_of(shell(f"echo $AWS_BATCH_JOB_ARRAY_INDEX > {begun.path}; exec sleep 1000"), 10, slots=1)
    )
    assert begun.read() == "0"
    alone.commands.stop(1, ((0, 2, 1), (4, 6, 1)), 5.0)
    alone.told.wait(lambda told: len(told.ended()) == 4)
    assert {index: each.fate for index, each in alone.told.ended().items() if index} == dict.fromkeys(
        (1, 4, 5), Fate.RETURNED
    )
    assert alone.told.ended()[0].exit_code == 143
    assert begun.read() == "2"


def test_stop_of_another_attempt_is_none(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    alone.commands.start(work_of(shell(f"echo x > {begun.path}; {gate.wait}"), attempt=2))
    begun.read()
    alone.commands.stop(1, ((0, 1, 1),), 0.0)
    alone.commands.stop(77, ((0, 1, 1),), 0.0)
    gate.write("0")
    assert alone.told.wait_ended(1)[0].exit_code == 0


def test_children_left_in_the_group_die_with_the_attempt(alone, fifo):
    begun = fifo("begun")
    alone.run(shell(f"(trap '' TERM HUP; echo $$ > /dev/null; exec sleep 1000) & echo $! > {begun.path}"))
    wait_dead(int(begun.read()))


@pytest.mark.parametrize("environment", [SAME, CLEARED])
def test_daemons_die_with_the_attempt(alone, fifo, environment):
    begun = fifo("begun")
    script = DAEMON.format(fifo=begun.path, environment=environment)
    alone.run(shell(f"{_run(script)}; read pid < {begun.path}; echo $pid > {begun.path}"))
    wait_dead(int(begun.read()))


def test_a_daemon_may_live_as_long_as_its_attempt(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    script = DAEMON.format(fifo=begun.path, environment=SAME)
    alone.commands.start(work_of(shell(f"{_run(script)}; {gate.wait}")))
    daemon = int(begun.read())
    alone.run(shell("true"), lease=2)
    assert is_alive(daemon)
    gate.write("0")
    alone.told.wait_ended(1)
    wait_dead(daemon)


def _run(script):
    import shlex
    import sys

    return f"{shlex.quote(sys.executable)} -c {shlex.quote(script)}"


def test_memory_of_one_process(alone):
    script = "held = bytearray(150 << 20); import signal; signal.pause()"
    ended = alone.run(python(script, resources=Resources(memory=100)))[0]
    assert (ended.fate, ended.exit_code) == (Fate.EXITED, 137)
    assert ended.reason == "OutOfMemoryError: Container killed due to memory usage"


def test_memory_of_a_tree(alone, fifo):
    begun = fifo("begun")
    held = python("held = bytearray(60 << 20); import signal; signal.pause()").command
    script = f"import subprocess, signal, os\nfor _ in range(3): print(subprocess.Popen({held!r}, start_new_session=True).pid, file=open({str(begun.path)!r}, 'w'))\nsignal.pause()"
    alone.commands.start(work_of(python(script, resources=Resources(memory=150))))
    pids = [int(begun.read()) for _ in range(3)]
    ended = alone.told.wait_ended(1)[0]
    assert (ended.exit_code, ended.reason[:16]) == (137, "OutOfMemoryError")
    for each in pids:
        wait_dead(each)


def test_memory_that_is_shared_counts_once(alone):
    script = """
import os
held = bytearray(80 << 20)
children = []
for _ in range(4):
    reader, writer = os.pipe()
    if not os.fork():
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os.close(reader)
    children.append(writer)
import select
select.select([], [], [], 1.0)
for each in children:
    os.close(each)
"""
    assert alone.run(python(script, resources=Resources(memory=200)))[0].exit_code == 0


def test_memory_of_a_process_too_short_lived_to_be_seen(alone):
    bytearray(400 << 20)  # what we have had at most is not held against it
    ended = alone.run(python("bytearray(150 << 20); raise SystemExit(1)", resources=Resources(memory=100)))[0]
    assert (ended.exit_code, ended.reason[:16]) == (137, "OutOfMemoryError")


def test_a_large_file_that_is_mapped_is_no_memory(alone, tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(150 << 20)
    script = f"""
import mmap
with open({str(tmp_path / "large")!r}, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
    sum(mapped[each] for each in range(0, len(mapped), 4096))
"""
    ended = alone.run(python(script, resources=Resources(memory=64)))[0]
    assert (ended.exit_code, ended.reason) == (0, "")


def test_a_stray_with_an_odd_environment_dies_and_hurts_nobody(alone, fifo):
    begun, gate = fifo("begun"), fifo("gate")
    alone.commands.start(work_of(shell(f"echo x > {begun.path}; {gate.wait}")))
    begun.read()
    odd = "environment = {**os.environb, b'AWS_BATCH_JOB_ID': bytes([255])}"
    script = DAEMON.format(fifo=begun.path, environment=odd)
    alone.run(shell(f"{_run(script)}; read pid < {begun.path}; echo $pid > {begun.path}"), lease=2)
    wait_dead(int(begun.read()))
    gate.write("0")
    assert alone.told.wait_ended(1)[0].exit_code == 0


def test_closing_ends_all(alone, fifo):
    begun = fifo("begun")
    alone.commands.start(work_of(shell(f"trap '' TERM; echo $$ > {begun.path}; while :; do sleep 1; done"), 2))
    pids = [int(begun.read()) for _ in range(2)]
    alone.commands.close()
    assert not any(is_alive(each) for each in pids)
    assert not (alone.folder / "runner.sock").exists()
    assert not (alone.folder / "work").exists()


def test_closing_what_never_began(alone):
    alone.commands.close()
