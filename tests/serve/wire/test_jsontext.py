"""JSON as it may not be."""

from __future__ import annotations

import json

import pytest

from sweep.serve.wire.jsontext import read_object, written
from sweep.serve.wire.words import UnreadableError


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", {}),
        (b"{}", {}),
        (
            b' \r\n\t{"a": [1, -0.5, 1e3, true, null, "\\u00e9\\ud83d\\ude00"]} ',
            {"a": [1, -0.5, 1000.0, True, None, "\u00e9\U0001f600"]},
        ),
        ('{"\u00e9": "\u4e2d"}'.encode(), {"\u00e9": "\u4e2d"}),
        (b'{"a": {"x": 1}, "b": {"x": 2}}', {"a": {"x": 1}, "b": {"x": 2}}),
    ],
)
def test_objects_are_read(body, value):
    assert read_object(body) == value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b" ", "not JSON"),
        (b"{", "not JSON"),
        (b"{}x", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": 01}', "not JSON"),
        (b'{"a": "\n"}', "not JSON"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b"[]", "no object"),
        (b"null", "no object"),
        (b'"a"', "no object"),
        (b"1", "no object"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b'{"b": {"a": 1, "a": 1}}', "'a' twice"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"a": ' * 100_000 + b"}" * 100_000, "too deeply"),
        (b"[" * 500_000, "too deeply"),
    ],
)
def test_what_is_no_object_is_refused(body, said):
    with pytest.raises(UnreadableError, match=said):
        read_object(body)


def test_what_is_written_is_json_and_short():
    value = {"a": [1, "\u00e9", True], "b": {}}
    assert json.loads(written(value)) == value
    assert b" " not in written(value)
    with pytest.raises(ValueError, match="not JSON compliant"):
        written({"a": float("nan")})
