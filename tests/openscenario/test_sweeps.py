"""Sweeps of scenarios: what is drawn is kept, replayed, written as a scenario, and weighted under another distribution."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.dataset
import pytest

from sweep import Plan, Sweep, grid, kernel
from sweep.errors import CorruptError, KernelError, PlanError, SpecError, TrialError
from sweep.load import load_sweep
from sweep.openscenario import read
from sweep.replay import prepare, replay
from sweep.store.memory import MemoryStore
from sweep.work.raised import explain
from sweep.work.study import Study
from sweep_kernels.distributions import Discrete, Histogram, Normal, Uniform
from tests import forked
from tests.openscenario.files import (
    SCENARIO,
    deterministic,
    drawn,
    listed,
    made,
    stepped,
    stochastic,
    weighted,
    written,
)

ROOT = Path(__file__).parents[2]
UNIFORM = '<UniformDistribution><Range lowerLimit="5" upperLimit="50"/></UniformDistribution>'
POISSON = '<PoissonDistribution expectedValue="3"/>'
DRAWS = stochastic(
    drawn("gap", UNIFORM), weighted("car", ("van", "0.25"), ("truck", "0.75")), drawn("count", POISSON), runs="6000"
)
STUDY = """
from pathlib import Path
from sweep import Sweep, grid, kernel, openscenario

@kernel(outputs=["hit", "left"])
def brake(rng, reach, gap, car, count: int):
    left = gap - reach - 5.0 * car - rng.uniform()
    return left < 0.0, left + count

