"""Forms of the query protocol."""

from __future__ import annotations

import pytest
from botocore.model import DenormalizedStructureBuilder

from sweep.serve.wire.form import read_form, tree
from sweep.serve.wire.words import UnreadableError

SHAPE = (
    DenormalizedStructureBuilder()
    .with_members(
        {
            "Name": {"type": "string"},
            "Count": {"type": "integer"},
            "Share": {"type": "double"},
            "Dry": {"type": "boolean"},
            "Tags": {"type": "list", "member": {"type": "structure", "members": {"Key": {"type": "string"}}}},
            "Notes": {"type": "map", "key": {"type": "string"}, "value": {"type": "integer"}},
        }
    )
    .build_model()
)


def test_a_form_is_decoded():
    assert read_form(b"a=b+c%2B%C3%A9&d=&e") == {"a": "b c+\u00e9", "d": "", "e": ""}


@pytest.mark.parametrize("body", [b"a=\xff", b"a=%FF"])
def test_a_form_that_is_not_utf_8_is_refused(body):
    with pytest.raises(UnreadableError):
        read_form(body)


def test_names_with_dots_are_trees():
    form = {
        "Action": "X",
        "Name": "12",
        "Count": "12",
        "Share": "0.5",
        "Dry": "true",
        "Tags.member.2.Key": "b",
        "Tags.member.1.Key": "a",
        "Notes.entry.1.key": "k",
        "Notes.entry.1.value": "7",
    }
    assert tree(form, SHAPE) == {
        "Name": "12",
        "Count": 12,
        "Share": 0.5,
        "Dry": True,
        "Tags": [{"Key": "a"}, {"Key": "b"}],
        "Notes": {"k": 7},
    }


def test_what_is_no_number_stays_for_its_reader_to_refuse():
    assert tree({"Count": "many", "Dry": "perhaps"}, SHAPE) == {"Count": "many", "Dry": "perhaps"}


@pytest.mark.parametrize(
    "form",
    [
        {"Name.x": "1"},
        {"Tags.member.x.Key": "1"},
        {"Tags.member": "1"},
        {"Notes.entry.1.value": "1"},
        {"Notes.entry.1": "1"},
        {"Name": "1", "Name.x": "2"},
        {"Tags.member.1.Key": "1", "Tags.member.1": "2"},
        {".".join("a" * 100): "1"},
    ],
)
def test_trees_that_do_not_fit_are_refused(form):
    with pytest.raises(UnreadableError):
        tree(form, SHAPE)
