"""The command, run as users run it: as a process."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

from tests import forked
from tests.studies import sha256

ROOT = Path(__file__).parents[2]
SWEEP = [sys.executable, "-c", "from sweep.cli.main import main; main()"]
ENVIRONMENT = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "COLUMNS": "100"}

STUDY = """
from sweep import Sweep, grid, kernel, linspace

@kernel(outputs=["hit", "range_m"])
def seeker(rng, speed, mode):
    distance = 0.0
    for _ in range(20):
        distance += speed * rng.exponential()
    return distance > 25.0, distance

study = Sweep(seeker, grid(speed=linspace(0.5, 1.5, 5), mode=["a", "b"]), trials=5000, seed=4)
"""

TOML = """
kernel = "study.py:seeker"
trials = 5000
seed = 4

[space]
speed = { linspace = [0.5, 1.5, 5] }
mode = ["a", "b"]
"""


def start(*arguments, cwd, **options):
    environment = {**os.environ, **ENVIRONMENT}
    return subprocess.Popen(
        [*SWEEP, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def sweep(*arguments, cwd, code: int = 0) -> str:
    """Run the command; return what it printed: its output, or for an error its one line."""
    done = said(*arguments, cwd=cwd)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def said(*arguments, cwd) -> subprocess.CompletedProcess:
    return forked.run(*arguments, cwd=cwd, env={**os.environ, **ENVIRONMENT})


@pytest.fixture
def here(tmp_path):
    (tmp_path / "study.py").write_text(STUDY)
    (tmp_path / "study.toml").write_text(TOML)
    return tmp_path


WIDE = """
from sweep import Sweep, grid, kernel

@kernel(outputs=[f"output_{i}" for i in range(9)])
def many(rng):
    x = rng.normal()
    return x, x, x, x, x, x, x, x, x

