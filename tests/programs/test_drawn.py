"""Programs whose parameters each trial draws, and programs that are given the scenario file of each trial."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sweep import Sweep, command, find_cases, grid, kernel, openscenario
from sweep.child.code import find_kernel
from sweep.cli.main import app
from sweep.cli.rerun import rerun_cases, rerun_one
from sweep.errors import KernelError, PlanError, SpaceError
from sweep.load import load_kernel, load_sweep
from sweep.replay import prepare_stored
from sweep.rerun import rerun
from sweep_kernels.distributions import Discrete, Normal, Poisson, Uniform
from tests.openscenario.files import SCENARIO, deterministic, drawn, listed, made, stochastic, weighted, written
from tests.programs.studies import failures
from tests.studies import sha256

DRAWS = {
    "gap": Normal(20.0, 4.0, low=5.0),
    "count": Poisson(3.0),
    "wet": Discrete((True, False), (0.5, 0.5)),
    "car": Discrete(("van", "truck"), (0.25, 0.75)),
}
CARS = ("van", "truck")
ECHO = """
import json, os, sys
held = json.load(open("parameters.json"))
gap, car, said = float(sys.argv[1]), sys.argv[2], os.environ
assert (held["gap"], held["car"]) == (gap, car) == (float(said["SWEEP_PARAMETER_gap"]), said["SWEEP_PARAMETER_car"])
assert type(held["count"]) is int and type(held["wet"]) is bool
if gap < LEAST:
    sys.exit(4)
