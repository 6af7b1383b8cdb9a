"""Servers: one process for each worker, sent one trial after the other; whatever it does, each trial has its answer or its row."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sweep import Sweep, command, from_json, grid
from sweep.programs.attempts import Trials
from sweep.programs.runner import Runner
from tests.programs.studies import failures
from tests.studies import sha256

BODY = """
import json, os, sys
print("starting up", flush=True)
open(os.environ["STARTS"], "a").write("x")
print('{"ready": true}', flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    x, trial = asked["parameters"]["x"], asked["trial"]
    answer = {"y": x + asked["seed"] % 10, "index": asked["index"]}
    STATEMENT
    print("thinking", flush=True)
    print(json.dumps(answer), flush=True)
open(os.environ["STARTS"] + ".ended", "a").write("x")
"""


WAITS_FOR_THE_OTHERS = """
import os, pathlib, sys, time
print('{{"ready": true}}', flush=True)
for line in sys.stdin:
    print('{{"y": 1}}', flush=True)
folder = pathlib.Path({folder!r})
(folder / f"ending.{{os.getpid()}}").touch()
while len(list(folder.glob("ending.*"))) < 3:
    time.sleep(0.01)
(folder / f"last.{{os.getpid()}}").touch()
"""

SPACE = grid(x=[1, 2, 3])


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Return a function that sweeps a server with a statement of its own, and how often it was started."""
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))

    def swept(statement="pass", trials=4, workers=1, name="store", space=SPACE, **options):
        (tmp_path / "server.py").write_text(BODY.replace("STATEMENT", statement))
        program = command(
            ["{python}", str(tmp_path / "server.py")],
            **{"outputs": {"y": int}, "parameters": ["x"], "server": True, "timeout": 20, **options},
        )
        result = Sweep(program, space, trials=trials, seed=1).run(tmp_path / name, workers=workers)
        return result, len((tmp_path / "starts").read_text()), failures(str(tmp_path / name))

    return swept


def test_one_server_answers_all_trials_of_a_worker_and_ends_when_asked(serve, tmp_path):
    result, starts, failed = serve()
    assert starts == 1
    assert not failed
    assert [row["n"] - row["y_nonfinite"] for row in result] == [4, 4, 4]
    assert (tmp_path / "starts.ended").read_text() == "x"


def test_the_same_bytes_on_several(serve, tmp_path):
    serve()
    _, starts, _ = serve(workers=3, name="other")
    assert starts <= 4
    assert sha256(str(tmp_path / "store")) == sha256(str(tmp_path / "other"))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("if x == 2 and trial == 1: os._exit(9)", "was not answered: its server exited with code 9"),
        ("if x == 2 and trial == 1: os.kill(os.getpid(), 9)", "was not answered: its server was killed by SIGKILL, as Linux does when memory is short"),
        ("if x == 2 and trial == 1: print('x' * 200_000, flush=True)", "printed more than max_output, 100,000 bytes, and was killed"),
    ],
)  # fmt: skip
def test_one_that_dies_or_hangs_is_started_again_with_the_trial(serve, statement, reason):
    result, starts, failed = serve(statement, max_output=100_000)
    assert starts == 3
    assert [(each["point"], each["trial"], each["reason"], each["attempts"]) for each in failed] == [(1, 1, reason, 2)]
    assert [row["y_nonfinite"] for row in result] == [0, 1, 0]


def test_one_that_hangs_is_started_again_with_the_trial(serve):
    _, starts, failed = serve("import time; time.sleep(1000)", trials=1, space=grid(x=[1]), timeout=0.5)
    assert [(each["reason"], each["attempts"]) for each in failed] == [
        ("took longer than its timeout of 0.5 s, and was killed", 2)
    ]
    assert starts == 2


def test_one_that_dies_once_costs_no_trial(serve, tmp_path):
    mark = tmp_path / "mark"
    _, starts, failed = serve(
        f"if trial == 2 and not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w'); os._exit(1)"
    )
    assert (starts, failed) == (2, [])


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("if trial == 1: answer = {'error': 'no such road'}", "its server answered: no such road"),
        ("if trial == 1: answer['index'] = '7-7'", "its server answered to trial 7-7"),
        ("if trial == 1: del answer['y']", "stdout has no y"),
        ("if trial == 1: print('{not json', flush=True)", "its server answered a line that is no JSON"),
    ],
)
def test_an_answer_that_is_none_is_a_failed_trial(serve, statement, reason):
    result, _, failed = serve(statement, retries=0)
    assert {each["reason"] for each in failed if each["trial"] == 1} == {reason}
    assert result[0]["y_nonfinite"] >= 1


