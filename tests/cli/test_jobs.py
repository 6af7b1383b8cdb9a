"""``sweep jobs`` and its sisters, as processes against an engine of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked

ROOT = Path(__file__).parents[2]
ID = re.compile(r"[0-9a-f-]{36}")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Run the command with an engine for this module; the engine is stopped in the end."""
    engine = tmp_path_factory.mktemp("engine")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "COLUMNS": "120"}
    environment["SWEEP_ENGINE"] = str(engine)

    def line(arguments):
        return [sys.executable, "-c", "from sweep.cli.main import main; main()", *map(str, arguments)]

    def started(*arguments, stderr=None):
        return subprocess.Popen(line(arguments), env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)

    def run(*arguments, code=0, cwd=None, path=None):
        done = forked.run(*arguments, env=environment if path is None else {**environment, "PATH": path}, cwd=cwd)
        assert done.returncode == code, done.stdout + done.stderr
        run.err = done.stderr
        return done.stdout

    run.started, run.environment = started, environment
    run("engine", "start", "--relax", "short-timeouts")
    yield run
    run("engine", "stop")


def submitted(text):
    return ID.search(text)[0]


def test_a_command_as_an_array(sweep):
    script = "echo child $AWS_BATCH_JOB_ARRAY_INDEX of $SWEEP_ARRAY_SIZE"
    job = submitted(sweep("jobs", "submit", "--name", "greet", "--array", 3, "--wait", "--", "sh", "-c", script))
    assert sweep.err == "greet  ━━━━━━━━━━━━━━━━━━━━━━━━  3 SUCCEEDED\n"
    assert sweep("jobs", "logs", f"{job}:2") == "child 2 of 3\n"
    assert f"{job[:8]}  greet  SUCCEEDED  3/3  " in sweep("jobs", "list")
    assert len(json.loads(sweep("jobs", "list", "--array", job, "--json"))) == 3
    (told,) = json.loads(sweep("jobs", "describe", f"{job}:1"))
    assert (told["status"], told["container"]["exitCode"]) == ("SUCCEEDED", 0)


def test_a_log_is_followed_until_the_attempt_has_ended(sweep, tmp_path):
    go = tmp_path / "go"
    script = f"echo begun; while [ ! -e {go} ]; do sleep 0.05; done; echo over"
    job = submitted(sweep("jobs", "submit", "--", "sh", "-c", script))
    with sweep.started("jobs", "logs", "--follow", job) as follower:
        assert follower.stdout.readline() == "begun\n"
        go.touch()
        assert follower.stdout.read() == "over\n"
        assert follower.wait(60) == 0
    assert sweep("jobs", "logs", job) == "begun\nover\n"


def test_who_waits_no_longer_is_told_that_the_job_goes_on(sweep):
    job = submitted(sweep("jobs", "submit", "--", "sleep", 600))
    screen, terminal = os.openpty()
    with sweep.started("jobs", "wait", job, stderr=terminal) as waiting:
        os.close(terminal)
        shown = os.read(screen, 4096)  # the live view: it waits
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(60) == 130
        while b"sweep jobs terminate" not in shown:
            shown += os.read(screen, 4096)
    os.close(screen)
    assert f"sweep: stopped waiting; what runs goes on, until: sweep jobs terminate {job}" in shown.decode()
    assert json.loads(sweep("jobs", "describe", job))[0]["status"] != "FAILED"
    sweep("jobs", "terminate", job)


def test_an_image_that_nothing_here_can_run_is_said_so(sweep):
    sweep("definitions", "register", "boxed", "--image", "nowhere/sim:1", "--memory", 64, "--", "true")
    submitted(sweep("jobs", "submit", "--definition", "boxed", path="/nowhere"))
    assert sweep.err == (
        "sweep: image nowhere/sim:1 is not used, the command runs on the host: neither podman nor docker is here\n"
    )
    submitted(sweep("jobs", "submit", "--", "true", path="/nowhere"))
    assert sweep.err == ""


def test_a_function_is_looked_for_where_it_was_registered(sweep, tmp_path):
    (tmp_path / "of_mine.py").write_text("def work(child):\n    return 0\n")
    sweep("definitions", "register", "mine", "--function", "of_mine:work", "--memory", 256, cwd=tmp_path)
    sweep("jobs", "submit", "--definition", "mine", "--wait")
    sweep("definitions", "register", "mine", "--function", "of_mine:work", "--env", "PYTHONPATH=/nowhere")
    sweep("jobs", "submit", "--definition", "mine", "--wait", code=1)


