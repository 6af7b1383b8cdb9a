"""Each command, started as users start it, says what a forked one says: its imports are whole, and the suite may fork the rest."""

from __future__ import annotations

import os
import subprocess

import pytest

from sweep.cli.main import app
from tests import forked
from tests.cli.test_cli import ENVIRONMENT, STUDY, SWEEP

NOBODYS = ("--engine", "~nosuchuser/x")
LINES = [
    ["run", "study.py", "--store", "out"],
    ["plan", "study.py"],
    ["status", "out"],
    ["show", "out"],
    ["compare", "out", "--by", "speed"],
    ["failures", "out"],
    ["replay", "out", "--point", "3", "--trial", "17"],
    ["kernels", "study.py"],
    ["openscenario", "nowhere.xosc"],
    ["resume", "out"],
    ["cancel", "out"],
    *([each, *more, *NOBODYS] for each, more in (("jobs", ["list"]), ("queues", []), ("environments", []), ("definitions", []))),
    ["engine", "status", *NOBODYS],
]  # fmt: skip
ELSEWHERE = {
    "forecast": "tests.cli.test_forecast",
    "serve": "tests.serve.processes",
    "submit": "tests.submit.test_at_work",
}
"""Started there, since what they say is another thing each time."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder with a study and its result."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "study.py").write_text(STUDY.replace("seed=4", "seed=4, keep='hit', common_random_numbers=True"))
    done = forked.run("run", "study.py", "--store", "out", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_started_command_says_what_a_forked_one_says(ran, line):
    environment = {**os.environ, **ENVIRONMENT}
    started = subprocess.run(
        [*SWEEP, *line], check=False, cwd=ran, env=environment, capture_output=True, text=True, timeout=120
    )
    told = forked.run(*line, cwd=ran, env=environment)
    assert (started.returncode, started.stdout, started.stderr) == (told.returncode, told.stdout, told.stderr)
    assert "Traceback" not in started.stderr


def test_every_command_is_started_somewhere():
    names = {each.name for each in app.registered_commands}
    names |= {each.typer_instance.info.name for each in app.registered_groups}
    assert names == {line[0] for line in LINES} | set(ELSEWHERE)


@pytest.mark.parametrize(("code", "line"), [(0, ["--version"]), (2, ["status", "."])])
def test_a_forked_command_has_its_own_end(ran, code, line):
    assert forked.run(*line, cwd=ran).returncode == code


def test_a_forked_command_that_does_not_end_is_ended(ran):
    (ran / "endless.py").write_text("while True: pass\n")
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run("plan", "endless.py", cwd=ran, timeout=0.5)
    assert forked.run("--version", cwd=ran).returncode == 0