def test_two_answers_to_one_trial_are_never_taken_for_the_next_ones(serve):
    result, _, failed = serve("print(json.dumps({**answer, 'y': -1}), flush=True)", retries=0)
    assert all(row["y_min"] in (-1, None) for row in result)
    said = {each["reason"] for each in failed}
    assert all("more than once" in each or each.startswith("its server answered to trial ") for each in said)
    assert said


def test_one_that_is_out_of_step_is_started_again(serve):
    result, starts, failed = serve("if trial == 1 and x == 1: answer['index'] = '0-0'")
    assert starts == 3
    assert [(each["trial"], each["reason"], each["attempts"]) for each in failed] == [
        (1, "its server answered to trial 0-0", 2)
    ]
    assert [row["y_nonfinite"] for row in result] == [1, 0, 0]


def test_a_crash_of_the_system_under_test(serve):
    result, _, failed = serve("if trial == 1: os._exit(3)", failure_codes={"crashed": 3})
    assert [row["crashed_max"] for row in result] == [True, True, True]
    assert not failed


def test_files_of_a_trial_are_read_from_its_folder(serve):
    result, _, _ = serve(
        "json.dump({'peak': x}, open(asked['scratch'] + '/r.json', 'w'))",
        outputs={"y": int, "peak": from_json("peak", file="r.json")},
    )
    assert [row["peak_mean"] for row in result] == [1, 2, 3]


def test_what_one_trial_has_left_in_its_folder_is_not_in_the_next_ones(serve):
    """A server that leaves something in every other folder, and answers what it finds."""
    statement = """
    folder = asked["scratch"]
    answer["y"] = len(os.listdir(folder))
    if trial % 2:
        open(folder + "/parameters.json", "w").write("{}")"""
    result, _, failed = serve(statement)
    assert [row["y_max"] for row in result] == [0, 0, 0]
    assert not failed


def test_a_keeper_that_is_killed_costs_no_trial(serve, tmp_path):
    mark = str(tmp_path / "mark")
    statement = f"""
    if trial == 2 and not os.path.exists({mark!r}):
        open({mark!r}, "w").close()
        os.kill(os.getppid(), 9)
        import select
        select.select([], [], [])"""
    result, starts, failed = serve(statement, space=grid(x=[1]))
    assert (result[0]["y_nonfinite"], starts, failed) == (0, 2, [])


def test_a_keeper_that_is_lost_in_a_round_is_not_lent_again(tmp_path, monkeypatch):
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))
    (tmp_path / "server.py").write_text(
        BODY.replace("STATEMENT", "trial == 3 and (os.kill(os.getppid(), 9), sys.stdin.read())")
    )
    words = ["{python}", str(tmp_path / "server.py")]
    program = command(words, outputs={"y": int}, parameters=["x"], server=True, retries=0)
    runner = Runner(Trials(program, {}, 1, common_random_numbers=False))
    trials = [(0, trial) for trial in range(9)]
    runner.ask_ahead(trials[:3], lambda _: {"x": 1}, lambda: None)
    (lost,) = runner._keepers._idle
    runner.ask_ahead(trials[3:5], lambda _: {"x": 1}, lambda: None)
    assert lost not in runner._keepers._idle
    assert not Path(lost.folder).exists()
    assert list(runner._known) == trials[:3]
    runner.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_server_has_started_before_the_first_trial_is_timed_and_all_before_the_run(workers, tmp_path, monkeypatch):
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))
    (tmp_path / "server.py").write_text(BODY.replace("STATEMENT", "pass"))
    program = command(["{python}", str(tmp_path / "server.py")], outputs={"y": int}, parameters=["x"], server=True)
    runner = Runner(Trials(program, {}, 1, common_random_numbers=False))
    had_started = []

    def parameters(point):
        had_started.append((tmp_path / "starts").read_text())
        return {"x": point}

    runner.glance([(0, 0), (1, 0)], parameters, 60.0, lambda *_: lambda *_: None, workers)
    runner.close()
    assert [1 <= len(each) <= workers for each in had_started] == [True] * 2
    assert (tmp_path / "starts").read_text() == "x" * workers


