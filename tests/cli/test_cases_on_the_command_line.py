"""What a study gives back: its worst points, its failing trials run again, two variants compared."""

from __future__ import annotations

import json

import pytest

from sweep.cli.main import main
from tests.cli.test_cli import sweep

STUDY = """
from sweep import Sweep, grid
from sweep_kernels.models import aeb_cut_in

study = Sweep(
    aeb_cut_in, grid(time_gap=[0.3, 0.6], dropout=[0.1, 0.7]), trials=2000, seed=5, keep="collision", common_random_numbers=True
)
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    (folder / "cut.py").write_text(STUDY)
    sweep("run", "cut.py", "-q", cwd=folder)
    return folder


@pytest.fixture
def said(ran, monkeypatch, capsys):
    """Run the command in this process, which spares its start; return what it printed, or its error."""

    def run(*arguments, code: int = 0) -> str:
        monkeypatch.chdir(ran)
        monkeypatch.setattr("sys.argv", ["sweep", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) == code, err
        return err if code else out

    return run


def test_failing_trials_are_run_again(ran):
    said = sweep("replay", "sweep-results/cut", "--where", "impact_speed > 5 and dropout > 0.5", "--limit", 3, cwd=ran)
    head, *rows = said.splitlines()
    assert head.split() == ["point", "trial", "time_gap", "dropout", "collision", "impact_speed", "min_ttc"]
    assert len(rows) == 3
    assert all("True" in row and "0.7" in row for row in rows)
    assert sweep("replay", "cut.py", "--where", "impact_speed > 5 and dropout > 0.5", "--limit", 3, cwd=ran) == said


def test_every_draw_is_traced(said):
    traced = said("replay", "cut.py", "--where", "collision", "--limit", 1, "--trace").splitlines()
    assert traced[0].startswith("point 0, trial 0: time_gap=0.3, dropout=0.1, collision=True, impact_speed=")
    assert "rng.uniform()" in traced[1]
    assert "emergency_braking.py:" in traced[1]
    assert "t = CYCLE * rng.uniform()" in traced[1]
    one = said("replay", "cut.py", "--point", 0, "--trial", 0, "--trace").splitlines()
    assert [each for each in one if "rng." in each] == [each for each in traced if "rng." in each]


def test_the_worst_points_are_shown_first(said):
    def shown(*options):
        return json.loads(said("show", "sweep-results/cut", "--format", "json", *options))

    speeds = [row["impact_speed_mean"] for row in shown("--worst", 3, "--by", "impact_speed")]
    assert speeds == sorted((row["impact_speed_mean"] for row in shown()), reverse=True)[:3]
    times = [row["min_ttc_mean"] for row in shown("--worst", 9, "--by", "min_ttc", "--smallest")]
    assert times == sorted(row["min_ttc_mean"] for row in shown())


def test_variants_are_compared(said):
    rows = json.loads(said("compare", "sweep-results/cut", "--by", "dropout", "--format", "json"))
    assert [(row["time_gap"], row["dropout_first"], row["dropout_second"]) for row in rows] == [
        (0.3, 0.1, 0.7),
        (0.6, 0.1, 0.7),
    ]
    assert rows[1]["ci_low"] < rows[1]["difference"] < rows[1]["ci_high"]
    assert "second - first" in said("compare", "sweep-results/cut", "sweep-results/cut")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["replay", "cut.py", "--where", "colision"], "did you mean 'collision'?"),
        (["replay", "cut.py", "--where", "collision", "--point", 3], "--where finds the trials itself"),
        (["replay", "cut.py", "--limit", 3, "--point", 0, "--trial", 0], "--limit 3 is of the kept trials"),
        (["replay", "cut.py", "--store", "x", "--point", 0, "--trial", 0], "--store x is of kept trials"),
        (["replay", "sweep-results/cut", "--store", "x", "--where", "collision"], "beside the store sweep-results/cut"),
        (["show", "sweep-results/cut", "--by", "collision"], "--by collision says which points are the worst"),
        (["show", "sweep-results/cut", "--worst", 0], "the worst 0 points: give 1 or more"),
        (["show", "sweep-results/cut", "--worst", 2, "--by", "speeds"], "the result has no output 'speeds'"),
        (["compare", "sweep-results/cut"], "compare with what?"),
        (
            ["compare", "sweep-results/cut", "--by", "gap"],
            "the sweep has no parameter 'gap': expected one of 'time_gap'",
        ),
        (["compare", "sweep-results/cut", "nowhere"], "holds no sweep"),
        (["compare", "sweep-results/cut", "--by", "dropout", "--format", "csv"], "format 'csv': expected one of"),
    ],
)
def test_a_bad_question_is_one_line_and_exit_code_2(said, arguments, told):
    line = said(*arguments, code=2)
    assert told in line
    assert line.startswith("sweep: ")
    assert len(line.splitlines()) == 1