scenario = openscenario.read(Path(__file__).with_name("distribution.xosc"))
study = Sweep(brake, scenario * grid(reach=[10.0, 20.0]), keep="hit")
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A study of a scenario, and the store that it was run into."""
    folder = tmp_path_factory.mktemp("scenario")
    written(folder, DRAWS)
    (folder / "study.py").write_text(STUDY)
    study = load_sweep(folder / "study.py")
    study.run(folder / "store")
    return folder, study


def kept(folder: Path) -> list[dict]:
    return pyarrow.dataset.dataset(folder / "store" / "trials").to_table().to_pylist()


def test_trials_seed_space_and_draws_are_the_scenarios(ran):
    folder, study = ran
    assert (study.trials, study.seed, study.space) == (6000, 7, grid(reach=[10.0, 20.0]))
    assert list(study.draws) == ["gap", "car", "count"]
    assert study.kernel.outputs == ("hit", "left", "gap", "car", "count")
    assert replace(study, trials=10, seed=1).plan().draws == study.plan().draws
    assert Sweep(study.kernel, read(folder / "distribution.xosc") * grid(reach=1.0), trials=9, seed=0).seed == 0


def test_kept_trials_hold_what_was_drawn_and_are_replayed_bit_for_bit(ran):
    folder, study = ran
    rows = kept(folder)
    assert len(rows) > 1000
    for source in (str(folder / "study.py"), str(folder / "store")):
        prepared = prepare(source)
        for row in rows[:: len(rows) // 10]:
            again = replay(*prepared, row["point"], row["trial"])
            assert again.outputs == {name: row[name] for name in study.kernel.outputs}
            assert again.parameters["car"] == ("van", "truck")[row["car"]]


def test_the_scenario_of_a_kept_trial_is_written(ran):
    folder, study = ran
    scenario = study.scenario
    for row in kept(folder)[::500]:
        values = scenario.values(row["point"], row["trial"])
        assert (values["gap"], values["count"], values["reach"]) == (row["gap"], row["count"], row["reach"])
        name = (
            written(folder / "concrete", scenario.concrete(values))
            if (folder / "concrete").mkdir(exist_ok=True) is None
            else None
        )
        declared = read(name).template.declarations
        assert {each: declared[each].value for each in ("gap", "car", "count")} == {
            each: values[each] for each in ("gap", "car", "count")
        }


def test_the_plan_says_the_distributions_and_another_one_is_another_plan(ran):
    folder, study = ran
    plan = study.plan()
    again = Plan.from_json(plan.to_json(), {})
    assert (again.hash, again.draws) == (plan.hash, plan.draws)
    other = replace(study, draws={**study.draws, "gap": Uniform(5.0, 51.0)})
    assert other.kernel.version != study.kernel.version
    with pytest.raises(
        PlanError, match=r"another plan: the distribution of 'gap' differs: it holds .*50.0.*, asked for .*51.0"
    ):
        other.run(folder / "store")
    fields = json.loads(plan.to_json())
    fields["draws"][0][1] = {"gauss": {}}
    with pytest.raises(CorruptError, match="describes no distribution"):
        Plan.from_json(json.dumps(fields).encode(), {})


def test_the_table_for_people_leaves_drawn_parameters_out(ran):
    folder, _ = ran
    shown = sweep_command(folder, "show", "store").stdout
    assert "left" in shown
    assert "count" not in shown
    assert "count_mean" in sweep_command(folder, "show", "store", "--format", "csv").stdout


def sweep_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return forked.run(*arguments, cwd=folder, env={**os.environ, "COLUMNS": "100"})


def test_the_command_shows_a_file_and_writes_a_trials_scenario(ran):
    folder, study = ran
    done = sweep_command(folder, "openscenario", "distribution.xosc")
    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert told[:5] == [
        "scenario scenario.xosc",
        "points 1 point of 0 parameters",
        "trials 6,000 of each point, seed 7",
        "",
        "parameter type declared varies constraints",
    ]
    assert "speed double 30.0" in told
    assert "gap double 25.0 UniformDistribution: 5.0 to 50.0 > 0.0 and <= 100.0" in told
    assert "car string sedan ProbabilityDistributionSet: van 0.25, truck 0.75" in told
    done = sweep_command(folder, "openscenario", "distribution.xosc", "--write", "17", "-o", "concrete.xosc")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    one = read(folder / "distribution.xosc")
    assert (folder / "concrete.xosc").read_bytes() == one.concrete(one.values(0, 17))
    done = sweep_command(folder, "openscenario", "study.py", "--write", "1:17", "--as", "json")
    values = study.scenario.values(1, 17)
    assert json.loads(done.stdout) == {name: values[name] for name in ("gap", "car", "count")}


def test_the_command_imports_no_compiler(ran):
    code = "import sys; from sweep.openscenario import read; read('distribution.xosc').values(0, 1); sys.exit(bool({'numba', 'ray', 'scipy', 'pyarrow'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}"}
    subprocess.run([sys.executable, "-c", code], cwd=ran[0], env=environment, check=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lost.xosc"], "there is no file 'lost.xosc'"),
        (["distribution.xosc", "--write", "6000"], "point 1 is not one of the scenario's 1: 0 to 0"),
        (
            ["distribution.xosc", "--write", "0:6000"],
            "--write '0:6000': trial 6000 is not one of the 6,000 of each point",
        ),
        (["distribution.xosc", "--write", "-1"], "--write '-1': a whole number, or two as in 2:17, was expected"),
        (["distribution.xosc", "--as", "yaml"], "--as 'yaml': expected one of"),
        (["distribution.xosc", "-o", "x"], "-o 'x' without --write INDEX"),
        (["scenario.xosc", "--write", "0", "-o", "lost/x"], "'lost/x' cannot be written: No such file or directory"),
    ],
)
def test_what_the_command_cannot_do_is_one_line(ran, arguments, message):
    done = sweep_command(ran[0], "openscenario", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"sweep: {message}")
    assert done.stderr.count("\n") == 1


def test_a_spec_names_a_distribution_file(ran):
    folder, study = ran
    (folder / "study.toml").write_text(
        'kernel = "study.py:brake"\nopenscenario = "distribution.xosc"\nkeep = "hit"\n[space]\nreach = [10.0, 20.0]\n'
    )
    assert load_sweep(folder / "study.toml").plan().hash == study.plan().hash


DISTRIBUTIONS = """
kernel = "study.py:brake"
trials = 10
[space]
reach = [10.0]
[draws]
gap = { normal = { mean = 20.0, deviation = 4.0, low = 5.0 } }
speed = { uniform = { low = 10.0, high = 30.0 } }
[proposals]
gap = { normal = { mean = 10.0, deviation = 4.0, low = 5.0 } }
"""


def test_a_spec_names_distributions_and_proposals(tmp_path):
    (tmp_path / "study.py").write_text(DRAWN)
    (tmp_path / "study.toml").write_text(DISTRIBUTIONS)
    python, toml = load_sweep(tmp_path / "study.py"), load_sweep(tmp_path / "study.toml")
    assert toml.plan().hash == python.plan().hash
    assert toml.kernel.proposals["gap"] == Normal(10.0, 4.0, low=5.0)


DRAWN = """
from sweep import Sweep, grid, kernel
from sweep_kernels.distributions import Normal, Uniform

@kernel(outputs=["hit"])
def brake(rng, gap, speed, reach):
    return gap < speed * reach / 20.0

