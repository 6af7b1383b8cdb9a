"""The parts of which the runner is made, alone."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

from sweep.executors.commands import memory, processes
from sweep.executors.commands.order import order
from sweep.executors.commands.places import fill
from sweep.executors.commands.spans import joined, split
from sweep.executors.commands.teller import ended_alike
from sweep.executors.commands.wire import Ended, pack, unpack
from sweep.jobs.definition import Container
from tests.executors.commands.rig import ROOT, work_of

HEAVY = {"numpy", "numba", "ray", "pyarrow", "dataclasses", "subprocess", "threading", "pathlib"}


def test_the_runner_imports_little():
    code = "import sys, sweep.executors.commands.runner; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert not HEAVY & set(answer.split())


def test_places_are_filled_as_the_work_would_fill_them():
    for size in (1, 9):
        work = work_of(Container(command=("x",), environment={"MINE": "1 {index} %s"}), size, gpus=(0, 3))
        message = unpack(pack(order(work, [], resume=False)))
        assert fill(message["variables"], 7, 2) == work.environment(7, 2)


def test_spans_split_and_join():
    spans = [(0, 10, 1), (20, 21, 3)]
    inside, outside = split(spans, [(5, 6, 1), (20, 30, 3), (0, 10, 2)])
    assert inside == [(5, 6, 1), (20, 21, 3)]
    assert outside == [(0, 5, 1), (6, 10, 1)]
    assert joined([]) == []


def test_only_neighbours_that_ended_alike_are_joined():
    events = [Ended(n, n + 1, 1, "EXITED", code) for n, code in ((0, 0), (1, 0), (2, 1), (4, 1))]
    assert [(each.first, each.last, each.exit_code) for each in ended_alike(events)] == [
        (0, 2, 0),
        (2, 3, 1),
        (4, 5, 1),
    ]


def test_children_with_and_without_the_kernels_list(monkeypatch):
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        listed = processes.children(os.getpid())
        monkeypatch.setattr(processes, "LISTING", "/nowhere/{pid}")
        assert child.pid in processes.children(os.getpid())
        assert child.pid in listed
        own = processes.process(child.pid)
        assert (own.parent, own.group) == (os.getpid(), os.getpgrp())
        assert 0 < processes.unshared(child.pid) <= own.resident + (1 << 20)
        child.stdin.close()
    assert processes.process(child.pid) is None


def test_what_ends_while_it_is_looked_at_has_no_memory():
    script = "held = bytearray(50 << 20); print(flush=True); open(0).read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], **pipes, start_new_session=True) as child:
        child.stdout.read(1)
        attempt = SimpleNamespace(pid=child.pid, limit=40 << 20, owner=("", ""))
        seen = [each for each in processes.descendants(os.getpid()) if each.group == child.pid]
        assert memory.outgrown([attempt], seen, None) == [attempt]
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert memory.outgrown([attempt], seen, None) == []


def test_descendants_of_all_threads():
    script = "import threading, subprocess; threading.Thread(target=lambda: subprocess.run(['/bin/cat'])).start()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(b"x")
        child.stdin.flush()
        assert child.stdout.read(1) == b"x"
        found = {each.pid: each for each in processes.descendants(os.getpid())}
        assert child.pid in found
        assert any(each.parent == child.pid for each in found.values())
        child.stdin.close()
    assert child.pid not in {each.pid for each in processes.descendants(os.getpid())}
    assert processes.variables(child.pid) == {b"": b""}