print(json.dumps({"sum": held["x"] + gap + held["count"], "is_truck": car == "truck", "is_wet": held["wet"]}))
"""
OUTPUTS = {"sum": float, "is_truck": bool, "is_wet": bool}


def said(*words):
    """Return what a command prints."""
    done = CliRunner().invoke(app, [*map(str, words)], prog_name="sweep")
    assert done.exit_code == 0, done.output
    return done.output


def doubled(text):
    return text.replace("{", "{{").replace("}", "}}")


def echo(least=0.0, **options):
    script = doubled(ECHO).replace("LEAST", str(least))
    return command(
        ["{python}", "-c", script, "{gap}", "{car}"], outputs=OUTPUTS, parameters=["x", "count", "wet"], **options
    )


@kernel(outputs=["sum", "is_truck", "is_wet"])
def same(rng, x, gap, count: int, wet: bool, car):
    return x + gap + count, car == 1, wet


@pytest.mark.parametrize("common_random_numbers", [False, True])
def test_a_program_is_given_what_a_kernels_trial_draws(tmp_path, common_random_numbers):
    study = Sweep(
        echo(),
        grid(x=[1.0, 2.0]),
        trials=4,
        seed=11,
        keep="all",
        draws=DRAWS,
        common_random_numbers=common_random_numbers,
    )
    study.run(tmp_path)
    table = find_cases(tmp_path).table
    assert table.column_names == ["point", "trial", "x", *OUTPUTS, *DRAWS]
    for row in table.to_pylist():
        where = (11, 0 if common_random_numbers else row["point"], row["trial"])
        assert tuple(row.values())[3:] == same.drawing(DRAWS).trial(*where, x=row["x"])
    assert len(set(table["gap"].to_pylist())) == (4 if common_random_numbers else 8)
    assert study.kernel.output_kinds == ("float", "bool", "bool", "float", "int", "bool", "int")


def test_the_same_bytes_on_several_workers_and_when_more_are_asked_for(tmp_path):
    Sweep(echo(), grid(x=[1.0]), trials=3, draws=DRAWS, keep="all").run(tmp_path / "one", workers=1)
    for store, workers in (("one", 1), ("three", 3)):
        Sweep(echo(), grid(x=[1.0]), trials=6, draws=DRAWS, keep="all").run(tmp_path / store, workers=workers)
    assert sha256(str(tmp_path / "one")) == sha256(str(tmp_path / "three"))


def test_what_is_drawn_as_text_is_text_in_a_condition(tmp_path):
    Sweep(echo(), grid(x=[1.0]), trials=8, seed=11, draws=DRAWS, keep="all").run(tmp_path)
    found = find_cases(tmp_path, "car == 'truck'")
    assert found.table["is_truck"].to_pylist() == [True] * find_cases(tmp_path, "is_truck").found
    assert 0 < len(found) < 8
    with pytest.raises(SpaceError, match="car is text and 1 is a number"):
        find_cases(tmp_path, "car == 1")


def test_other_distributions_are_another_command_and_another_plan(tmp_path):
    study = Sweep(echo(), grid(x=[1.0]), trials=2, draws=DRAWS)
    study.run(tmp_path)
    others = {**DRAWS, "gap": Normal(21.0, 4.0, low=5.0)}
    versions = {echo().version, echo().drawing(DRAWS).version, echo().drawing(others).version}
    assert len(versions) == 3
    assert study.kernel.version == echo().drawing(DRAWS).version
    with pytest.raises(PlanError, match="the distribution of 'gap' differs"):
        Sweep(echo(), grid(x=[1.0]), trials=2, draws=others).run(tmp_path)


def test_a_program_is_given_what_its_proposals_give_and_is_weighted_as_a_kernel_is(tmp_path, capsys):
    proposals = {"gap": Normal(10.0, 5.0, low=5.0), "car": Discrete(CARS, tuple(1.0 for _ in CARS))}
    study = Sweep(echo(), grid(x=[1.0, 2.0]), trials=6, seed=11, keep="all", draws=DRAWS, proposals=proposals)
    result = study.run(tmp_path)
    table = find_cases(tmp_path).table
    assert table.column_names == ["point", "trial", "x", *OUTPUTS, *DRAWS, "weight"]
    for row in table.to_pylist():
        meant = same.drawing(DRAWS, proposals).trial(11, row["point"], row["trial"], x=row["x"])
        assert tuple(row.values())[3:] == meant
    weights, sums = (table[name].to_numpy()[:6] for name in ("weight", "sum"))
    assert result[0]["sum_mean"] == pytest.approx((weights * sums).mean(), rel=1e-12)
    assert result[0]["sum_ess"] == pytest.approx((weights * sums).sum() ** 2 / ((weights * sums) ** 2).sum(), rel=1e-12)
    assert any("effective trials" in each for each in result.warnings)
    again = rerun(study.kernel, study.plan(), 1, 3)
    assert again.drawn["weight"] == table["weight"].to_pylist()[9]
    rerun_cases(study.kernel, study.plan(), find_cases(tmp_path, limit=2), "x > 0")
    rerun_one(study.kernel, study.plan(), 1, 3)
    printed = capsys.readouterr().out
    assert printed.split()[:11] == ["point", "trial", "x", *OUTPUTS, *DRAWS, "weight"]
    assert ["weight", str(again.drawn["weight"])] in map(str.split, printed.splitlines())
    assert len({study.kernel.version, echo().drawing(DRAWS).version}) == 2


def test_failed_trials_are_told_with_what_they_drew_and_count_nowhere(tmp_path):
    result = Sweep(echo(least=20.0), grid(x=[1.0]), trials=8, seed=3, draws=DRAWS, keep="all").run(tmp_path)
    failed = failures(str(tmp_path))
    assert 0 < len(failed) < 8
    assert result[0]["gap_nonfinite"] == result[0]["sum_nonfinite"] == len(failed)
    assert result[0]["gap_min"] >= 20.0
    rows = json.loads(said("failures", tmp_path, "--format", "json"))
    assert all(row["gap"] < 20.0 and row["car"] in CARS for row in rows)
    assert f"of point 0 (x=1.0, gap={rows[0]['gap']!r}, count=" in said("failures", tmp_path)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Sweep(echo(), grid(x=1.0), trials=1, draws={"gapp": Uniform(0.0, 1.0)}), "the drawn 'gapp' is not used by command"),
        (lambda: Sweep(echo(), grid(x=1.0), trials=1, draws={"gap": 3.0}), "the drawn 'gap' is 3.0, no distribution"),
        (lambda: Sweep(command(["a", "{seed}"], outputs=["y"]), grid(), trials=1, draws={"seed": Uniform(0.0, 1.0)}), "shares its name with a placeholder"),
        (lambda: Sweep(command(["a", "{y}"], outputs=["y"]), grid(), trials=1, draws={"y": Uniform(0.0, 1.0)}), "has the name of a drawn parameter"),
        (lambda: Sweep(echo(), grid(x=1.0), trials=1, draws=DRAWS, proposals={"x": Normal(9.0, 4.0)}), "is of no parameter that command 'python' draws"),
        (lambda: Sweep(echo(), grid(x=1.0), trials=1, draws=DRAWS, proposals={"gap": Normal(9.0, 4.0, low=6.0)}), "which never gives some values"),
        (lambda: Sweep(echo(), grid(x=1.0, gap=2.0), trials=1, draws=DRAWS).plan(), "command 'python' has both an axis and a distribution"),
        (lambda: Sweep(echo(), grid(x=1.0), trials=1, draws={"gap": DRAWS["gap"]}).plan(), "placeholder {car} of command"),
        (lambda: Sweep(command(["a", "{scenario}"], outputs=["y"]), grid(), trials=1).plan(), "a path in a sweep of an OpenSCENARIO file"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(make, error):
    with pytest.raises((KernelError, PlanError)) as raised:
        make()
    assert error in str(raised.value)


SIMULATOR = """
import json, sys
from xml.etree import ElementTree

