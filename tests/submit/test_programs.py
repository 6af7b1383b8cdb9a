"""A study of a program, packed with the files that it names, and run in containers that have nothing else."""

from __future__ import annotations

import signal

import pytest

from sweep.load import load_sweep
from sweep.store import open_store
from tests.programs.studies import failures
from tests.studies import sha256
from tests.submit.rig import SECONDS, children_of, container, run_container, submit

STUDY = """
from sweep import Sweep, command, grid

drive = command(["sh", "{here}/tools/drive.sh", "{speed}", "{seed}"], outputs={"distance": float}, files=["tools/drive.sh"])
study = Sweep(drive, grid(speed=[10, 20]), trials=6, seed=3)
"""
DRIVE = '[ $(( $2 % 5 )) = 0 ] && exit 1\necho "{\\"distance\\": $(( $1 + $2 % 7 ))}"\n'


@pytest.fixture
def study(here):
    (here / "tools").mkdir()
    (here / "tools" / "drive.sh").write_text(DRIVE)
    (here / "drive.py").write_text(STUDY)
    return here


def test_a_child_that_is_stopped_is_gone_on_with_and_gives_the_bytes_of_a_run(study, store, queue, tmp_path):
    script = study / "tools" / "drive.sh"
    script.write_text(f"echo $$ > {tmp_path}/pid\n[ -e {tmp_path}/go ] || sleep 1000\n{DRIVE}")
    submit("drive.py", store, queue, "--shards", "1", "--vcpus", "2", "--max-failures", "50")
    (command, index, _), *others = children_of(store)
    process = container(command, index)
    while not (tmp_path / "pid").exists():
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 143
    assert out.endswith("stopped; what is finished is kept\n")
    (tmp_path / "go").touch()
    for each, place, _ in ((command, index, ""), *others):
        run_container(each, place)
    load_sweep("drive.py").run(tmp_path / "run", workers=2)
    assert sha256(store) == sha256(str(tmp_path / "run"))
    assert failures(store) == failures(str(tmp_path / "run"))
    (code,) = (each.key for each in open_store(store).list("code/"))
    assert b"tools/drive.sh" in open_store(store).get(code)