def test_an_engine_that_relaxes_other_limits(sweep):
    assert "an engine is at work in" in sweep("engine", "start", "--relax", "short-timeouts")
    sweep("engine", "start", "--relax", "large-arrays", code=2)
    (line,) = sweep.err.splitlines()
    assert line.endswith("relaxes short-timeouts: only a new one takes --relax large-arrays")


def test_a_folder_of_nobody_is_one_line(sweep):
    sweep("jobs", "list", "--engine", "~nosuchuser/x", code=2)
    assert sweep.err == "sweep: the engine's folder '~nosuchuser/x': there is no such user\n"


def test_what_failed_is_shown_and_only_that_is_run_again(sweep, tmp_path):
    script = f"[ -e {tmp_path}/mended ] || [ $AWS_BATCH_JOB_ARRAY_INDEX != 1 ] || exit 3; echo x >> {tmp_path}/out"
    job = submitted(sweep("jobs", "submit", "--array", 3, "--wait", "--", "sh", "-c", script, code=1))
    assert sweep.err.splitlines()[1] == f"  {job}:1  exit code 3, Essential container in task exited"
    (tmp_path / "mended").touch()
    again = submitted(sweep("jobs", "resubmit", job, "--wait"))
    assert again != job
    assert (tmp_path / "out").read_text() == "x\n" * 3


def test_definitions_with_parameters_and_revisions(sweep, tmp_path):
    file = tmp_path / "definition.json"
    properties = {
        "image": "nowhere/sim:1",
        "command": ["echo", "Ref::what"],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
        "jobRoleArn": "arn:aws:iam::123456789012:role/sim",
    }
    retry = {"attempts": 2, "evaluateOnExit": [{"action": "exit", "onExitCode": "3"}]}
    file.write_text(
        json.dumps({"containerProperties": properties, "parameters": {"what": "x"}, "retryStrategy": retry})
    )
    assert sweep("definitions", "register", "sim", "--file", file) == "sim:1\n"
    assert sweep("definitions", "register", "sim", "--memory", 64, "--", "echo", "Ref::what") == "sim:2\n"
    told = json.loads(sweep("definitions", "--json"))
    (first,) = [each for each in told if (each["jobDefinitionName"], each["revision"]) == ("sim", 1)]
    assert first["containerProperties"]["jobRoleArn"] == properties["jobRoleArn"]
    assert first["retryStrategy"]["evaluateOnExit"] == [{"action": "EXIT", "onExitCode": "3"}]
    job = submitted(sweep("jobs", "submit", "--definition", "sim:1", "--parameter", "what=rain", "--wait"))
    assert sweep("jobs", "logs", job) == "rain\n"
    sweep("jobs", "submit", "--definition", "sim", code=2)
    assert sweep.err == "sweep: Unable to substitute value. No parameter found for reference what\n"
    sweep("definitions", "deregister", "sim:2")
    sweep("jobs", "submit", "--definition", "sim:2", code=2)
    assert sweep.err == "sweep: JobDefinition sim:2 is INACTIVE\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"command": "echo hi"}, "containerProperties.command, value: echo hi"),
        ({"command": [1]}, "containerProperties.command[0], value: 1"),
        ({"enviroment": []}, 'unknown parameter in containerProperties: "enviroment"; known are image, vcpus'),
        ({"command": ["x"], "resourceRequirements": [{"type": "CPU", "value": "1"}]}, "type 'CPU' is not one of VCPU"),
    ],
)
def test_a_definition_that_aws_would_not_take(sweep, tmp_path, content, text):
    file = tmp_path / "odd.json"
    file.write_text(json.dumps({"containerProperties": content}))
    sweep("definitions", "register", "odd", "--file", file, code=2)
    assert text in sweep.err
    assert "odd" not in sweep("definitions", "--all")


def test_options_before_a_subcommand(sweep, tmp_path):
    sweep("queues", "--json", "create", "z", "--environment", "local", code=2)
    assert "--json belongs to the list" in sweep.err
    sweep("queues", "--engine", tmp_path / "other", "create", "z", "--environment", "local")
    assert "z" in sweep("queues", "--engine", tmp_path / "other")
    assert "z " not in sweep("queues")
    sweep("engine", "stop", "--engine", tmp_path / "other")


def test_a_bare_command_is_no_definition_of_the_users(sweep):
    sweep("definitions", "register", "true", "--attempts", 3, "--", "false")
    job = submitted(sweep("jobs", "submit", "--wait", "--", "true"))
    assert json.loads(sweep("jobs", "describe", job))[0]["jobDefinition"].startswith(".true:")
    assert [each["jobDefinitionName"] for each in json.loads(sweep("definitions", "--name", "true", "--json"))] == [
        "true"
    ]


