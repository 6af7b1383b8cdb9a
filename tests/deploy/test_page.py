"""The page beside the template speaks of what is in the template, and says all of it."""

from __future__ import annotations

import re

from tests.deploy.reading import DEPLOY, template

BODY = template()
PAGE = (DEPLOY / "README.md").read_text()


def test_every_parameter_is_in_the_table():
    _, _, table = PAGE.partition("| parameter | default | means |")
    cells = re.findall(r"^\| (`[^|]*) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"`([A-Za-z]+)`", cell)} == BODY["Parameters"].keys()


def test_what_is_set_on_a_command_line_is_a_parameter():
    set_there = re.findall(r"\b([A-Z][A-Za-z]+)=(?!\$\()", PAGE)
    assert set_there
    shell = {"VPC", "SUBNETS", "STREAM", "Name", "Values"}
    assert set(set_there) - shell <= BODY["Parameters"].keys()


def test_commands_and_roles_that_are_named_are_there():
    named = set(re.findall(r"(?<![:\w])([A-Z][A-Za-z]+(?:Command|Role|Policy))\b", PAGE))
    assert named
    assert named <= BODY["Outputs"].keys() | BODY["Resources"].keys()


def test_links_within_the_page_lead_somewhere():
    headings = {each.lower().replace(" ", "-") for each in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
    outside = re.findall(r"\]\((?!#)([^)]+)\)", PAGE)
    assert {each.split("/")[2] for each in outside} == {"docs.aws.amazon.com", "docs.nvidia.com"}


def test_the_command_that_tries_it_names_the_definition_of_a_stack_called_sweep():
    name = BODY["Resources"]["Definition"]["Properties"]["JobDefinitionName"]["Fn::Sub"]
    assert f"--job-definition {name.replace('${AWS::StackName}', 'sweep')}\n" in PAGE