def run(path, reach):
    declared = ElementTree.parse(path).getroot().find("ParameterDeclarations")
    given = {each.get("name"): each.get("value") for each in declared}
    return {"hit": float(given["gap"]) < reach, "length": len(given["car"]), "read_gap": float(given["gap"])}

if len(sys.argv) > 1:
    print(json.dumps(run(sys.argv[1], float(sys.argv[2]))))
else:
    print('{"ready": true}', flush=True)
    for line in sys.stdin:
        asked = json.loads(line)["parameters"]
        print(json.dumps(run(asked["scenario"], asked["reach"])), flush=True)
"""
STUDY = """
from pathlib import Path
from sweep import Sweep, command, grid, openscenario

OUTPUTS = {"hit": bool, "length": int, "read_gap": float}
drive = command(["{python}", "{here}/simulator.py", "{scenario}", "{reach}"], outputs=OUTPUTS, keep_files=["scenario.xosc"])
served = command(["{python}", "{here}/simulator.py"], outputs=OUTPUTS, parameters=["scenario", "reach"], server=True)
cut_in = openscenario.read(Path(__file__).with_name("distribution.xosc")) * grid(reach=[20.0, 30.0])
study = Sweep(drive, cut_in, keep="all")
server = Sweep(served, cut_in, keep="all")
"""
UNIFORM = '<UniformDistribution><Range lowerLimit="5" upperLimit="50"/></UniformDistribution>'
DISTRIBUTION = stochastic(drawn("gap", UNIFORM), weighted("car", ("van", "0.25"), ("truck", "0.75")), runs="4")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder with the study of a scenario, and the store that it was run into."""
    folder = tmp_path_factory.mktemp("drawn")
    written(folder, DISTRIBUTION)
    (folder / "simulator.py").write_text(SIMULATOR)
    (folder / "study.py").write_text(STUDY)
    (folder / "study.toml").write_text(
        'kernel = "study.py:drive"\nopenscenario = "distribution.xosc"\nspace = {reach = [20.0, 30.0]}\n'
    )
    load_sweep(f"{folder}/study.py:study").run(folder / "store")
    return folder


def test_a_program_is_given_the_path_of_each_trials_scenario(ran):
    scenario = openscenario.read(ran / "distribution.xosc")
    table = find_cases(ran / "store").table
    assert table.column_names == ["point", "trial", "reach", "hit", "length", "read_gap", "gap", "car"]
    assert table.num_rows == 8
    for row in table.to_pylist():
        values = (scenario * grid(reach=[20.0, 30.0])).values(row["point"], row["trial"])
        assert row["gap"] == row["read_gap"] == values["gap"]
        assert (CARS[row["car"]], row["length"]) == (values["car"], len(values["car"]))
        file = ran / "store" / "files" / str(row["point"]) / str(row["trial"]) / "scenario.xosc"
        assert file.read_bytes() == scenario.concrete({name: values[name] for name in ("gap", "car")})


def test_a_server_is_told_the_path(ran):
    load_sweep(f"{ran}/study.py:server").run(ran / "served")
    one, other = (find_cases(ran / each).table for each in ("store", "served"))
    assert one.to_pydict() == other.to_pydict()


def test_a_trial_is_run_again_with_its_scenario(ran):
    program, plan, _ = prepare_stored(str(ran / "store"))
    again, kept = (
        rerun(program, plan, 1, 2),
        find_cases(ran / "store", "point == 1 and trial == 2").table.to_pylist()[0],
    )
    assert {**again.outputs, **again.drawn} == {name: kept[name] for name in plan.kernel.outputs}
    assert again.parameters["car"] == CARS[kept["car"]]
    assert Path(again.parameters["scenario"]).read_bytes().startswith(b"<?xml")
    text = said("replay", ran / "store", "--where", "reach == 30", "--limit", "2")
    assert "2 of 4 kept trials where reach == 30; run again, all outputs are as they were kept" in text
    assert any(each in text for each in CARS)


