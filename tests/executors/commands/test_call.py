"""Python functions as children, each in a process of its own."""

from __future__ import annotations

import signal

from sweep.executors.commands.call import child_of
from sweep.jobs.definition import Container
from sweep.jobs.job import Shape
from tests.executors.commands.rig import work_of

HERE = "tests.executors.commands.test_call"


def returns(child):
    print(child.index, child.attempt, child.size, child.work.job_id, child.work.name)
    assert child.work.shape is Shape.ARRAY
    return child.index


def raises(child):
    raise ValueError("no good")


def reports(child):
    for _ in range(5):
        child.report(2)


def works_on(child):
    print("begun", flush=True)
    child.report(1)
    while True:
        child.report(0)
        signal.sigtimedwait([], 0.01)


def function(name):
    return Container(function=f"{HERE}:{name}")


def test_function_returns_its_exit_code(alone):
    ended = alone.run(function("returns"), 3)
    assert [ended[each].exit_code for each in range(3)] == [0, 1, 2]
    assert alone.log(2) == "2 1 3 job name\n"


def test_function_that_raises(alone):
    ended = alone.run(function("raises"))[0]
    assert (ended.exit_code, ended.reason) == (1, "ValueError: no good")
    assert "Traceback" in alone.log()


def test_function_that_is_not_there(alone):
    ended = alone.run(function("nowhere"))[0]
    assert ended.exit_code == 1
    assert ended.reason.startswith("AttributeError: ")


def test_steps_are_told(alone):
    alone.run(function("reports"))
    alone.told.wait(lambda told: told.done == 10)


def test_function_is_stopped_at_its_next_report(alone):
    alone.commands.start(work_of(function("works_on")))
    alone.told.wait(lambda told: told.done == 1)
    alone.commands.stop(1, ((0, 1, 1),), 30.0)
    assert alone.told.wait_ended(1)[0].exit_code == 143


def test_child_has_the_environment_that_a_command_sees():
    for work in (work_of(function("returns"), 5), work_of(function("returns"))):
        seen = work.environment(0, 2)
        child = child_of(seen, "m:f", None)
        assert (child.index, child.attempt, child.size) == (0, 2, work.size)
        assert child.environment == seen