def test_what_cannot_be_made_leaves_nothing(sweep):
    sweep("queues", "create", "fair", "--environment", "nowhere", "--fair-share", "a=1", code=2)
    sweep("queues", "create", "fair", "--environment", "local", "--fair-share", "a=1,b=0.5", "--share-decay", 600)
    (told,) = [each for each in json.loads(sweep("queues", "--json")) if each["jobQueueName"] == "fair"]
    assert told["fairsharePolicy"]["shareDecaySeconds"] == 600


def test_queues_and_environments(sweep):
    sweep("environments", "create", "small", "--vcpus", 1, "--memory", 1000)
    sweep("queues", "create", "urgent", "--priority", 9, "--environment", "small", "--environment", "local")
    assert "urgent          9  ENABLED  small, local" in sweep("queues")
    assert "small        EC2   ENABLED  VALID       1" in sweep("environments")
    job = submitted(sweep("jobs", "submit", "--queue", "urgent", "--wait", "--", "true"))
    assert json.loads(sweep("jobs", "describe", job))[0]["jobQueue"] == "urgent"
    sweep("queues", "update", "urgent", "--state", "DISABLED")
    sweep("jobs", "submit", "--queue", "urgent", "--", "true", code=2)
    assert sweep.err == "sweep: JobQueue urgent is DISABLED and takes no jobs\n"
    sweep("queues", "delete", "urgent")
    sweep("environments", "update", "small", "--state", "DISABLED")
    sweep("environments", "delete", "small")
    assert "small" not in sweep("environments")


def test_fair_shares(sweep):
    sweep("queues", "create", "shared", "--environment", "local", "--fair-share", "a=1,b=0.5")
    sweep("jobs", "submit", "--queue", "shared", "--share", "a", "--wait", "--", "true")
    sweep("jobs", "submit", "--queue", "shared", "--", "true", code=2)
    assert "the job needs a shareIdentifier" in sweep.err
    sweep("jobs", "submit", "--share", "a", "--", "true", code=2)
    assert "can onlybe submitted to job queue with fair share" in sweep.err


def test_dependencies_cancel_and_terminate(sweep):
    first = submitted(sweep("jobs", "submit", "--array", 2, "--", "sleep", 600))
    second = submitted(sweep("jobs", "submit", "--array", 2, "--n-to-n", first, "--", "true"))
    whatever = submitted(sweep("jobs", "submit", "--after-any", first, "--", "true"))
    sweep("jobs", "submit", *(["--after", first] * 21), "--", "true", code=2)
    assert sweep.err == "sweep: Job cannot have more than 20 dependencies\n"
    sweep("jobs", "cancel", second, "--reason", "not wanted")
    sweep("jobs", "terminate", first)
    sweep("jobs", "wait", first, second, whatever, "-q", code=1)
    told = json.loads(sweep("jobs", "describe", first, f"{second}:0", whatever))
    assert [each["status"] for each in told] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert told[0]["isTerminated"] is True


def test_lists_are_filtered_and_whole(sweep):
    job = submitted(sweep("jobs", "submit", "--name", "Many-of-them", "--array", 1001, "--wait", "--", "true"))
    (told,) = json.loads(sweep("jobs", "list", "--name", "many-*", "--created-after", "2026-01-01", "--json"))
    assert told["jobId"] == job
    assert json.loads(sweep("jobs", "list", "--name", "many-*", "--created-before", "2026-01-01", "--json")) == []
    children = json.loads(sweep("jobs", "list", "--array", job, "--status", "SUCCEEDED", "--json"))
    assert [each["arrayProperties"]["index"] for each in children] == list(range(1001))


def test_a_list_fits_a_terminal_of_80_columns_and_its_ids_name_jobs(sweep, monkeypatch):
    monkeypatch.setitem(sweep.environment, "COLUMNS", "80")
    script = "exit $((AWS_BATCH_JOB_ARRAY_INDEX % 2))"
    job = submitted(
        sweep("jobs", "submit", "--name", "long" * 30, "--array", 20, "--wait", "--", "sh", "-c", script, code=1)
    )
    after = submitted(
        sweep(
            "jobs",
            "submit",
            "--name",
            "tidy",
            "--after-any",
            job[:8],
            "--wait",
            "--",
            "sh",
            "-c",
            "echo x; exit 3",
            code=1,
        )
    )
    lines = sweep("jobs", "list").splitlines()
    assert max(map(len, lines)) <= 80
    assert re.search(rf"{after[:8]}  tidy +FAILED .* s +exit 3$", lines[1])
    assert re.search(rf"{job[:8]}  long.*….*long  FAILED +20/20, 10 failed ", lines[2])
    children = sweep("jobs", "list", "--array", job[:8]).splitlines()
    assert children[2].startswith(f"{job[:8]}:1  ")
    assert max(map(len, children)) <= 80
    assert sweep("jobs", "logs", after[:4]) == "x\n"
    told = json.loads(sweep("jobs", "describe", after[:8], f"{job[:8]}:3", job))
    assert [each["jobId"] for each in told] == [after, f"{job}:3", job]
    sweep("jobs", "wait", "--quiet", job[:8], code=1)
    sweep("jobs", "resubmit", job[:8])
    for command in (["describe"], ["wait"], ["list", "--array"], ["submit", "--definition", ".sh", "--after"]):
        sweep("jobs", *command, job[:3], code=2)
        assert (
            sweep.err == f"sweep: job {job[:3]} does not exist: expected an id, or 4 or more of its first characters\n"
        )


