"""What annotations say of parameters and outputs."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from sweep import Sweep, grid, kernel
from sweep.errors import KernelError, PlanError
from sweep.plan import Plan
from sweep.replay import replay
from tests.kernels.compiling import compiled_trials

if TYPE_CHECKING:
    from sweep_kernels import Rng


class State(NamedTuple):
    x: float
    v: float
    alive: bool


class Path(NamedTuple):
    peak: float
    ends: tuple[float, float]


Pair = namedtuple("Pair", "a b")  # noqa: PYI024 - these must do as well


def step(rng: Rng, state: State, dt: float) -> State:
    return State(state.x + state.v * dt, v=state.v + rng.normal(), alive=state.x < 1.0)


@kernel
def moves(rng: Rng, a) -> State:
    state = State(0.0, a, True)
    for _ in range(5):
        state = step(rng, state, 0.1)
    pair = Pair(b=state.v, a=state.x)
    return State(pair.a, pair.b, state.alive)


def test_named_tuples_name_the_outputs_and_pass_through_helpers():
    assert moves.outputs == ("x", "v", "alive")
    values = compiled_trials(moves, 1, 0, 0, 2, a=2.0)
    assert [tuple(values[:, i]) for i in range(16)] == [moves.trial(1, 0, i, a=2.0) for i in range(16)]


@kernel
def walks(rng: Rng, a) -> Path:
    x = a * rng.normal()
    return Path(peak=abs(x), ends=(x, -x))


def test_a_field_that_is_a_tuple_is_a_vector():
    assert walks.outputs == ("peak", "ends[0]", "ends[1]")
    values = compiled_trials(walks, 1, 0, 0, 1, a=2.0)
    peak, ends = walks.trial(1, 0, 3, a=2.0)
    assert tuple(values[:, 3]) == (peak, *ends)
    assert kernel(outputs=["p", ("e", 2)])(walks.function).outputs == ("p", "e[0]", "e[1]")


@kernel(outputs=["whole", "half", "part", "tripled"])
def typed(rng: Rng, x: float, k: int, narrow: np.float32 = 0.1, flag: bool = False):
    return x, x / 2, k // 2 if flag else k // 3, narrow * 3.0


def test_numbers_are_what_they_are_annotated_as():
    assert typed.types == {"x": "float", "k": "int", "narrow": "float32", "flag": "bool"}
    sweep = Sweep(typed, grid(x=[7, 8], k=[7.0, 9.0], flag=[True]), trials=1, keep="all")
    plan = sweep.plan()
    assert plan.kinds == {"x": "float", "k": "int", "narrow": "float32"}
    assert Plan.from_json(plan.to_json(), {}).hash == plan.hash
    result = sweep.run()
    rows = [tuple(row[f"{name}_mean"] for name in typed.outputs) for row in result]
    rounded = float(np.float32(0.1)) * 3.0
    assert rows == [
        (7.0, 3.5, 3.0, rounded),
        (7.0, 3.5, 4.0, rounded),
        (8.0, 4.0, 3.0, rounded),
        (8.0, 4.0, 4.0, rounded),
    ]
    again = replay(typed, plan, {}, 3, 0).outputs
    assert tuple(again.values()) == rows[3]
    assert (type(again["whole"]), type(again["part"])) == (float, int)
    assert typed.trial(0, 0, 0, x=8, k=9.0, flag=True) == rows[3]


def test_an_annotation_that_agrees_changes_no_plan():
    def plain(rng, x):
        return x

    def annotated(rng, x: float):
        return x

    annotated.__name__ = annotated.__qualname__ = "plain"
    same = [Sweep(kernel(each), grid(x=[0.5]), trials=1).plan() for each in (plain, annotated)]
    assert same[1].kinds == {}
    whole = [Sweep(kernel(each), grid(x=[1]), trials=1).plan() for each in (plain, annotated)]
    assert [each.kinds for each in whole] == [{}, {"x": "float"}]


REFUSED = {
    "a fraction": ({"x": [1.0], "k": [7.5]}, "parameter 'k' is annotated as int, and its axis has 7.5: whole numbers"),
    "a bool": (
        {"x": [True], "k": [1]},
        "parameter 'x' of kernel 'typed' is annotated as float, and its axis is of type bool",
    ),
    "a number for a bool": (
        {"x": [1.0], "k": [1], "flag": [1]},
        "'flag' .* is annotated as bool, and its axis is of type int",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_annotation_does_not_allow_is_told(name):
    axes, told = REFUSED[name]
    with pytest.raises(PlanError, match=told):
        Sweep(typed, grid(**axes), trials=1).plan()
    with pytest.raises(PlanError, match="'x' .* is annotated as float and is given a table"):
        Sweep(typed, grid(k=[1]), trials=1, data={"x": np.ones(3)}).plan()


def test_a_trial_and_a_default_are_told_too():
    with pytest.raises(
        KernelError, match="parameter 'k' is annotated as int and is given 1.5: a whole number was expected"
    ):
        typed.trial(0, 0, 0, x=1.0, k=1.5)
    with pytest.raises(KernelError, match="parameter 'n' is annotated as int and is given 1.5"):

        @kernel
        def f(rng, n: int = 1.5):
            return n


def test_a_store_goes_on_under_its_own_annotations_only(tmp_path):
    def made(text):
        scope = {"kernel": kernel}
        (tmp_path / "f.py").write_text(f"@kernel\ndef f(rng, x{text}):\n    return x / 3\n")
        exec(compile((tmp_path / "f.py").read_text(), str(tmp_path / "f.py"), "exec"), scope)
        return scope["f"]

    Sweep(made(""), grid(x=[1]), trials=1).run(tmp_path / "store")
    with pytest.raises(
        PlanError, match="what parameters are annotated as differs: it holds {}, asked for {'x': 'float'}"
    ):
        Sweep(made(": float"), grid(x=[1]), trials=1).run(tmp_path / "store")