study = Sweep(many, grid(), trials=100)
"""


def test_a_table_in_a_pipe_is_as_wide_as_a_page(here, monkeypatch):
    (here / "wide.py").write_text(WIDE)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delitem(ENVIRONMENT, "COLUMNS")
    assert 80 < max(map(len, sweep("run", "wide.py", "--store", "wide", cwd=here).splitlines())) <= 120
    monkeypatch.setenv("COLUMNS", "60")
    assert 30 < max(map(len, sweep("show", "wide", cwd=here).splitlines())) <= 60


def test_a_study_from_start_to_end(here):
    printed = sweep("run", "study.py", "--store", "out", cwd=here)
    assert "speed" in printed
    assert "95 % interval" in printed
    assert len(printed.splitlines()) == 12
    assert {path.name for path in (here / "out").iterdir()} == {
        "plan.json",
        "waves",
        "map",
        "reduce",
        "result.parquet",
        "timings",
    }
    assert sweep("show", "out", cwd=here) == printed

    rows = list(csv.DictReader(io.StringIO(sweep("show", "out", "--format", "csv", cwd=here))))
    records = json.loads(sweep("show", "out", "--format", "json", cwd=here))
    assert len(rows) == len(records) == 10
    columns = [
        f"{name}_{each}"
        for name in ("hit", "range_m")
        for each in ("mean", "std", "stderr", "ci_low", "ci_high", "min", "max")
    ]
    assert list(rows[0]) == ["speed", "mode", "n", *columns, "range_m_nonfinite"]
    assert [float(row["range_m_mean"]) for row in rows] == [record["range_m_mean"] for record in records]
    assert sweep("show", "out", "--format", "markdown", cwd=here).startswith("| speed | mode | n | hit_mean |")

    told = sweep("status", "out", cwd=here)
    assert "finished  20 of 20 blocks (100.0 %)" in told
    assert "result.parquet is there" in told

    replayed = sweep("replay", "out", "--point", 7, "--trial", 4999, cwd=here)
    assert "speed    1.25\nmode     'b'\n" in replayed
    assert sweep("replay", "study.toml", "--point", 7, "--trial", 4999, cwd=here) == replayed


def test_the_two_forms_of_a_study_are_one_plan(here):
    python, toml = (json.loads(sweep("plan", name, cwd=here)) for name in ("study.py", "study.toml"))
    assert python["hash"] == toml["hash"]
    sweep("run", "study.py", "--store", "a", "--quiet", cwd=here)
    sweep("run", "study.toml", "--store", "b", "--quiet", "--shards", 3, cwd=here)
    assert sha256(str(here / "a")) == sha256(str(here / "b"))


def test_quiet_is_quiet_and_the_default_store_has_the_studys_name(here):
    done = said("run", "study.py", "--quiet", cwd=here)
    assert (done.stdout, done.stderr) == ("", "")
    assert (here / "sweep-results" / "study" / "result.parquet").exists()


def test_a_run_extended_from_the_command_line(here):
    sweep("run", "study.py", "--store", "a", "--trials", 20_000, "-q", cwd=here)
    sweep("run", "study.py", "--store", "b", "--trials", 7000, "-q", cwd=here)
    sweep("run", "study.py", "--store", "b", "--trials", 20_000, "-q", cwd=here)
    assert sha256(str(here / "a")) == sha256(str(here / "b"))


def test_on_ray(here):
    sweep("run", "study.py", "--store", "a", "-q", cwd=here)
    sweep("run", "study.py", "--store", "b", "-q", "--executor", "ray", "--workers", 2, "--shards", 5, cwd=here)
    assert sha256(str(here / "a")) == sha256(str(here / "b"))


def test_on_s3(here, bucket):
    sweep("run", "study.py", "--store", "a", "-q", cwd=here)
    sweep("run", "study.py", "--store", f"s3://{bucket}/x", "-q", cwd=here)
    assert sha256(str(here / "a")) == sha256(f"s3://{bucket}/x")
    assert "100.0 %" in sweep("status", f"s3://{bucket}/x", cwd=here)


LONG = STUDY.replace("trials=5000", "trials=400_000")


def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(here):
    (here / "study.py").write_text(LONG)
    sweep("run", "study.py", "--store", "whole", "-q", cwd=here)
    chance = random.Random(5)
    for number in range(4):
        process = start("run", "study.py", "--store", "broken", "-q", "--shards", 40 + number, cwd=here)
        wait_for(lambda running=process: list((here / "broken").glob("map/*/*.parquet")) or running.poll() is not None)
        time.sleep(chance.random() / 10)  # the moment of the kill, not a wait
        process.send_signal(signal.SIGKILL)
        process.communicate()
    sweep("run", "study.py", "--store", "broken", "-q", cwd=here)
    assert sha256(str(here / "whole")) == sha256(str(here / "broken"))


def wait_for(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)  # polling with a deadline: files of another process give no event


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(here):
    (here / "study.py").write_text(LONG.replace("400_000", "40_000_000"))
    process = start("run", "study.py", "--store", "out", "--shards", 2000, cwd=here)
    wait_for(lambda: list((here / "out").glob("map/*/*.parquet")))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "sweep: stopped; what is finished is kept, and the same command goes on from there\n"
    assert "not yet: run the same command again" in sweep("status", "out", cwd=here)


def test_a_live_line_on_a_terminal(here):
    (here / "study.py").write_text(LONG)
    main, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
    environment = {**os.environ, **ENVIRONMENT}
    process = subprocess.Popen(
        [*SWEEP, "run", "study.py", "--store", "out", "--shards", "40"],
        cwd=here,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=end,
    )
    os.close(end)
    seen = b""
    while select.select([main], [], [], 60)[0]:
        try:
            seen += os.read(main, 1 << 16)
        except OSError:
            break
    process.wait(60)
    os.close(main)
    lines = seen.decode().split("\r\x1b[2K")
    assert any("/4.00M trials" in each for each in lines)
    assert max(len(each.rstrip()) for each in lines[:-1]) < 50


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "nowhere.py"], "there is no file"),
        (["run", "nowhere.toml"], "there is no file 'nowhere.toml'"),
        (["run", "study.txt"], "neither a .toml file nor a .py file"),
        (["run", "study.py:other"], "holds no Sweep 'other'"),
        (["run", "study.py", "--trials", "1e-3"], "--trials '1e-3' is not a whole number"),
        (["run", "study.py", "--seed=x"], "--seed 'x' is not a whole number; `sweep run -h` lists what there is"),
        (["run", "study.py", "--storre", "x"], "no such option: --storre"),
        (["run"], "missing argument 'STUDY'; `sweep run -h`"),
        (["plan", "study.py", "extra"], "extra"),
        (["nosuch"], "no such command 'nosuch'; `sweep -h` lists"),
        (["replay", "study.py", "--trial", "1"], "missing option '--point'"),
        (["run", "study.py", "--trials", "0"], "trials=0 is not a whole number from 1"),
        (["run", "study.py", "--trials", "-5"], "trials=-5"),
        (["run", "study.py", "--seed", "-1"], "seed=-1"),
        (["run", "study.py", "--executor", "slurm"], "executor='slurm' is not one of"),
        (["run", "study.py", "--store", ""], "store '': give a folder"),
        (["status", "study.py"], "'study.py' is a study, not a store: its store is 'sweep-results/study'"),
        (["show", "study.toml"], "'study.toml' is a study, not a store"),
        (["show", "study.py:night"], "its store is 'sweep-results/study-night'"),
        (["run", "study.py", "--store", "gs://x"], "no store is reached by gs://"),
        (["run", "study.py", "--store", "study.py/x"], "Not a directory"),
        (["run", "study.py", "--shards", "0"], "shards=0 is not between"),
        (["status", "."], "holds no sweep"),
        (["show", "."], "holds no result"),
        (["replay", "study.py", "--point", "99", "--trial", "0"], "point 99 is not one of the sweep's 10"),
        (["replay", "study.py", "--point", "0", "--trial", "5000"], "trial 5000 is not one of the point's 5,000"),
        (["kernels", "study.toml"], "study.toml"),
        (["run", "study.toml:nonsense"], "a .toml file holds one sweep, without a name"),
        (["run", "study.py", "--store", "~nosuchuser/x"], "there is no such user"),
        (["run", "study.py", "--store", "file://results/x"], "names a host"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(here, arguments, text):
    before = sorted(here.rglob("*"))
    told = sweep(*arguments, cwd=here, code=2)
    assert text in told
    assert told.startswith("sweep: ")
    assert len(told.splitlines()) == 1
    assert [path for path in sorted(here.rglob("*")) if "__pycache__" not in str(path)] == before


BAD_STUDIES = {
    "an axis that is no parameter": (
        "speed=linspace",
        "sped=linspace",
        "axis 'sped' is no parameter of kernel 'seeker': did you mean 'speed'?",
    ),
    "a parameter without an axis": (
        ', mode=["a", "b"]',
        "",
        "parameter 'mode' of kernel 'seeker' has no axis and no default",
    ),
    "an empty axis": ('["a", "b"]', "[]", "study.py:11: axis 'mode' is empty"),
    "an empty axis in a file beside it": (
        "study = Sweep",
        "import neighbour\nstudy = Sweep",
        "neighbour.py:3: axis 'mode' is empty",
    ),
    "no space": ('grid(speed=linspace(0.5, 1.5, 5), mode=["a", "b"])', "{'speed': [1]}", "study.py:11: space={"),
    "NaN in an axis": ('["a", "b"]', "[1.0, float('nan')]", "axis 'mode' has nan at position 1"),
    "a kernel that cannot be typed": (
        "rng.exponential()",
        "rng.exponental()",
        "study.py:8: kernel 'seeker' cannot be compiled",
    ),
    "an output that is not there": (
        "seed=4",
        "keep='hits'",
        "keep='hits' is neither 'all' nor an output of 'seeker': did you mean 'hit'?",
    ),
    "no sweep": ("study = Sweep", "study = dict", "study.py:11: "),
    "a syntax error": ("return distance", "return distance +* 2", "study.py:9: invalid syntax"),
    "an exception": ("study = ", "1 / 0\nstudy = ", "study.py:11: ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("name", BAD_STUDIES)
def test_a_bad_study_is_one_line_and_exit_code_2(here, name):
    old, new, text = BAD_STUDIES[name]
    (here / "neighbour.py").write_text("from sweep import grid\n\ngrid(mode=[])\n")
    assert old in STUDY
    (here / "study.py").write_text(STUDY.replace(old, new, 1))
    told = sweep("run", "study.py", cwd=here, code=2)
    assert text in told
    assert len(told.splitlines()) == 1
    assert not (here / "sweep-results").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('kernal = "pi"\ntrials = 1', "study.toml: unknown key 'kernal': did you mean 'kernel'?"),
        ('kernel = "pi"', "study.toml: there is no 'trials'"),
        ('kernel = "pie"\ntrials = 1', "kernel 'pie' is not ready-made"),
        ('kernel = "study.py:seekr"\ntrials = 1', "has no kernel 'seekr': did you mean 'seeker'?"),
        ('kernel = "pi"\ntrials = "many"', "trials='many' is not a whole number"),
        ('kernel = "pi"\ntrials = 1\n[space]\nx = {linspce = [0, 1, 2]}', "axis 'x' is {'linspce'"),
        ('kernel = "pi"\ntrials = 1\n[space.sobol]\nx = [1, 2]', "does not say n"),
        ("kernel = ", "study.toml: Invalid value"),
        ('kernel = "pi"\ntrials = 1\nkeep = ["all"]', "study.toml: keep=['all'] is neither 'all' nor"),
        ('kernel = "pi"\ntrials = 1\nkeep = true', "study.toml: keep=True is neither 'all' nor"),
        ('kernel = "pi"\ntrials = 1\nspace = 5', "study.toml: space = 5: give a table of axes"),
        ('kernel = "pi"\ntrials = 1\n[[space]]\nx = 1', "study.toml: space = [{'x': 1}]: give a table of axes"),
        ('kernel = "pi"\ntrials = 1\n[space.table]\npath = 5', "study.toml: [space.table] is {'path': 5}: give path"),
        (
            f'kernel = "pi"\ntrials = 1\n[space]\nx = {{linspace = [0, {"9" * 400}, 2]}}',
            "both ends must be finite numbers",
        ),
        ('kernel = "broken:foo"\ntrials = 1', "broken.py:1: invalid syntax"),
        ('kernel = "worse:foo"\ntrials = 1', "worse.py:2: NameError: name 'x' is not defined"),
        ('kernel = ".x:foo"\ntrials = 1', "study.toml: kernel '.x:foo': "),
        ('kernel = "pi"\ntrials = 1\n[space]\nwhere = "x > 1"\nx = [1]', "study.toml: no point of 1 passes 'x > 1'"),
    ],
)
def test_a_bad_spec_is_one_line_and_exit_code_2(here, text, told):
    (here / "study.toml").write_text(text)
    (here / "broken.py").write_text("def foo(:\n")
    (here / "worse.py").write_text("y = 1\nx\n")
    found = sweep("run", "study.toml", cwd=here, code=2)
    assert told in found
    assert len(found.splitlines()) == 1


def test_a_spec_says_every_space(here):
    (here / "points.csv").write_text("speed,mode\n0.5,a\n0.75,b\n")
    forms = {
        "[space.zipped]\nspeed = [0.5, 1.0]\nmode = ['a', 'b']": 2,
        "[space.table]\npath = 'points.csv'": 2,
        "[space]\ntable = 'points.csv'\nwhere = 'speed < 0.6'": 1,
        "[space.sobol]\nn = 8\nseed = 1\nspeed = {low = 0.5, high = 1.5}\nmode = ['a', 'b']": 8,
        "[space.independent]\nn = 5\nspeed = {dist = 'gamma', a = 2.0}\nmode = ['a']": 5,
        "[[space.product]]\nspeed = [0.5, 1.0]\n[[space.product]]\nmode = ['a', 'b', 'c']": 6,
        "[[space.union]]\nspeed = [0.5]\nmode = ['a']\n[[space.union]]\nspeed = [1.5]\nmode = ['b', 'c']": 3,
        "[space]\nwhere = 'speed > 1'\nspeed = [0.5, 1.5]\nmode = ['a', 'b']": 2,
        "[space.grid]\nspeed = {logspace = [0.1, 10, 3]}\nmode = ['a']": 3,
    }
    for form, points in forms.items():
        (here / "study.toml").write_text(f'kernel = "study.py:seeker"\ntrials = 10\n{form}\n')
        assert json.loads(sweep("plan", "study.toml", cwd=here))["points"] == points


def test_a_trial_that_raises_is_one_line_and_exit_code_1(here):
    (here / "study.py").write_text(
        STUDY.replace(
            "return distance >", "if distance > 40.0:\n        raise ValueError('lost')\n    return distance >"
        )
    )
    told = sweep("run", "study.py", cwd=here, code=1)
    assert "kernel 'seeker' raised ValueError: lost in trial" in told
    assert len(told.splitlines()) == 1
    place = told.partition("--point ")[2].partition(" --pdb")[0].split()
    assert "raises ValueError: lost" in sweep(
        "replay", "study.py", "--point", place[0], "--trial", place[2].rstrip("`\n"), cwd=here, code=1
    )


def test_another_plan_is_refused_and_can_be_replaced(here):
    sweep("run", "study.py", "-q", cwd=here)
    told = sweep("run", "study.py", "--seed", 5, cwd=here, code=2)
    assert "the store holds another plan: seed differs: it holds 4, asked for 5" in told
    sweep("run", "study.py", "--seed", 5, "--replace", "-q", cwd=here)
    assert json.loads((here / "sweep-results/study/plan.json").read_text())["seed"] == 5


def test_a_result_is_shown_for_what_it_is(here):
    """Of an older plan: with a note. Beside a plan that was changed by hand: not at all, as ``status``."""
    sweep("run", "study.py", "-q", "--store", "out", cwd=here)
    plan = here / "out/plan.json"
    whole = plan.read_text()
    plan.write_text(sweep("plan", "study.py", "--trials", 9000, cwd=here))
    done = said("show", "out", cwd=here)
    assert "speed  mode" in done.stdout
    assert done.stderr.startswith(
        "sweep: this is the result of an earlier plan, of 5,000 trials a point and 10 points;"
    )
    plan.write_text(whole.replace('"seed": 4', '"seed": 5'))
    assert "plan.json was changed by hand" in sweep("show", "out", cwd=here, code=1)


def test_one_of_a_thing_is_no_plural(here):
    (here / "one.toml").write_text('kernel = "pi"\ntrials = 1\n')
    assert said("plan", "one.toml", cwd=here).stderr == "1 point x 1 trial = 1 trial in 1 block\n"
    sweep("run", "one.toml", "-q", cwd=here)
    assert "1 of 1 block (100.0 %), in 1 shard\n" in sweep("status", "sweep-results/one", cwd=here)


def test_options_complete_to_their_values(here):
    for words, expected in (("sweep run --executor ", "inprocess"), ("sweep show --format ", "markdown")):
        environment = {**os.environ, **ENVIRONMENT, "_SWEEP_COMPLETE": "complete_bash"}
        environment |= {"COMP_WORDS": words, "COMP_CWORD": "3"}
        done = subprocess.run(SWEEP, check=False, cwd=here, env=environment, capture_output=True, text=True)
        assert expected in done.stdout.split()


def test_the_study_may_import_its_neighbours_also_on_ray(here):
    (here / "physics.py").write_text("GAIN = 2.0\n\ndef gain(x):\n    return GAIN * x\n")
    text = STUDY.replace("from sweep import", "from physics import gain\nfrom sweep import").replace(
        "speed * rng", "gain(speed) * rng"
    )
    (here / "study.py").write_text(text)
    sweep("run", "study.py", "-q", "--store", "a", cwd=here)
    (here / "elsewhere").mkdir()
    on_ray = ("--store", "../b", "--executor", "ray", "--shards", 4, "--workers", 2)
    sweep("run", "../study.py", "-q", *on_ray, cwd=here / "elsewhere")
    assert sha256(str(here / "a")) == sha256(str(here / "b"))
    (here / "physics.py").write_text("GAIN = 3.0\n\ndef gain(x):\n    return GAIN * x\n")
    assert "the source of the kernel differs" in sweep("run", "study.py", "--store", "a", cwd=here, code=2)


def test_how_a_kernel_is_run_is_explained(here):
    said = sweep("kernels", "--explain", "study.py", cwd=here)
    assert re.match(
        r"seeker: 32 trials side by side, [\d.,]+ ns each on one core; one after the other [\d.,]+ ns\n", said
    )


def test_kernels_are_listed(here):
    assert "radar_detection(snr_db=10.0, pfa=1e-06, pulses=1, swerling=0) -> detected" in sweep("kernels", cwd=here)
    assert sweep("kernels", "study.py", cwd=here) == "seeker(speed, mode) -> hit, range_m\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["plan", "--help"], ["status", "--help"], ["plan", "study.py"], ["status", "out"]]
)
def test_looking_imports_neither_numba_nor_ray(here, arguments):
    sweep("run", "study.py", "--store", "out", "-q", cwd=here)
    code = textwrap.dedent(f"""
        import sys
        sys.argv = ["sweep", *{arguments!r}]
        from sweep.cli.main import main
        try:
            main()
        except SystemExit:
            pass
        sys.exit(bool({{"numba", "ray"}} & set(sys.modules)))
    """)
    environment = {**os.environ, **ENVIRONMENT}
    subprocess.run([sys.executable, "-c", code], cwd=here, env=environment, check=True, stdout=subprocess.DEVNULL)


def test_what_cannot_be_printed_is_told_in_one_line(here):
    sweep("run", "study.py", "--store", "out", "-q", cwd=here)
    environment = {**os.environ, **ENVIRONMENT}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*SWEEP, "show", "out"], check=False, cwd=here, env=environment, stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (2, b"sweep: cannot write the output: No space left on device\n")
    narrow = {**environment, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([*SWEEP, "show", "out"], check=False, cwd=here, env=narrow, capture_output=True)
    assert done.returncode == 2
    assert done.stderr == b"sweep: the output's encoding cp1252 has no '\\u2500': set PYTHONIOENCODING=utf-8\n"


def test_a_reader_that_leaves_ends_the_command_quietly(here):
    sweep("run", "study.py", "--store", "out", "-q", cwd=here)
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(
        [*SWEEP, "show", "out"], check=False, cwd=here, env=environment, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_ctrl_c_while_a_study_is_read(here):
    (here / "study.py").write_text(f"open('begun', 'w').close()\nimport time\ntime.sleep(60)\n{STUDY}")
    process = start("plan", "study.py", cwd=here)
    wait_for((here / "begun").exists)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "\nsweep: stopped\n")
    assert process.returncode == 130


def test_trials_may_be_said_as_a_power_of_ten(here):
    assert json.loads(sweep("plan", "study.py", "--trials", "1e6", cwd=here))["trials"] == 10**6
    assert json.loads(sweep("plan", "study.py", "--trials", "20_000", cwd=here))["trials"] == 20_000


def test_no_command_is_answered_by_the_help(here):
    for arguments in ([], ["jobs"]):
        told = sweep(*arguments, cwd=here, code=2)
        assert told.startswith("Usage: sweep ")
        assert "Commands:" in told


def test_completion_is_there(here):
    assert "--install-completion" in sweep("--help", cwd=here)
    assert sweep("--version", cwd=here).startswith("sweep 0.")
