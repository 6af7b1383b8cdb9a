"""What the README and the pages beside the code say is so: their blocks run, their links lead somewhere."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pytest
import scipy.stats

import sweep
import sweep.intervals
from sweep import Sweep, load_sweep, open_result
from sweep_kernels.draws import METHODS
from sweep_kernels.rng import Rng

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "sweep/COMMANDS.md",
        "sweep/KERNELS.md",
        "sweep/space/SPEC.md",
        "sweep/openscenario/OPENSCENARIO.md",
        "sweep/result/COLUMNS.md",
        "sweep/result/STATISTICS.md",
        "sweep/cli/OPTIONS.md",
        "sweep/serve/SERVE.md",
    )
]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


README_STUDY, README_SPACES, README_RESULTS = blocks(ROOT / "README.md", "python")
TOML = [*blocks(ROOT / "README.md", "toml"), *blocks(ROOT / "sweep/space/SPEC.md", "toml")]
TOML += blocks(ROOT / "sweep/result/STATISTICS.md", "toml")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_kernels.py").write_text(README_STUDY)
    (tmp_path / "points.csv").write_text("gap,speed\n10.0,12.5\n20.0,15.0\n")
    return tmp_path


@pytest.mark.parametrize("text", TOML, ids=range(len(TOML)))
def test_a_block_of_toml_is_a_study(here, text):
    (here / "study.toml").write_text(text)
    assert load_sweep("study.toml").plan().points > 0


def test_the_study_of_the_readme_is_the_example_and_prints_its_table():
    names: dict = {}
    exec(README_STUDY, names)
    example = load_sweep(ROOT / "examples/emergency_braking.py")
    assert names["study"].space == example.space
    assert (names["study"].trials, names["study"].seed) == (example.trials, example.seed)
    shown = re.search(r"emergency_braking\.py\n(.*?)\n +\.\.\.", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [each.removeprefix("    ") for each in shown.group(1).splitlines()]
    assert lines == (ROOT / "examples/emergency_braking.out").read_text().splitlines()[: len(lines)]


def test_the_spaces_of_the_readme_and_of_their_page(here):
    names = {**{name: getattr(sweep, name) for name in sweep.__all__}, "scipy": scipy}
    names |= {
        "left": sweep.grid(u=[1]),
        "right": sweep.grid(v=[1]),
        "first": sweep.grid(u=[1]),
        "second": sweep.grid(u=[2]),
    }
    lines = [*README_SPACES.splitlines(), *"".join(blocks(ROOT / "sweep/space/SPEC.md", "python")).splitlines()]
    for line in lines:
        eval(line.replace("grid(...)", "grid(a=[1, 2], b=[0.1])"), names)


def test_the_results_of_the_readme_and_of_their_page(here):
    names = {"open_result": open_result, "study": replace(load_sweep("my_kernels.py"), trials=1000)}
    exec(README_RESULTS, names)
    (page,) = blocks(ROOT / "sweep/result/COLUMNS.md", "python")
    exec(page.replace("sweep-results/braking", "results/braking"), names)


def test_every_draw_is_on_its_page_with_its_parameters():
    signatures = {name: inspect.signature(getattr(Rng, name)).parameters.values() for name in METHODS}
    calls = {
        f"rng.{name}({', '.join(each.name + default(each) for each in parameters if each.name not in {'self', 'proposal'})})"
        for name, parameters in signatures.items()
    }
    _, _, table = (ROOT / "sweep/KERNELS.md").read_text().partition("# The draws")
    assert {
        each for row in re.findall(r"^\|([^|]*)\|", table, re.MULTILINE) for each in re.findall("`([^`]+)`", row)
    } == calls


def default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is parameter.empty else f"={parameter.default}"


def test_the_study_of_the_page_of_statistics(here):
    names = {**{name: getattr(sweep, name) for name in sweep.__all__}}
    names["braking"] = load_sweep("my_kernels.py").kernel
    (page,) = blocks(ROOT / "sweep/result/STATISTICS.md", "python")
    exec(page.replace("100_000", "4000"), names)
    asked = load_sweep_of(here, blocks(ROOT / "sweep/result/STATISTICS.md", "toml")[0]).plan()
    assert replace(asked, request=names["study"].plan().request, trials=4000).hash == names["study"].plan().hash
    upper = sweep.intervals.quantile_ranks([3687, 3688], 0.999, 0.95)[2]
    assert list(upper - [3687, 3688]) == [1, 0]


def test_the_study_of_the_page_of_rare_events(here):
    """What it prints is on the page; and every draw that takes a proposal is named there."""
    text = (ROOT / "sweep/RARE.md").read_text()
    (here / "braking.py").write_text(blocks(ROOT / "sweep/RARE.md", "python")[0])
    told = repr(load_sweep(here / "braking.py").run(executor="inprocess")).splitlines()
    _, _, shown = text.partition("    $ sweep run braking.py\n")
    assert told == [each.removeprefix("    ") for each in shown.splitlines()[: len(told)]]
    proposed = {name for name in METHODS if "proposal" in inspect.signature(getattr(Rng, name)).parameters}
    (line,) = (each for each in (ROOT / "sweep/KERNELS.md").read_text().splitlines() if "take a `proposal`" in each)
    assert set(re.findall("`([a-z]+)`", line.partition(" take ")[0])) == proposed
    assert all(f"`{name}`" in text or f"rng.{name}(" in text for name in proposed)


def test_the_study_of_the_page_of_openscenario(here, monkeypatch):
    (here / "page.py").write_text(blocks(ROOT / "sweep/openscenario/OPENSCENARIO.md", "python")[0])
    monkeypatch.chdir(ROOT / "examples" / "openscenario_cut_in")
    plan = load_sweep(here / "page.py").plan()
    assert (plan.points, plan.trials, list(plan.draws)) == (3, 200_000, ["gap", "speed_difference", "surface"])


def load_sweep_of(here, text: str) -> Sweep:
    (here / "study.toml").write_text(text)
    return load_sweep("study.toml")


KERNEL = """
import math
import numpy as np
from sweep import Sweep, grid, kernel
from mylib import f

TABLE = np.array([1.0, 2.0])
SCALE = 2.0

def helper(rng, x):
    return SCALE * x + rng.normal()

@kernel(outputs=["y", "low"])
def allowed(rng, x, mode):
    weights = (0.5, 1.5)
    total, i = 0.0, 0
    while i < 2:
        total += weights[i] * TABLE[i]
        i += 1
    if mode == 0:
        total += abs(min(x, 1.0)) + round(x) + np.exp(-x) + math.sqrt(x) + f(x)
    if total < -1e9:
        raise ValueError("lost")
    return helper(rng, total), total < 5.0

study = Sweep(allowed, grid(x=[1.0, 4.0], mode=["day", "night"]), trials=10)
"""


def test_a_kernel_may_use_what_its_page_says(here):
    (here / "mylib.py").write_text("def f(x):\n    return x + 1.0\n")
    (here / "allowed.py").write_text(KERNEL)
    study = load_sweep("allowed.py")
    assert isinstance(study, Sweep)
    assert len(study.run()) == 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        file, _, heading = link.partition("#")
        target = page.parent / file
        assert target.exists(), link
        headings = (
            [
                line.lstrip("# ").lower().replace(" ", "-")
                for line in target.read_text().splitlines()
                if line.startswith("#")
            ]
            if heading
            else []
        )
        assert not heading or heading in headings, link
