"""Files that tests read: a scenario with a parameter of every type, and distributions of these."""

from __future__ import annotations

from pathlib import Path

from sweep.openscenario import Scenario, read

HEADER = '<FileHeader revMajor="1" revMinor="{minor}" date="2026-11-27T12:00:00" description="test" author="tests"/>'
SCENARIO = """<?xml version="1.0" encoding="utf-8"?>
<OpenSCENARIO>
  <FileHeader revMajor="1" revMinor="2" date="2026-11-27T12:00:00" description="caf\u00e9" author="tests"/>
  <ParameterDeclarations>
    <ParameterDeclaration name="speed" parameterType="double" value="30.0"/>
    <ParameterDeclaration name="gap" parameterType="double" value='25.0'>
      <ConstraintGroup>
        <ValueConstraint rule="greaterThan" value="0"/>
        <ValueConstraint rule="lessOrEqual" value="100"/>
      </ConstraintGroup>
    </ParameterDeclaration>
    <ParameterDeclaration name="lanes" parameterType="int" value="3"/>
    <ParameterDeclaration name="old_style" parameterType="integer" value="-3"/>
    <ParameterDeclaration name="count" parameterType="unsignedShort" value="2"/>
    <ParameterDeclaration name="id" parameterType="unsignedInt" value="2"/>
    <ParameterDeclaration
        value = "sedan"
        parameterType="string" name="car"/>
    <ParameterDeclaration name="wet" parameterType="boolean" value="false"/>
    <ParameterDeclaration name="when" parameterType="dateTime" value="2026-11-27T12:00:00"/>
    <ParameterDeclaration name="twice" parameterType="double" value="${$speed * 2}"/>
    <!-- <ParameterDeclaration name="speed" parameterType="double" value="1.0"/> -->
  </ParameterDeclarations>
  <Entities><ScenarioObject name="Ego"><Vehicle name="$car"/></ScenarioObject></Entities>
</OpenSCENARIO>
"""


def distribution(body: str, minor: int = 3, scenario: str = "scenario.xosc") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<OpenSCENARIO>\n{HEADER.format(minor=minor)}\n<ParameterValueDistribution>\n'
        f'<ScenarioFile filepath="{scenario}"/>\n{body}\n</ParameterValueDistribution>\n</OpenSCENARIO>\n'
    )


def deterministic(*inner: str) -> str:
    return distribution("<Deterministic>\n" + "\n".join(inner) + "\n</Deterministic>")


def single(name: str, inner: str) -> str:
    return f'<DeterministicSingleParameterDistribution parameterName="{name}">{inner}</DeterministicSingleParameterDistribution>'


def listed(name: str, *values: str) -> str:
    return single(
        name, "<DistributionSet>" + "".join(f'<Element value="{each}"/>' for each in values) + "</DistributionSet>"
    )


def stepped(name: str, low: str, high: str, step: str) -> str:
    inner = f'<Range lowerLimit="{low}" upperLimit="{high}"/>'
    return single(name, f'<DistributionRange stepWidth="{step}">{inner}</DistributionRange>')


def sets(*rows: dict[str, str]) -> str:
    inner = "".join(
        "<ParameterValueSet>"
        + "".join(f'<ParameterAssignment parameterRef="{key}" value="{value}"/>' for key, value in row.items())
        + "</ParameterValueSet>"
        for row in rows
    )
    return f"<DeterministicMultiParameterDistribution><ValueSetDistribution>{inner}</ValueSetDistribution></DeterministicMultiParameterDistribution>"


def stochastic(*inner: str, runs: str = "100", seed: str = ' randomSeed="7"') -> str:
    return distribution(f'<Stochastic numberOfTestRuns="{runs}"{seed}>\n' + "\n".join(inner) + "\n</Stochastic>")


def drawn(name: str, inner: str) -> str:
    return f'<StochasticDistribution parameterName="{name}">{inner}</StochasticDistribution>'


def weighted(name: str, *pairs: tuple[str, str]) -> str:
    inner = "".join(f'<Element value="{value}" weight="{weight}"/>' for value, weight in pairs)
    return drawn(name, f"<ProbabilityDistributionSet>{inner}</ProbabilityDistributionSet>")


def written(folder: Path, text: str | bytes, name: str = "distribution.xosc", scenario: str | bytes = SCENARIO) -> Path:
    """Write a distribution file and the scenario beside it."""
    for file, content in ((folder / "scenario.xosc", scenario), (folder / name, text)):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


def made(folder: Path, text: str, **options) -> Scenario:
    return read(written(folder, text), **options)