study = Sweep(
    brake, grid(reach=[10.0]), trials=10, draws={"gap": Normal(20.0, 4.0, low=5.0), "speed": Uniform(10.0, 30.0)},
    proposals={"gap": Normal(10.0, 4.0, low=5.0)},
)
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("relative_weights = true", "relative_weights is of an OpenSCENARIO file, and there is no 'openscenario'"),
        ('openscenario = "a.xosc"\nrelative_weights = 1', "relative_weights=1 is neither true nor false"),
        ("draws = 5", "draws=5 is no table of distributions, as in [draws] and under it gap = { normal"),
        ("draws = { gap = 5 }", "draws: gap: 5 describes no distribution, as in gap = { normal"),
        (
            "proposals = { gap = { normal = { meen = 1 } } }",
            "proposals: gap: normal has no 'meen': did you mean 'mean'?",
        ),
        ("draws = { gap = { norml = {} } }", "draws: gap: there is no distribution 'norml': did you mean 'normal'?"),
        (
            "draws = { gap = { normal = 5 } }",
            "draws: gap: {'normal': 5} describes no distribution, as in gap = { normal",
        ),
    ],
)
def test_what_a_spec_cannot_say(tmp_path, line, message):
    (tmp_path / "study.py").write_text(DRAWN)
    (tmp_path / "study.toml").write_text(f'kernel = "study.py:brake"\ntrials = 10\n{line}\n')
    with pytest.raises(SpecError) as caught:
        load_sweep(tmp_path / "study.toml")
    assert str(caught.value).startswith(f"{tmp_path / 'study.toml'}: {message}")


def test_another_distribution_is_weighted_back(tmp_path):
    """The estimate is 4.1 standard errors off with a probability of 4e-5."""
    scenario = made(tmp_path, stochastic(drawn("gap", UNIFORM), drawn("count", POISSON)))
    other = scenario.drawn_from(gap=Histogram(((5.0, 49.0, 0.2), (49.0, 50.0, 0.8))))
    trials = [other.values(0, trial) for trial in range(4000)]
    columns = {name: np.array([each[name] for each in trials]) for name in ("gap", "count")}
    weights = np.exp(scenario.log_density(columns) - other.log_density(columns))
    rare = weights * (columns["gap"] > 49.9)
    error = rare.std() / math.sqrt(len(rare))
    assert abs(rare.mean() - 0.1 / 45.0) < 4.1 * error
    assert error < 0.1 * rare.mean()


def test_a_deterministic_scenario_is_a_space(tmp_path):
    @kernel(outputs=["y"])
    def of_speed(rng, speed, car):
        return speed + 100.0 * car

    scenario = made(tmp_path, deterministic(stepped("speed", "0.1", "0.3", "0.1"), listed("car", "van", "truck")))
    with pytest.raises(SpecError, match="a Sweep without trials"):
        Sweep(of_speed, scenario)
    plan = Sweep(of_speed, scenario, trials=3).plan()
    assert [tuple(each.values()) for each in plan.space] == [(v, c) for v in (0.1, 0.2, 0.3) for c in ("van", "truck")]
    assert read(written(tmp_path, SCENARIO)).values(0) == {}


@pytest.mark.parametrize(
    ("draws", "space", "error", "message"),
    [
        (
            {"gap": Normal(1.0, 1.0)},
            grid(gap=1.0, x=1.0),
            PlanError,
            "parameter 'gap' of kernel 'plain' has both an axis and a distribution",
        ),
        (
            {"speed": Normal(1.0, 1.0)},
            grid(gap=1.0, x=1.0),
            KernelError,
            "the drawn 'speed' is no parameter of kernel 'plain': it has 'gap', 'x'",
        ),
        ({"gap": Normal(1.0, 1.0)}, grid(), PlanError, "parameter 'x' of kernel 'plain' has no axis and no default"),
        ([("gap", 1)], grid(), SpecError, "is no dict of distributions"),
        ({"gap": Discrete(("a", "b"), (1, 1)), "x": 1}, grid(), KernelError, "the drawn 'x' is 1, no distribution"),
    ],
)
def test_what_cannot_be_planned(draws, space, error, message):
    @kernel(outputs=["y"])
    def plain(rng, gap, x):
        return gap + x

    with pytest.raises(error, match=message):
        Sweep(plain, space, trials=10, draws=draws).plan()


def test_a_trial_that_raises_is_told_with_what_it_drew():
    @kernel(outputs=["y"])
    def raising(rng, x, kind):
        if x > 0.5:
            raise ValueError("too far")
        return x

    study = Sweep(raising, grid(), trials=100, draws={"x": Uniform(0.9, 1.0), "kind": Discrete(("a", "b"), (1.0, 1.0))})
    told = r"too far in trial 3 of point 0 \(x=0\.9\d+, kind='[ab]'\)"
    with pytest.raises(TrialError, match=told):
        explain(Study(study.kernel, study.plan(), MemoryStore("raised"), {}), 0, 3)
    with pytest.raises(TrialError, match=r"trial 3 of point 0 \(x=0\.9\d+, kind='[ab]'\) raises ValueError: too far"):
        replay(study.kernel, study.plan(), {}, 0, 3)
