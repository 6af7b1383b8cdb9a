"""Distribution files as spaces and as draws: every construct, and what of it is written again."""

from __future__ import annotations

import math
import struct
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep import grid
from sweep.errors import ScenarioError, UsageError
from sweep.openscenario import read
from sweep.openscenario.scenario import seed_of
from sweep_kernels.distributions import Discrete, Histogram, LogNormal, Normal, Poisson, Uniform
from tests.openscenario.files import (
    SCENARIO,
    deterministic,
    distribution,
    drawn,
    listed,
    made,
    sets,
    stepped,
    stochastic,
    weighted,
    written,
)

NORMAL = '<NormalDistribution expectedValue="30" variance="4.0"><Range lowerLimit="-INF" upperLimit="35.5"/></NormalDistribution>'
LOGNORMAL = '<LogNormalDistribution expectedValue="20" variance="50"><Range lowerLimit="1" upperLimit="100"/></LogNormalDistribution>'
BINS = '<Histogram><Bin weight="0.25"><Range lowerLimit="10" upperLimit="20"/></Bin><Bin weight="0.75"><Range lowerLimit="0" upperLimit="10"/></Bin></Histogram>'
EVERY = (
    deterministic(),
    deterministic(
        listed("car", "a &lt; b", "'"),
        listed("wet", "true", "0"),
        listed("lanes", "1", "+2"),
        listed("speed", "1e1", ".5"),
    ),
    deterministic(
        listed("when", "2024-03-21T12:00:00", "2024-03-21T12:00:00.5+01:00"),
        listed("id", "4294967295"),
        listed("old_style", "-1"),
    ),
    deterministic(stepped("speed", "0.1", "0.75", "0.1"), stepped("count", "1", "9.0", "4")),
    deterministic(stepped("speed", "0", "1e5", "1"), stepped("count", "-0.0", "9", "3.00")),
    deterministic(sets({"car": "truck", "lanes": "2"}, {"car": "van"}), stepped("speed", "10", "20", "5")),
    stochastic(
        drawn("speed", NORMAL), drawn("gap", LOGNORMAL), drawn("count", '<PoissonDistribution expectedValue="3"/>')
    ),
    stochastic(
        drawn("gap", '<UniformDistribution><Range lowerLimit="5" upperLimit="50"/></UniformDistribution>'),
        drawn("speed", BINS),
        seed="",
    ),
    stochastic(
        weighted("car", ("van", "0.25"), ("sedan", "0.75")),
        weighted("wet", ("true", "0.5"), ("false", ".5")),
        seed=' randomSeed="0.5"',
    ),
    stochastic(
        drawn(
            "speed",
            '<PoissonDistribution expectedValue="3.5"><Range lowerLimit="1" upperLimit="9"/></PoissonDistribution>',
        ),
        runs="${10 * 10}",
    ),
)


@pytest.mark.parametrize("text", EVERY, ids=range(len(EVERY)))
def test_what_was_read_is_written_and_read_as_the_same(tmp_path, text):
    scenario = made(tmp_path, text)
    again = made(tmp_path, scenario.variation.to_xml())
    assert again.variation == scenario.variation
    assert again.variation.to_xml() == scenario.variation.to_xml()
    assert (again.space, again.draws, again.trials, again.seed) == (
        scenario.space,
        scenario.draws,
        scenario.trials,
        scenario.seed,
    )


def test_values_have_the_types_that_the_scenario_declares(tmp_path):
    scenario = made(tmp_path, EVERY[1])
    assert scenario.space[0] == {"car": "a < b", "wet": True, "lanes": 1, "speed": 10.0}
    assert scenario.space[15] == {"car": "'", "wet": False, "lanes": 2, "speed": 0.5}
    assert [each.kind for each in scenario.space.parameters] == ["str", "bool", "int", "float"]
    assert made(tmp_path, EVERY[2]).space[1]["when"] == "2024-03-21T12:00:00.5+01:00"


