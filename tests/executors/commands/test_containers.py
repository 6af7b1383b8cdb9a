"""Container runtimes, and what happens without one. The runtimes here are stand-ins on the PATH."""

from __future__ import annotations

import os

import pytest

from sweep.jobs.definition import Container, Resources
from sweep.jobs.events import Fate
from tests.executors.commands.rig import work_of

PODMAN = """#!/bin/sh
echo "$*" >> {calls}
case $1 in
--version) exit 0 ;;
run)
    while [ $# -gt 0 ]; do
        case $1 in
        --name) name=$2; shift 2 ;;
        -e) export "$2"; shift 2 ;;
        --label|--memory|--cpus|--device) shift 2 ;;
        run|--rm) shift ;;
        *) break ;;
        esac
    done
    shift
    echo $$ > {folder}/$name.pid
    exec "$@" ;;
kill) kill -$3 $(cat {folder}/$4.pid) ;;
esac
"""


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH with neither podman nor docker, to which a test may add."""
    (tmp_path / "bin").mkdir()
    for each in ("sh", "sleep", "cat", "rm"):
        (tmp_path / "bin" / each).symlink_to(f"/bin/{each}")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


@pytest.fixture
def podman(tmp_path, path):
    calls = tmp_path / "calls"
    program = path / "podman"
    program.write_text(PODMAN.format(calls=calls, folder=tmp_path))
    program.chmod(0o755)
    return calls


def contained(*command, **options):
    return Container(command=command, image="alpine:3", runtime="container", **options)


def test_without_a_runtime_the_command_runs_on_the_host_and_the_log_says_so(alone, path):
    ended = alone.run(contained("sh", "-c", "echo hello; exit 3"))
    assert ended[0].exit_code == 3
    first, second = alone.log().splitlines()
    assert "alpine:3" in first
    assert "host" in first
    assert second == "hello"


def test_docker_whose_daemon_does_not_answer_is_no_runtime(alone, path):
    (path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (path / "docker").chmod(0o755)
    alone.run(contained("sh", "-c", "echo hello"))
    assert alone.log().startswith("sweep: image alpine:3 is not used")


def test_on_the_host_an_image_is_not_worth_a_remark(alone, path):
    alone.run(Container(command=("sh", "-c", "echo hello"), image="alpine:3"))
    assert alone.log() == "hello\n"


@pytest.mark.parametrize("runtime", ["host", "container"])
def test_image_without_command_and_runtime(alone, path, runtime):
    ended = alone.run(Container(image="alpine:3", runtime=runtime))[0]
    assert ended.fate is Fate.NOT_STARTED
    assert "alpine:3" in ended.reason


def test_podman_runs_the_image(alone, podman):
    container = contained(
        "sh",
        "-c",
        "echo $WHO $AWS_BATCH_JOB_ARRAY_INDEX; exit 4",
        environment={"WHO": "me"},
        resources=Resources(0.5, 64),
    )
    ended = alone.run(container, 2)
    assert ended[1].exit_code == 4
    assert alone.log(1) == "me 1\n"
    probe, *runs = podman.read_text().splitlines()
    assert probe == "--version"
    assert runs[0].startswith("run --rm --name sweep-job-0-1 --label sweep.runner=")
    assert "--memory 64m --cpus 0.5 -e " in runs[0]
    assert " alpine:3 sh -c echo $WHO" in runs[0]


def test_container_is_stopped_by_its_name(alone, podman, fifo):
    begun = fifo("begun")
    script = f"trap '' TERM; echo x > {begun.path}; while :; do sleep 1; done"
    alone.commands.start(work_of(contained("sh", "-c", script)))
    begun.read()
    alone.commands.stop(1, ((0, 1, 1),), 0.2)
    assert alone.told.wait_ended(1)[0].exit_code == 137
    assert podman.read_text().splitlines()[2:] == [
        "kill --signal TERM sweep-job-0-1",
        "kill --signal KILL sweep-job-0-1",
    ]


def test_container_that_cannot_be_started(alone, podman):
    ended = alone.run(contained("sh", "-c", "echo Error: no such image; exit 125"))[0]
    assert (ended.fate, ended.exit_code) == (Fate.NOT_STARTED, None)
    assert ended.reason == "CannotStartContainerError: Error: no such image"


def test_container_killed_for_its_memory(alone, podman):
    ended = alone.run(contained("sh", "-c", "kill -KILL $$"))[0]
    assert (ended.exit_code, ended.reason[:16]) == (137, "OutOfMemoryError")


def test_containers_of_a_dead_runner_are_removed(alone, podman, fifo):
    pids = fifo("pids")
    alone.commands.start(work_of(contained("sh", "-c", f"echo $PPID $$ > {pids.path}; exec sleep 1000")))
    runner = int(pids.read().split()[0])
    alone.told.wait(lambda told: told.begun())
    os.kill(runner, 9)
    assert alone.told.wait_ended(1)[0].fate is Fate.LOST
    assert any(
        each.startswith("ps --all --quiet --filter label=sweep.runner=") for each in podman.read_text().splitlines()
    )
