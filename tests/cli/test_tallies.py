"""Quantiles and their like in a study's file, at the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_cli import STUDY, TOML, sweep

ASKED = """
quantiles = { range_m = [0.5, 0.99] }
relative_error = 0.02
histograms = { range_m = [0.0, 60.0, 30] }
covariance = true
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "study.py").write_text(STUDY)
    return tmp_path


def write(here, asked: str) -> str:
    (here / "study.toml").write_text(TOML.replace("seed = 4\n", f"seed = 4\n{asked}"))
    return "study.toml"


def test_a_file_asks_and_the_command_shows(here):
    planned = json.loads(sweep("plan", write(here, ASKED), cwd=here))
    assert planned["quantiles"] == {"range_m": [0.5, 0.99]}
    shown = sweep("run", "study.toml", cwd=here)
    for each in ("range_m q99", "range_m, 0 to 60", "corr(hit, range_m)"):
        assert each in shown
    assert sweep("show", "sweep-results/study", cwd=here) in shown
    rows = json.loads(sweep("show", "sweep-results/study", "--format", "json", cwd=here))
    assert sum(rows[0]["range_m_histogram"]) == 5000
    assert rows[0]["range_m_q50_ci_low"] < rows[0]["range_m_q50"] < rows[0]["range_m_q50_ci_high"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("quantiles = [0.5, 1.5]", "quantiles: 1.5 is not between 0 and 1, as in 0.99"),
        ("quantiles = { range = [0.5] }", "quantiles: 'range' is no output: did you mean 'range_m'?"),
        (
            "quantiles = { hit = [0.5] }",
            "quantiles of 'hit': it is a bool, of which its mean says all; ask for those of 'range_m'",
        ),
        (
            "histograms = { range_m = [9.0, 1.0, 10] }",
            "histogram of 'range_m': [9.0, 1.0, 10]: 9.0 is not below 1.0, both finite",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(here, asked, message):
    told = sweep("plan" if "hit" in asked else "run", write(here, asked), cwd=here, code=2)
    assert message in told
    assert len(told.strip().splitlines()) == 1
    assert not (here / "sweep-results").exists() or not list((here / "sweep-results").rglob("*.parquet"))
