"""One test a rule of the validator."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from botocore.model import ServiceModel

from sweep.serve.wire.reading import Readers
from sweep.serve.wire.words import UnreadableError

MODEL = ServiceModel(
    {
        "metadata": {"serviceId": "made up", "protocol": "rest-json"},
        "operations": {},
        "shapes": {
            "Text": {"type": "string", "min": 2, "max": 4},
            "Any": {"type": "string"},
            "Secret": {"type": "string", "max": 3, "sensitive": True},
            "Pattern": {"type": "string", "pattern": "[a-z]+", "max": 9},
            "Javas": {"type": "string", "pattern": "[\\p{L}]+"},
            "Colour": {"type": "string", "enum": ["RED", "BLUE"]},
            "Small": {"type": "integer", "min": 1, "max": 9},
            "Integer": {"type": "integer"},
            "Long": {"type": "long"},
            "Float": {"type": "float"},
            "Double": {"type": "double", "min": 0, "max": 1},
            "Yes": {"type": "boolean"},
            "Time": {"type": "timestamp"},
            "Bytes": {"type": "blob"},
            "Few": {"type": "list", "member": {"shape": "Any"}, "min": 1, "max": 2},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Small"}, "min": 1, "max": 2},
            "One": {"type": "structure", "union": True, "members": {"a": {"shape": "Any"}, "b": {"shape": "Any"}}},
            "Tree": {"type": "structure", "members": {"leaf": {"shape": "Any"}, "branches": {"shape": "Trees"}}},
            "Trees": {"type": "list", "member": {"shape": "Tree"}},
            "Renamed": {"type": "structure", "members": {"ours": {"shape": "Any", "locationName": "theirs"}}},
            "AnyCase": {
                "type": "structure",
                "members": {
                    "colour": {"shape": "Colour", "documentation": "The values aren't case sensitive."},
                    "strict": {"shape": "Colour"},
                },
            },
            "Needs": {
                "type": "structure",
                "required": ["a", "b"],
                "members": {"a": {"shape": "Any"}, "b": {"shape": "Any"}, "c": {"shape": "Any"}},
            },
        },
    }
)


def read(shape, value):
    problems = []
    taken = Readers().reader(MODEL.shape_for(shape))(value, (None, "it"), problems)
    return taken, problems


def taken(shape, value):
    got, problems = read(shape, value)
    assert problems == []
    return got


def problem(shape, value):
    _, problems = read(shape, value)
    assert len(problems) == 1, problems
    return problems[0]


def unreadable(shape, value):
    with pytest.raises(UnreadableError) as caught:
        read(shape, value)
    return str(caught.value)


@pytest.mark.parametrize("value", ["ab", "abcd", "\u4e2d\u6587"])
def test_texts_of_the_right_length_are_taken(value):
    assert taken("Text", value) == value


def test_texts_that_are_too_short_or_too_long_are_told_with_their_place():
    assert (
        problem("Text", "a")
        == "Value 'a' at 'it' failed to satisfy constraint: Member must have length greater than or equal to 2"
    )
    assert problem("Text", "abcde").endswith("Member must have length less than or equal to 4")


def test_long_values_are_cut_and_secret_ones_not_told():
    assert "..." in problem("Text", "x" * 10_000)
    assert len(problem("Text", "x" * 10_000)) < 300
    assert "hidden" not in problem("Secret", "hidden")


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, None])
def test_what_is_no_text_is_refused(value):
    assert "not a string" in unreadable("Any", value)


def test_half_a_character_is_refused():
    assert "half a character" in unreadable("Any", "a\ud83d")


def test_a_pattern_is_for_the_whole_text():
    assert taken("Pattern", "abc") == "abc"
    assert problem("Pattern", "abc1").endswith("regular expression pattern: [a-z]+")
    assert problem("Pattern", "abc\n")
    assert "length" in problem("Pattern", "1" * 10)


def test_a_pattern_in_javas_dialect_is_left_unchecked():
    assert taken("Javas", "1") == "1"


def test_an_enumeration_names_what_there_is():
    assert taken("Colour", "RED") == "RED"
    assert problem("Colour", "red").endswith("Member must satisfy enum value set: [RED, BLUE]")


def test_case_does_not_matter_where_the_model_says_so():
    assert taken("AnyCase", {"colour": "rEd"}) == {"colour": "rEd"}
    assert problem("AnyCase", {"strict": "rEd"})
    assert problem("AnyCase", {"colour": "green"})


@pytest.mark.parametrize(("value", "got"), [(1, 1), (9, 9), (5.0, 5)])
def test_whole_numbers_are_taken(value, got):
    assert taken("Small", value) == got
    assert type(taken("Small", value)) is int


@pytest.mark.parametrize("value", [True, False, "1", 1.5, [], {}, None, math.inf, math.nan, 1e300])
def test_what_is_no_whole_number_is_refused(value):
    assert unreadable("Small", value)


def test_numbers_out_of_range_are_told():
    assert problem("Small", 0).endswith("Member must have value greater than or equal to 1")
    assert problem("Small", 10).endswith("Member must have value less than or equal to 9")


@pytest.mark.parametrize(("shape", "bits"), [("Integer", 32), ("Long", 64)])
def test_numbers_that_do_not_fit_are_refused(shape, bits):
    edge = 1 << (bits - 1)
    assert taken(shape, edge - 1) == edge - 1
    assert taken(shape, -edge) == -edge
    assert f"{bits} bits" in unreadable(shape, edge)
    assert f"{bits} bits" in unreadable(shape, -edge - 1)
    assert unreadable(shape, 10**400)


def test_floats_are_taken_if_they_are_finite():
    assert taken("Float", 3) == 3.0
    assert type(taken("Float", 3)) is float
    assert taken("Double", 0.5) == 0.5
    assert problem("Double", 1.5)
    for value in (True, "1", math.nan, math.inf, 10**400):
        assert unreadable("Double", value)
    assert unreadable("Float", 1e39)


def test_booleans_are_no_numbers_and_no_texts():
    assert taken("Yes", False) is False
    for value in (0, 1, "true", None):
        assert "not a boolean" in unreadable("Yes", value)


def test_times_and_bytes_are_what_botocores_client_would_give():
    assert taken("Time", 0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert taken("Time", "2026-01-01T00:00:00Z") == datetime(2026, 1, 1, tzinfo=UTC)
    assert taken("Bytes", "aGk=") == b"hi"
    for value in ("yesterday", 1e300, math.nan, True, None):
        assert unreadable("Time", value)
    for value in ("a", "\u00e9", 1, None):
        assert unreadable("Bytes", value)


def test_lists_are_counted_and_hold_no_null():
    assert taken("Few", ["a", "b"]) == ["a", "b"]
    assert "length greater" in problem("Few", [])
    assert "length less" in problem("Few", ["a", "b", "c"])
    assert (
        problem("Few", ["a", None])
        == "Value null at 'it.2.member' failed to satisfy constraint: Member must not be null"
    )
    for value in ({}, "a", None, 1):
        assert "not a list" in unreadable("Few", value)


def test_maps_are_counted_and_their_keys_and_values_checked():
    assert taken("Map", {"ab": 1}) == {"ab": 1}
    assert "length greater" in problem("Map", {})
    assert "length less" in problem("Map", {"aa": 1, "bb": 2, "cc": 3})
    assert "'it.key'" in problem("Map", {"a": 1})
    assert "'it.aa'" in problem("Map", {"aa": 10})
    assert "must not be null" in problem("Map", {"aa": None})
    for value in ([], "a", None, 1):
        assert "not an object" in unreadable("Map", value)


def test_all_that_is_missing_is_told_and_null_is_nothing():
    assert taken("Needs", {"a": "1", "b": "2", "c": None}) == {"a": "1", "b": "2"}
    assert read("Needs", {"a": None})[1] == [
        f"Value null at 'it.{name}' failed to satisfy constraint: Member must not be null" for name in "ab"
    ]


def test_members_that_are_not_known_are_ignored():
    assert taken("Needs", {"a": "1", "b": "2", "z": {"deep": [1, None]}}) == {"a": "1", "b": "2"}


def test_a_union_holds_exactly_one():
    assert taken("One", {"a": "1"}) == {"a": "1"}
    assert "exactly one of a, b" in unreadable("One", {"a": "1", "b": "2"})
    assert "exactly one" in unreadable("One", {})


def test_a_shape_may_hold_itself():
    tree = {"leaf": "a", "branches": [{"branches": [{"leaf": "b"}]}]}
    assert taken("Tree", tree) == tree
    assert "it.branches.1.member.leaf" in unreadable("Tree", {"branches": [{"leaf": 1}]})


def test_a_member_goes_by_its_name_on_the_wire():
    assert taken("Renamed", {"theirs": "1", "ours": "2"}) == {"ours": "1"}
