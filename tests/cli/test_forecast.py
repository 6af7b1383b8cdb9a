"""``sweep forecast``, run as users run it."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.cli.test_cli import STUDY, start, sweep, wait_for

PRICES = """
source = "a test"
date = "2026-11-01"
region = "us-east-1"
[instances."c5.large"]
vcpus = 2
on_demand = 0.5
"""

FRAGILE = """
from sweep import Sweep, grid, kernel

@kernel(outputs=["y"])
def breaks(rng, a, b):
    return 1 // b if rng.uniform() < a else 0

study = Sweep(breaks, grid(a=[0.0, 0.001], b=[0]), trials=100_000, seed=1)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "study.py").write_text(STUDY)
    (tmp_path / "fragile.py").write_text(FRAGILE)
    (tmp_path / "prices.toml").write_text(PRICES)
    return tmp_path


def test_a_forecast_a_run_and_their_comparison(here):
    told = sweep("forecast", "study.py", "--budget", 0.5, "--store", "s", "--width", "1%", "--vcpus", "4", cwd=here)
    assert told.startswith("sweep      seeker: 10 points x 5,000 trials\n")
    assert "money      not asked for" in told
    assert all(len(line) <= 80 for line in told.splitlines())
    assert len(told.splitlines()) <= 32
    assert sorted(each.name for each in (here / "s").iterdir()) == ["forecast.json"]
    sweep("run", "study.py", "--store", "s", "-q", cwd=here)
    compared = sweep("forecast", "--compare", "s", cwd=here)
    assert compared.splitlines()[1].startswith("core time")
    fields = json.loads(sweep("forecast", "--compare", "s", "--format", "json", cwd=here))
    kept = json.loads((here / "s" / "forecast.json").read_text())
    assert fields["lines"][0]["forecast"] == kept["core_seconds"]
    assert kept["wished"] == 0.01


def test_a_forecast_is_not_replaced_once_its_run_is_there(here):
    given = ("forecast", "study.py", "--budget", 0.2, "--store", "s", "--vcpus", "4")
    sweep(*given, cwd=here)
    sweep(*given, cwd=here)
    kept = (here / "s" / "forecast.json").read_bytes()
    sweep("run", "study.py", "--store", "s", "-q", cwd=here)
    said = sweep(*given, cwd=here, code=2)
    assert "holds the forecast of its run already, and the run" in said
    assert said.count("\n") == 1
    assert (here / "s" / "forecast.json").read_bytes() == kept


def test_money_comes_from_a_file_or_is_said_to_be_missing(here):
    given = ("forecast", "study.py", "--budget", 0.2, "--vcpus", "4", "--instance-types", "c5.large")
    fields = json.loads(sweep(*given, "--prices", "prices.toml", "--format", "json", cwd=here))
    assert fields["prices"]["source"] == "a test"
    assert [each["machines"] for each in fields["bills"]] == [2]
    assert fields["bills"][0]["on_demand"][0] == pytest.approx(fields["elsewhere"][0]["seconds"] * 2 * 0.5 / 3600)
    told = " ".join(sweep(*given, cwd=here).split())
    assert "money unknown for c5.large: no AWS credentials to ask for prices with, and no --prices FILE" in told


def test_requests_are_told_in_a_currency_and_for_a_case(here):
    (here / "s3.toml").write_text(f"{PRICES}[s3]\nput_per_1000 = 5.0\nget_per_1000 = 0.5\n")
    given = ("forecast", "study.py", "--budget", 0.2, "--vcpus", "4,8", "--prices", "s3.toml")
    told = " ".join(sweep(*given, cwd=here).split())
    assert re.search(r"requests to S3 in USD, beside that: [\d.]+ on 4 vCPUs, [\d.]+ on 8 vCPUs", told)


def test_a_forecast_is_printed_even_where_it_cannot_be_kept(here):
    """And where it is kept is said beside it."""
    given = ("forecast", "study.py", "--budget", 0.2, "--vcpus", "4", "--store", "s")
    process = start(*given, cwd=here)
    out, err = process.communicate(timeout=240)
    assert out.startswith("sweep      seeker")
    assert err.splitlines()[-1] == f"sweep: kept as {here / 's' / 'forecast.json'}"
    (here / "s" / "forecast.json").unlink()
    (here / "s" / "forecast.json").mkdir()
    process = start(*given, cwd=here)
    out, _ = process.communicate(timeout=240)
    assert process.returncode != 0
    assert out.startswith("sweep      seeker")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["study.py", "--budget", "0"], "--budget 0 is not a number above 0"),
        (["study.py", "--speed", "-1"], "--speed -1 is not a number above 0"),
        (["study.py", "--startup", "-1"], "--startup -1 is not a number of seconds"),
        (["study.py", "--vcpus", "4,x"], "--vcpus '4,x': 'x' is not a whole number"),
        (["study.py", "--width", "wide"], "--width 'wide' is not a part of the estimate"),
        (["study.py", "--width", "150%"], "--width '150%' is not a part of the estimate"),
        (["study.py", "--format", "xml"], "--format 'xml': expected one of 'text', 'json'"),
        (["study.py", "--prices", "none.toml"], "prices 'none.toml': No such file"),
        (["study.py", "--prices", "prices.toml", "--instance-types", "c5.larg"], "no instance type 'c5.larg': did you"),
        (["study.py", "--prices", "prices.toml", "--region", "mars"], "are of region 'us-east-1', asked for 'mars'"),
        ([], "missing argument 'STUDY'"),
        (["study.py", "--compare", "s"], "--compare takes the store of a run; leave 'study.py' out"),
        (["--compare", "study.py"], "is a study, not a store"),
        (["fragile.py", "--budget", "0.5"], "raised ZeroDivisionError"),
    ],
)
def test_bad_input_gets_one_line(here, given, said):
    line = sweep("forecast", *given, cwd=here, code=2)
    assert line.startswith("sweep: ")
    assert said in line
    assert line.count("\n") == 1


def test_ctrl_c_is_heard_while_trials_are_timed(here):
    """Compiled code hears nothing: the pilot is on a thread that can be left."""
    sweep("forecast", "study.py", "--budget", 0.1, cwd=here)  # compiled, from here on
    process = start("forecast", "study.py", "--budget", 600, "--trials", 10**9, cwd=here)
    wait_for(lambda: processor_seconds(process.pid) > 4.0)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "\nsweep: stopped\n")
    assert process.returncode == 130


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