def test_several_distributions_are_their_product_and_the_last_varies_fastest(tmp_path):
    scenario = made(tmp_path, EVERY[5])
    assert [tuple(each.values()) for each in scenario.space] == [
        ("truck", 2, 10.0), ("truck", 2, 15.0), ("truck", 2, 20.0), ("van", 3, 10.0), ("van", 3, 15.0), ("van", 3, 20.0),
    ]  # fmt: skip


def test_steps_are_decimal_numbers_and_end_where_they_do_not_meet_the_limit(tmp_path):
    scenario = made(tmp_path, EVERY[3])
    assert [each["speed"] for each in scenario.space][::3] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert [each["count"] for each in scenario.space][:3] == [1, 5, 9]
    assert [each["speed"] for each in made(tmp_path, deterministic(stepped("speed", "2", "2", "1"))).space] == [2.0]


@settings(deadline=None, max_examples=60)
@given(st.decimals(-1000, 1000, places=3), st.integers(0, 10**6), st.integers(1, 5000), st.integers(0, 3))
def test_every_step_is_the_float_nearest_to_its_decimal(start, width, numerator, places):
    step = Decimal(numerator).scaleb(-places)
    with tempfile.TemporaryDirectory() as folder:
        end = start + Decimal(width).scaleb(-2)
        space = made(Path(folder), deterministic(stepped("speed", str(start), str(end), str(step)))).space
    assert len(space) == (end - start) // step + 1
    for i in {0, len(space) // 3, len(space) - 1}:
        assert space[i]["speed"] == float(start + i * step)
        assert space.columns(i, i + 1)["speed"][0] == space[i]["speed"]


def test_a_trillion_points_are_not_made(tmp_path):
    scenario = made(
        tmp_path, deterministic(stepped("speed", "0", "999999", "1"), stepped("lanes", "1", "1000000", "1"))
    )
    assert len(scenario.space) == 10**12
    assert scenario.space[10**12 - 2] == {"speed": 999999.0, "lanes": 999999}


def test_stochastic_parameters_are_drawn_in_the_order_of_the_file(tmp_path):
    scenario = made(tmp_path, EVERY[6])
    assert scenario.space.names == ()
    assert (scenario.trials, scenario.seed) == (100, 7)
    assert list(scenario.draws.items()) == [
        ("speed", Normal(30.0, 2.0, -math.inf, 35.5)),
        ("gap", LogNormal.of_moments(20.0, 50.0, 1.0, 100.0)),
        ("count", Poisson(3.0, 0.0, 65535.0)),
    ]
    assert made(tmp_path, EVERY[7]).draws == {
        "gap": Uniform(5.0, 50.0),
        "speed": Histogram(((0.0, 10.0, 0.75), (10.0, 20.0, 0.25))),
    }
    assert made(tmp_path, EVERY[8]).draws == {
        "car": Discrete(("van", "sedan"), (0.25, 0.75)),
        "wet": Discrete((True, False), (0.5, 0.5)),
    }
    assert made(tmp_path, EVERY[9]).draws == {"speed": Poisson(3.5, 1.0, 9.0, as_float=True)}


def test_the_log_normal_distribution_has_the_moments_that_the_file_says():
    law = LogNormal.of_moments(20.0, 50.0)
    assert math.exp(law.mu + law.sigma**2 / 2) == pytest.approx(20.0)
    assert (math.exp(law.sigma**2) - 1) * 20.0**2 == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("given", "seed"),
    [
        (None, 0),
        (7.0, 7),
        (0.0, 0),
        (2.0**53, 2**53),
        (0.5, 0x3FE0000000000000),
        (-1.0, struct.unpack("<Q", struct.pack("<d", -1.0))[0]),
    ],
)
def test_a_random_seed_is_a_double(given, seed):
    assert seed_of(given) == seed


def test_expressions_may_refer_to_parameters_that_are_not_varied(tmp_path):
    scenario = made(
        tmp_path, deterministic(listed("gap", "${$speed / 2}", "$speed", "${round(sqrt(2) * 10) + $lanes}"))
    )
    assert [each["gap"] for each in scenario.space] == [15.0, 30.0, 17.0]


