"""What is malformed or unsupported is told in one line, with the element and its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.errors import ScenarioError, UsageError
from sweep.openscenario import read
from sweep.openscenario.markup import LARGEST, parsed
from sweep.openscenario.template import Template
from tests.openscenario.files import (
    SCENARIO,
    deterministic,
    distribution,
    drawn,
    listed,
    made,
    sets,
    single,
    stepped,
    stochastic,
    weighted,
    written,
)

RANGE = '<Range lowerLimit="{}" upperLimit="{}"/>'
NORMAL = '<NormalDistribution expectedValue="{}" variance="{}">{}</NormalDistribution>'

FILES = {
    "undeclared": (deterministic(listed("sped", "1")), 7, "<DeterministicSingleParameterDistribution> speaks of the parameter 'sped', which the scenario does not declare: did you mean 'speed'?"),
    "undeclared draw": (stochastic(drawn("x", NORMAL.format(1, 1, ""))), 7, "<StochasticDistribution> speaks of the parameter 'x', which the scenario"),
    "undeclared assignment": (deterministic(sets({"lane": "1"})), 7, "<ParameterAssignment> speaks of the parameter 'lane'"),
    "unknown distribution": (stochastic(drawn("speed", "<GammaDistribution/>")), 7, "<GammaDistribution> is not expected in <StochasticDistribution>: did you mean"),
    "user defined": (stochastic(drawn("speed", '<UserDefinedDistribution type="mine">x</UserDefinedDistribution>')), 7, "<UserDefinedDistribution> of type 'mine' is not supported"),
    "user defined set": (deterministic(single("speed", '<UserDefinedDistribution type="mine"/>')), 7, "<UserDefinedDistribution> of type 'mine' is not supported"),
    "sum": (stochastic(weighted("car", ("a", "0.5"), ("b", "0.6"))), 7, "<ProbabilityDistributionSet> has weights that add up to 1.1, not to 1: write probabilities"),
    "sum of bins": (stochastic(drawn("speed", f'<Histogram><Bin weight="2">{RANGE.format(0, 1)}</Bin></Histogram>')), 7, "<Histogram> has weights that add up to 2, not to 1"),
    "negative weight": (stochastic(weighted("car", ("a", "-0.5"), ("b", "1.5"))), 7, "<ProbabilityDistributionSet> has a weight of -0.5: 0 or more"),
    "empty set": (stochastic(weighted("car")), 7, "<ProbabilityDistributionSet> has weights that add up to 0, not to 1"),
    "same value": (stochastic(weighted("lanes", ("1", "0.5"), ("+1", "0.5"))), 7, "<Element> has the value 1, which is there before"),
    "no number": (deterministic(listed("speed", "fast")), 7, "<Element> gives 'speed' a value that is 'fast': a finite double was expected"),
    "underscores": (deterministic(listed("speed", "1_000")), 7, "<Element> gives 'speed' a value that is '1_000': a finite double"),
    "endless exponent": (deterministic(stepped("speed", "0e99999999999999999999", "1", "1")), 7, "is '0e99999999999999999999': a finite double"),
    "other digits": (deterministic(listed("lanes", "\u0663")), 7, "a value of type int was expected"),
    "nan": (deterministic(listed("speed", "NaN")), 7, "is 'NaN': a finite double"),
    "too large": (deterministic(listed("count", "65536")), 7, "is 65536: a value of type unsignedShort is from 0 to 65535"),
    "fraction": (deterministic(listed("lanes", "1.5")), 7, "is '1.5': a value of type int was expected"),
    "computed fraction": (deterministic(listed("lanes", "${3 / 2}")), 7, "is 1.5: a value of type int was expected"),
    "no boolean": (deterministic(listed("wet", "yes")), 7, "is 'yes': true or false was expected"),
    "no date": (deterministic(listed("when", "tomorrow")), 7, "is 'tomorrow': a date and a time was expected"),
    "constraint": (deterministic(listed("gap", "50", "0")), 7, "<Element> gives 'gap' the value 0.0, which its constraints exclude: > 0.0 and <= 100.0"),
    "constraint of a range": (deterministic(stepped("gap", "50", "101", "1")), 7, "<DistributionRange> gives 'gap' the value 101.0, which its constraints exclude"),
    "constraint of draws": (stochastic(drawn("gap", NORMAL.format(30, 4, ""))), 7, "<NormalDistribution> may give 'gap' any number, and its constraints are > 0.0 and <= 100.0: give it a <Range>"),
    "twice": (deterministic(listed("speed", "1"), sets({"speed": "2"})), 8, "<DeterministicMultiParameterDistribution> varies 'speed', which an element before it varies too"),
    "drawn twice": (stochastic(drawn("speed", NORMAL.format(1, 1, "")), drawn("speed", NORMAL.format(1, 1, ""))), 8, "<StochasticDistribution> varies 'speed', which"),
    "assigned twice": (deterministic(sets({"speed": "2"}).replace("</ParameterValueSet>", '<ParameterAssignment parameterRef="speed" value="3"/></ParameterValueSet>')), 7, "<ParameterAssignment> assigns 'speed', which is assigned before in this set"),
    "variance": (stochastic(drawn("speed", NORMAL.format(1, 0, ""))), 7, "<NormalDistribution> has a variance of 0: above 0"),
    "range": (stochastic(drawn("speed", NORMAL.format(1, 1, RANGE.format(3, 2)))), 7, "<Range> has a lowerLimit of 3.0 above its upperLimit of 2.0"),
    "far range": (stochastic(drawn("speed", NORMAL.format(1, 1, RANGE.format(100, 200)))), 7, "<NormalDistribution> of 'speed': the range from 100 to 200 has no probability"),
    "infinite": (stochastic(drawn("speed", f"<UniformDistribution>{RANGE.format(0, 'INF')}</UniformDistribution>")), 7, "<Range> has an attribute 'upperLimit' that is 'INF': a finite double"),
    "normal of whole numbers": (stochastic(drawn("lanes", NORMAL.format(1, 1, ""))), 7, "<NormalDistribution> of 'lanes': draws numbers with fractions, and 'lanes' is of type int"),
    "poisson of text": (stochastic(drawn("car", '<PoissonDistribution expectedValue="3"/>')), 7, "<PoissonDistribution> of 'car': draws numbers, and 'car' is of type string"),
    "steps of text": (deterministic(stepped("car", "1", "2", "1")), 7, "<DistributionRange> steps through 'car', which is of type string"),
    "no step": (deterministic(stepped("speed", "1", "2", "0")), 7, "<DistributionRange> has a stepWidth of 0.0: above 0"),
    "broken step": (deterministic(stepped("lanes", "1", "2", "0.5")), 7, "'lanes' is of type int, and a limit or the step is no whole number"),
    "many digits": (deterministic(stepped("speed", "0.1234567890123456789", "2", "1")), 7, "beyond 15 digits"),
    "many values": (deterministic(stepped("speed", "0", "1e15", "1")), 7, "<DistributionRange> has steps that cannot be taken: there would be 1,000,000,000,000,001 values"),
    "bins": (stochastic(drawn("speed", f'<Histogram><Bin weight="0.5">{RANGE.format(0, 2)}</Bin><Bin weight="0.5">{RANGE.format(1, 3)}</Bin></Histogram>')), 7, "<Histogram> of 'speed': the bin that starts at 1 overlaps"),
    "lacking attribute": (stochastic(drawn("speed", '<NormalDistribution expectedValue="1"/>')), 7, "<NormalDistribution> has no attribute 'variance'"),
    "unknown attribute": (stochastic(drawn("speed", NORMAL.format(1, 1, "").replace("variance", 'sigma="1" variance'))), 7, "<NormalDistribution> has an unknown attribute 'sigma'"),
    "lacking element": (stochastic(drawn("speed", "<UniformDistribution/>")), 7, "<UniformDistribution> has 0 elements where one <Range> was expected"),
    "no runs": (stochastic(weighted("car", ("a", "1")), runs="0"), 6, "<Stochastic> has a numberOfTestRuns of 0: 1 or more"),
    "half a run": (stochastic(weighted("car", ("a", "1")), runs="1.5"), 6, "<Stochastic> has an attribute 'numberOfTestRuns' that is 1.5: a value of type unsignedInt"),
    "nothing drawn": (stochastic(), 6, "<Stochastic> has no <StochasticDistribution>"),
    "both": (distribution("<Deterministic/><Stochastic/>"), 4, "<ParameterValueDistribution> has 2 elements <Deterministic> or <Stochastic>: one was expected"),
    "old version": (distribution("<Deterministic/>", minor=0), 3, "<FileHeader> says version 1.0, which has no parameter value distributions: they came with version 1.1"),
    "new version": (distribution("<Deterministic/>", minor=4), 3, "<FileHeader> says version 1.4: versions 1.1 to 1.3 are read"),
    "no version": (distribution("<Deterministic/>").replace('revMinor="3"', ""), 3, "<FileHeader> says revMinor='': a whole number"),
    "varied reference": (deterministic(listed("speed", "1"), listed("gap", "$speed")), 8, "<Element> gives 'gap' a value that refers to $speed, which has no value here"),
    "function": (deterministic(listed("speed", "${system(1)}")), 7, "is '${system(1)}': there is no function 'system'"),
    "division": (deterministic(listed("speed", "${1 / ($lanes - 3)}")), 7, "is an expression that divides by zero"),
    "lacking scenario": (distribution("<Deterministic/>", scenario="lost.xosc"), 5, "<ScenarioFile> refers to a file that is not there: "),
    "not closed": ("<OpenSCENARIO>\n<FileHeader>\n</OpenSCENARIO>", 3, "mismatched tag"),
    "entities": ('<?xml version="1.0"?>\n<!DOCTYPE o [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<OpenSCENARIO>&b;</OpenSCENARIO>', 2, "<!DOCTYPE o> is refused"),
    "other root": ("<xodr/>", 1, "<xodr> is the outermost element: <OpenSCENARIO> was expected"),
    "deep": ("<OpenSCENARIO>" + "<a>" * 200 + "</a>" * 200 + "</OpenSCENARIO>", 1, "<a> is nested more than 100 deep"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_the_element_and_its_line_are_told(tmp_path, name):
    text, line, message = FILES[name]
    file = written(tmp_path, text)
    with pytest.raises(ScenarioError) as caught:
        read(file)
    told = str(caught.value)
    assert told.startswith(f"{file}:{line}: ")
    assert message in told
    assert "\n" not in told
    assert caught.value.exit_code == 2


SCENARIOS = {
    "type": (SCENARIO.replace('"int"', '"float"'), 12, "declares 'lanes' of type 'float': expected one of int, integer"),
    "value": (SCENARIO.replace('value="3"', 'value="three"'), 12, "gives 'lanes' a value that is 'three'"),
    "name": (SCENARIO.replace('name="lanes"', 'name="speed"'), 12, "declares 'speed', which is declared before"),
    "rule": (SCENARIO.replace("lessOrEqual", "atMost"), 9, "has the rule 'atMost': expected one of equalTo, greaterThan"),
    "order": (SCENARIO.replace('value="false"/>', 'value="false"><ConstraintGroup><ValueConstraint rule="lessThan" value="true"/></ConstraintGroup></ParameterDeclaration>'), 19, "whose values have no order"),
    "no group": (re.sub(r"<ValueConstraint [^>]*>", "", SCENARIO), 7, "<ConstraintGroup> has no <ValueConstraint>"),
    "catalog": (SCENARIO.replace("Entities>", "Catalog>"), 2, "<OpenSCENARIO> has a <Catalog>, and a scenario was expected"),
    "distribution": (deterministic(), 2, "<OpenSCENARIO> has a <ParameterValueDistribution> where a scenario was expected"),
    "version": (SCENARIO.replace('revMajor="1"', 'revMajor="2"'), 3, "<FileHeader> says version 2.2: versions 1.0 to 1.3 are read"),
    "no header": (re.sub("<FileHeader.*\n", "", SCENARIO), 2, "<OpenSCENARIO> has 0 elements <FileHeader>"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_and_those_of_the_scenario(tmp_path, name):
    text, line, message = SCENARIOS[name]
    with pytest.raises(ScenarioError) as caught:
        read(written(tmp_path, deterministic(listed("speed", "1")), scenario=text))
    assert str(caught.value).startswith(f"{tmp_path / 'scenario.xosc'}:{line}: <")
    assert message in str(caught.value)


def test_relative_weights_are_taken_where_that_is_said(tmp_path):
    text = stochastic(weighted("car", ("car", "30"), ("truck", "30"), ("motorcycle", "40")))
    with pytest.raises(
        ScenarioError,
        match=r"add up to 100, not to 1: write probabilities, or read it with relative_weights=True \(--relative-weights; ",
    ):
        made(tmp_path, text)
    assert made(tmp_path, text, relative_weights=True).draws["car"].log_density(2) == pytest.approx(-0.916290731874155)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ScenarioError, match="there is no file '.*lost.xosc'"):
        read(tmp_path / "lost.xosc")
    with pytest.raises(ScenarioError, match="cannot be read: Is a directory"):
        read(tmp_path)
    for text, message in (
        (b"\xff\xff", "it cannot be read as utf-8"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "cannot be read as klingon"),
    ):
        with pytest.raises(ScenarioError, match=message):
            read(written(tmp_path, text))
    with pytest.raises(ScenarioError, match="at most 67,108,864 are read"):
        parsed(b" " * (LARGEST + 1), "large")


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_file_with_anything_changed_is_read_or_told_of(data):
    text = data.draw(st.sampled_from([SCENARIO, *(each for each, _, _ in FILES.values())]))
    at = data.draw(st.integers(0, len(text) - 1))
    changed = (
        text[:at]
        + data.draw(st.sampled_from(["", "<", '"', "&", "0", "-", "$", "}", "\x00", "\ud7ff", "1e999"]))
        + text[at + data.draw(st.integers(0, 9)) :]
    )
    template = Template.parsed(SCENARIO.encode(), "scenario.xosc")
    try:
        markup = parsed(changed.encode(), "changed.xosc")
        from sweep.openscenario.variation import scenario_file, varied

        if scenario_file(markup) is None:
            Template.of(markup)
        else:
            varied(markup, template.declarations, relative_weights=False)
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most are read