TWO_LINES = """
import os, sys
print('{"ready": true}', flush=True)
for number, line in enumerate(sys.stdin):
    os.write(1, b'{"y": %d}\\n{"y": 666}' % number)  # in one piece
"""


def test_half_an_answer_that_nobody_asked_for_is_nobodys(tmp_path):
    (tmp_path / "server.py").write_text(TWO_LINES)
    program = command(
        ["{python}", str(tmp_path / "server.py")], outputs={"y": int}, parameters=["x"], server=True, retries=0
    )
    runner = Runner(Trials(program, {}, 1, common_random_numbers=False))
    values = [runner.run(0, trial, {"x": 1}, lambda: None, lambda *_: None).values for trial in range(3)]
    runner.close()
    assert values == [(0.0,), None, (0.0,)]


def test_one_that_cannot_start_does_not_stand_for_the_others(tmp_path):
    (tmp_path / "server.py").write_text(FIRST_FAILS.format(mark=str(tmp_path / "first")))
    program = command(["{python}", str(tmp_path / "server.py")], outputs={"y": int}, parameters=["x"], server=True)
    runner = Runner(Trials(program, {}, 1, common_random_numbers=False))
    with runner._servers_started(2):
        assert any(each.serves for each in runner._keepers._idle)
    runner.close()


FIRST_FAILS = """
import os, sys
try:
    os.close(os.open({mark!r}, os.O_CREAT | os.O_EXCL))
except FileExistsError:
    print('{{"ready": true}}', flush=True)
    for line in sys.stdin:
        print('{{"y": 1}}', flush=True)
"""


def test_servers_end_all_at_a_time(tmp_path):
    (tmp_path / "server.py").write_text(WAITS_FOR_THE_OTHERS.format(folder=str(tmp_path)))
    program = command(["{python}", str(tmp_path / "server.py")], outputs={"y": int}, parameters=["x"], server=True)
    runner = Runner(Trials(program, {}, 1, common_random_numbers=False))
    runner.glance([(0, 0)], lambda _: {"x": 1}, 60.0, lambda *_: lambda *_: None, 3)
    runner.close()
    assert len(list(tmp_path.glob("last.*"))) == 3


def test_large_questions_are_sent_whole(serve, tmp_path):
    program = command(
        ["{python}", str(tmp_path / "server.py")], outputs={"y": int}, parameters=["x", "text"], server=True
    )
    serve()
    result = Sweep(program, grid(x=[1], text=["a" * 300_000]), trials=2, seed=1).run()
    assert result[0]["y_nonfinite"] == 0


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("import sys; sys.exit(2)", "cannot be started: its server exited with code 2 before it was ready"),
        (
            "print('{}', flush=True); input()",
            'cannot be started: its server printed {} where {"ready": true} was expected',
        ),
        ("input(); input()", 'cannot be started: its server did not print {"ready": true} within startup=2 s'),
    ],
)
def test_one_that_does_not_come_to_be_ready(tmp_path, server, reason):
    program = command(
        ["{python}", "-c", server.replace("{", "{{").replace("}", "}}")],
        outputs=["y"],
        parameters=["x"],
        server=True,
        startup=2,
        retries=0,
    )
    Sweep(program, grid(x=[1]), trials=1).run(tmp_path)
    assert [each["reason"] for each in failures(str(tmp_path))] == [reason]


LOGGED = 'open(os.environ["STARTS"] + ".asked", "a").write(asked["index"] + "\\n"); '


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize(
    "statement",
    [
        "answer = {'error': 'no'} if x == 2 else answer",
        "x == 2 and os._exit(9)",
        "x == 2 and answer.update(y='none')",
    ],
)
def test_a_trial_is_asked_for_once_and_as_often_again_as_may_be(serve, tmp_path, statement, retries):
    _, _, failed = serve(LOGGED + statement, trials=30, retries=retries)
    asked = Counter((tmp_path / "starts.asked").read_text().split())
    assert asked == {f"{point}-{trial}": 1 + retries * (point == 1) for point in range(3) for trial in range(30)}
    assert [(row["point"], row["attempts"]) for row in failed] == [(1, 1 + retries)] * 30