def test_a_scenario_alone_varies_nothing(tmp_path):
    scenario = read(written(tmp_path, SCENARIO))
    assert (scenario.space.size, scenario.names, scenario.draws, scenario.trials) == (1, (), {}, None)
    assert scenario.template.declarations["twice"].value == 60.0


def test_axes_may_be_added(tmp_path):
    scenario = made(tmp_path, EVERY[6]) * grid(latency=[0.1, 0.2])
    assert scenario.space == grid(latency=[0.1, 0.2])
    assert scenario.names == ("latency", "speed", "gap", "count")
    assert (made(tmp_path, EVERY[5]) * grid(latency=[0.1, 0.2])).space.size == 12


@pytest.mark.parametrize("minor", [1, 2, 3])
def test_versions_from_1_1_on_are_read(tmp_path, minor):
    assert made(tmp_path, distribution(f"<Deterministic>{listed('lanes', '1')}</Deterministic>", minor)).space.size == 1


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"\xff\xfe" + text.replace("utf-8", "utf-16").encode("utf-16-le"),
        lambda text: b"\xfe\xff" + text.replace("utf-8", "utf-16").encode("utf-16-be"),
        lambda text: text.replace("utf-8", "iso-8859-1").encode("latin-1"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: (
            text.replace("<OpenSCENARIO>", '<o:OpenSCENARIO xmlns:o="urn:x">')
            .replace("</OpenSCENARIO>", "</o:OpenSCENARIO>")
            .encode()
        ),
    ],
    ids=["mark", "utf-16-le", "utf-16-be", "latin-1", "crlf", "namespace"],
)
def test_encodings_namespaces_and_ends_of_lines(tmp_path, encoded):
    file = written(tmp_path, encoded(EVERY[1]), scenario=encoded(SCENARIO))
    scenario = read(file)
    assert scenario.space[0] == {"car": "a < b", "wet": True, "lanes": 1, "speed": 10.0}
    changed, before = scenario.concrete({"speed": 1.5}), (tmp_path / "scenario.xosc").read_bytes()
    assert changed.startswith(before[:40])
    assert len(before) - len(changed) in {1, 2}


def test_densities_are_of_all_draws_together(tmp_path):
    scenario = made(tmp_path, EVERY[6])
    values = scenario.values(0, 3)
    each = [scenario.draws[name].log_density(values[name]) for name in scenario.draws]
    assert scenario.log_density(values) == sum(each)
    many = {name: [scenario.values(0, trial)[name] for trial in range(5)] for name in scenario.draws}
    assert scenario.log_density(many)[3] == pytest.approx(scenario.log_density(values), rel=1e-15)
    assert scenario.log_density({**values, "speed": 36.0}) == -math.inf
    with pytest.raises(ScenarioError, match="there is no value of 'count', which is drawn"):
        scenario.log_density({"speed": 1.0, "gap": 1.0})
    text = made(tmp_path, EVERY[8])
    assert text.log_density({"car": "van", "wet": True}) == text.log_density({"car": 0, "wet": 1}) == math.log(0.125)
    with pytest.raises(ScenarioError, match="the parameter 'car' has the value 'bus' is none of"):
        text.log_density({"car": "bus", "wet": True})


def test_draws_may_be_replaced_by_others_of_their_type(tmp_path):
    scenario = made(tmp_path, EVERY[6])
    other = scenario.drawn_from(speed=Normal(40.0, 3.0))
    assert list(other.draws) == list(scenario.draws)
    values = other.values(0, 0)
    assert values["gap"] == scenario.values(0, 0)["gap"]
    assert other.log_density({**values, "speed": 50.0}) > scenario.log_density({**values, "speed": 50.0}) == -math.inf
    with pytest.raises(ScenarioError, match="the parameter 'sped' is not one that is drawn: did you mean 'speed'"):
        scenario.drawn_from(sped=Normal(40.0, 3.0))
    with pytest.raises(ScenarioError, match="is drawn as float, and Poisson"):
        scenario.drawn_from(speed=Poisson(40.0))


def test_there_is_no_point_beyond_the_last(tmp_path):
    with pytest.raises(UsageError, match="point 21 is not one of the scenario's 21: 0 to 20"):
        made(tmp_path, EVERY[3]).values(21)