def test_a_command_is_found_by_a_plan_whose_sweep_is_not_of_the_study(tmp_path):
    (tmp_path / "mine.py").write_text('from sweep import command\nmine = command(["echo", "{gap}"], outputs=["y"])\n')
    mine = load_kernel("mine.py:mine", tmp_path)
    Sweep(mine, grid(), trials=1, draws={"gap": Uniform(0.0, 1.0)}).run(tmp_path / "store")
    assert prepare_stored(str(tmp_path / "store"))[0].outputs == ("y", "gap")


def test_it_travels_and_is_found_in_studies_of_both_kinds(ran):
    study, toml = load_sweep(f"{ran}/study.py:study"), load_sweep(ran / "study.toml")
    assert toml.kernel.version == study.kernel.version
    for each in ("study.py:study", "study.toml"):
        plan = load_sweep(f"{ran}/{each}").plan()
        assert find_kernel(f"{ran}/{each}", plan).version == plan.kernel.version
    carried = pickle.loads(pickle.dumps(study.kernel))
    values = {"gap": 7.0, "car": "van", "reach": 1.0}
    assert carried.version == study.kernel.version
    assert carried.scenario.concrete(values) == study.kernel.scenario.concrete(values)


def test_another_scenario_file_is_another_command(tmp_path):
    asked = command(["a", "{scenario}"], outputs=["y"])
    versions = {
        Sweep(asked, made(tmp_path, each)).kernel.version
        for each in (DISTRIBUTION, stochastic(drawn("gap", UNIFORM), runs="4"))
    }
    written(tmp_path, DISTRIBUTION, scenario=SCENARIO.replace('value="30.0"', 'value="31.0"'))
    versions.add(Sweep(asked, openscenario.read(tmp_path / "distribution.xosc")).kernel.version)
    assert len(versions) == 3
    assert len({Sweep(asked, grid(scenario=["a", "b"]), trials=1).kernel.version, asked.version}) == 1


def test_values_that_a_scenario_excludes_are_failed_trials(ran, tmp_path):
    study = load_sweep(f"{ran}/study.py:study")
    asked = Sweep(
        study.kernel,
        openscenario.read(ran / "distribution.xosc") * grid(reach=1.0),
        trials=1,
        draws={"gap": Uniform(200.0, 300.0)},
    )
    asked.run(tmp_path)
    assert "cannot be started: the parameter 'gap' of" in failures(str(tmp_path))[0]["reason"]


def test_relative_paths_count_from_where_the_scenario_lies(tmp_path):
    inner = """<CatalogLocations><VehicleCatalog><Directory path="../catalogs"/></VehicleCatalog></CatalogLocations>
  <RoadNetwork><LogicFile filepath="roads/a&amp;b.xodr"/><SceneGraphFile filepath="$gap"/></RoadNetwork>
  <Entities>"""
    written(tmp_path, stochastic(drawn("gap", UNIFORM)), scenario=SCENARIO.replace("<Entities>", inner))
    study = Sweep(command(["a", "{scenario}"], outputs=["y"]), openscenario.read(tmp_path / "distribution.xosc"))
    text = study.kernel.scenario.concrete({"gap": 7.0}).decode()
    assert f'<Directory path="{tmp_path.parent}/catalogs"/>' in text
    assert f'<LogicFile filepath="{tmp_path}/roads/a&amp;b.xodr"/><SceneGraphFile filepath="$gap"/>' in text
    plain = study.scenario.concrete({"gap": 7.0}).decode()
    assert plain == text.replace(f"{tmp_path.parent}/catalogs", "../catalogs").replace(f"{tmp_path}/roads", "roads")
    absolute = inner.replace('"../', '"/').replace('"roads', '"C:\\roads')
    written(tmp_path, stochastic(drawn("gap", UNIFORM)), scenario=SCENARIO.replace("<Entities>", absolute))
    again = openscenario.read(tmp_path / "distribution.xosc")
    kept = Sweep(command(["a", "{scenario}"], outputs=["y"]), again).kernel.scenario.concrete({"gap": 7.0})
    assert kept == again.concrete({"gap": 7.0})


def test_axes_of_a_scenario_reach_the_program_by_the_file(tmp_path):
    scenario = made(tmp_path, deterministic(listed("speed", "10", "20"), listed("car", "van", "bus")))
    script = """echo "{{\\"y\\": $(grep -c "value *= *.$1." {scenario})}}\""""
    asked = command(["sh", "-c", script, "sh", "{car}"], outputs={"y": int})
    result = Sweep(asked, scenario, trials=1).run()
    assert [row["y_mean"] for row in result] == [1, 1, 1, 1]
    assert asked.parameters == ("scenario", "car")
