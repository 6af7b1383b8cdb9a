"""The page of the API says of each operation what becomes of it."""

from __future__ import annotations

import re
from pathlib import Path

import sweep.serve
from sweep.serve.operations import OPERATIONS
from tests.serve.operations.conftest import model

PAGE = Path(sweep.serve.__file__).with_name("API.md").read_text(encoding="utf-8")
TESTS = Path(__file__).with_name("operations")


def test_the_table_is_that_of_the_operations():
    rows = re.findall(r"^\| (batch|logs|sts) (\w+) \|", PAGE, flags=re.MULTILINE)
    assert sorted(rows) == sorted((service, name) for service, known in OPERATIONS.items() for name in known)


def test_all_that_aws_batch_has_is_in_the_table_or_said_to_be_left_out():
    left_out = re.search(r"Left out: ([\w,\s]+)\.", PAGE)[1]
    named = re.split(r",\s+", left_out)
    assert sorted([*named, *OPERATIONS["batch"]]) == sorted(model("batch").operation_names)


def test_each_operation_is_tested():
    tests = "".join(each.read_text(encoding="utf-8") for each in TESTS.glob("test_*.py"))
    assert [name for known in OPERATIONS.values() for name in known if f'"{name}"' not in tests] == []