def test_a_timeout(sweep):
    job = submitted(sweep("jobs", "submit", "--timeout", 0.3, "--wait", "--", "sleep", 600, code=1))
    assert json.loads(sweep("jobs", "describe", job))[0]["statusReason"] == "Job attempt duration exceeded timeout"


def test_a_timeline(sweep, tmp_path):
    go = tmp_path / "go"
    first = submitted(
        sweep("jobs", "submit", "--array", 3, "--", "sh", "-c", f"until [ -e {go} ]; do sleep 0.05; done")
    )
    second = submitted(sweep("jobs", "submit", "--n-to-n", first, "--array", 3, "--", "false"))
    go.touch()
    sweep("jobs", "wait", second, code=1)
    sweep("jobs", "timeline", first, second, "--out", tmp_path / "timeline.svg")
    assert "waits for other jobs" in (tmp_path / "timeline.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["submit"], "nothing to run: give --definition NAME, or a command after --"),
        (["submit", "--array", "1", "--", "true"], "array size 1 is not between 2 and 10,000"),
        (["submit", "--array", "10001", "--", "true"], "array size 10001 is not between 2 and 10,000"),
        (["submit", "--queue", "defualt", "--", "true"], "JobQueue defualt does not exist: did you mean 'default'?"),
        (["submit", "--definition", "none"], "JobDefinition none does not exist"),
        (["submit", "--after", "none", "--", "true"], "job none does not exist"),
        (["submit", "--sequential", "strict", "--", "true"], "is for array jobs"),
        (["submit", "--sequential", "loose", "--array", "2", "--", "true"], "is not one of strict, tolerant"),
        (["submit", "--env", "A", "--", "true"], "--env 'A': expected NAME=TEXT"),
        (["submit", "--env", "AWS_BATCH_X=1", "--", "true"], "must not start with AWS_BATCH"),
        (["submit", "--retry-on", "exit=1", "--", "true"], "give --attempts N too"),
        (
            ["submit", "--attempts", "2", "--retry-on", "sun=1", "--", "true"],
            "expected exit=CODE, reason=TEXT or status=TEXT",
        ),
        (["submit", "--attempts", "11", "--", "true"], "attempts=11 is not between 1 and 10"),
        (["submit", "--name", "-x", "--", "true"], "Job name should match valid pattern"),
        (["describe", "none"], "job none does not exist"),
        (["wait", "none"], "job none does not exist"),
        (["terminate", "none"], "job none does not exist"),
        (["resubmit", "none"], "job none does not exist"),
        (["logs", "none"], "job none does not exist"),
        (["list", "--status", "RUN"], "status 'RUN' is not one of SUBMITTED"),
        (["submit", "--definition", ""], "nothing to run"),
        (["submit", "--attempts", "0", "--", "true"], "attempts=0 is not between 1 and 10"),
        (["submit", "--vcpus", "inf", "--", "true"], "VCPU=inf is not above 0, or endless"),
        (["timeline", "x", "--out", "x.foo"], "expected a file that ends in .png, .svg, .pdf"),
        (["timeline", "x", "--out", "nowhere/x.png"], "there is no folder nowhere"),
        (["list", "--created-after", "yesterday"], "--created-after 'yesterday' is no time: 2026-11-25"),
        (["list", "--array", "x", "--name", "y"], "of the filters it takes --status only"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(sweep, arguments, text):
    assert sweep("jobs", *arguments, code=2) == ""
    (line,) = sweep.err.splitlines()
    assert line.startswith("sweep: ")
    assert text in line


def test_a_program_that_is_not_there_fails_its_job_and_nothing_else(sweep):
    job = submitted(sweep("jobs", "submit", "--wait", "--", "no-such-program", code=1))
    (told,) = json.loads(sweep("jobs", "describe", job))
    assert told["statusReason"] == "Task failed to start"
    assert told["container"]["reason"].startswith("CannotStartContainerError: ")
    assert "no-such-program" in sweep("jobs", "logs", job)
    assert "an engine is at work in" in sweep("engine", "status")
