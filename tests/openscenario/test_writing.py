"""Concrete scenarios: the values that are asked for, and every other byte as it was."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.errors import ScenarioError
from sweep.openscenario import read, save
from sweep.openscenario.template import Template
from tests.openscenario.files import SCENARIO, deterministic, drawn, listed, made, stochastic, weighted, written

TEMPLATE = Template.parsed(SCENARIO.encode(), "scenario.xosc")
TEXT = st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\ufffe\uffff"))
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "speed": st.floats(-1e300, 1e300),
        "gap": st.floats(0.001, 100.0),
        "lanes": st.integers(-(2**31), 2**31 - 1),
        "count": st.integers(0, 65535),
        "wet": st.booleans(),
        "car": TEXT,
        "when": st.datetimes().map(lambda each: each.isoformat(timespec="microseconds")),
    },
)


@given(VALUES)
def test_a_concrete_scenario_declares_the_values(values):
    data = TEMPLATE.concrete(values)
    declared = Template.parsed(data, "concrete").declarations
    assert {name: declared[name].value for name in values} == values
    others = declared.keys() - values.keys() - {"twice"}
    assert {name: declared[name] for name in others} == {name: TEMPLATE.declarations[name] for name in others}
    back = Template.parsed(data, "concrete").concrete({name: TEMPLATE.declarations[name].value for name in values})
    assert [each.attrib for each in ET.fromstring(back).iter()] == [
        each.attrib for each in ET.fromstring(SCENARIO.encode()).iter()
    ]


def test_nothing_else_is_changed():
    assert TEMPLATE.concrete({}) == SCENARIO.encode()
    changed = TEMPLATE.concrete({"gap": 7.5, "car": 'a "b" & <c>', "wet": True}).decode()
    undone = (
        changed.replace("'7.5'", "'25.0'")
        .replace("a &quot;b&quot; &amp; &lt;c&gt;", "sedan")
        .replace('"true"', '"false"')
    )
    assert undone == SCENARIO


def test_what_the_encoding_lacks_is_written_by_its_number(tmp_path):
    latin = SCENARIO.replace("utf-8", "iso-8859-1").encode("latin-1")
    scenario = read(written(tmp_path, deterministic(listed("car", "\u03a9")), scenario=latin))
    data = scenario.concrete(scenario.values(0))
    assert b'"&#937;"' in data
    assert b"caf\xe9" in data


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sped": 1.0}, "declares no parameter 'sped': did you mean 'speed'"),
        ({"lanes": 1.5}, "the parameter 'lanes' of scenario.xosc is 1.5: a value of type int"),
        ({"wet": 1}, "the parameter 'wet' of scenario.xosc is 1: a value of type boolean"),
        (
            {"gap": 0.0},
            "the parameter 'gap' of scenario.xosc is 0.0, which its constraints exclude: > 0.0 and <= 100.0",
        ),
        ({"speed": float("nan")}, "is nan: a value of type double"),
    ],
)
def test_what_does_not_fit_is_refused(values, message):
    with pytest.raises(ScenarioError, match=message):
        TEMPLATE.concrete(values)


def test_values_as_assignments_and_as_json(tmp_path):
    scenario = made(
        tmp_path,
        stochastic(
            weighted("car", ("a & b".replace("&", "&amp;"), "1")),
            drawn("count", '<PoissonDistribution expectedValue="3"/>'),
        ),
    )
    values = scenario.values(0, 5)
    assert json.loads(scenario.as_json(values)) == values
    root = ET.fromstring(scenario.assignments(values))
    assert [each.attrib for each in root] == [
        {"parameterRef": "car", "value": "a & b"},
        {"parameterRef": "count", "value": str(values["count"])},
    ]
    assert scenario.concrete({"car": 0, "count": 3}) == scenario.concrete({"car": "a & b", "count": 3})


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    save(b"one", tmp_path / "a.xosc")
    save(b"two", tmp_path / "a.xosc")
    assert (tmp_path / "a.xosc").read_bytes() == b"two"
    with pytest.raises(ScenarioError, match=r"'.*a.xosc' cannot be written: No such file"):
        save(b"one", tmp_path / "lost" / "a.xosc")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ScenarioError, match="cannot be written: Is a directory"):
        save(b"one", tmp_path / "folder")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.xosc", "folder"]
