"""Where outputs are read: JSON, CSV, XML, text."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.errors import KernelError
from sweep.programs import Finished, from_csv, from_json, from_text, from_xml
from sweep.programs.finished import NoResultError

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines differ


XML = """<collisions><collision time="1.5" kind="rear"><gap>0.2</gap></collision><collision time="0.5"/><ok>true</ok></collisions>"""
CSV = "time, ttc ,hit\n0,3.5,false\n1,2.5,true\n2,4,false\n"


def finished(folder, stdout="", **files):
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return Finished(str(folder), stdout.encode(), 0, {}, 1 << 20)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (from_json("a.b.1"), 2.5),
        (from_json("a.b.-1", kind=int), 7),
        (from_json("hit", kind=bool), 1),
        (from_json("n", file="r.json"), 4),
        (from_csv("ttc", file="t.csv"), 4),
        (from_csv("ttc", file="t.csv", take="first"), 3.5),
        (from_csv("ttc", file="t.csv", take="min"), 2.5),
        (from_csv("time", file="t.csv", take="sum"), 3),
        (from_csv("hit", file="t.csv", take="max", kind=bool), 1),
        (from_csv("hit", file="t.csv", take="count"), 3),
        (from_xml("collision", file="c.xml", take="count"), 2),
        (from_xml("collision", "time", file="c.xml"), 1.5),
        (from_xml("collision", "time", file="c.xml", take="min"), 0.5),
        (from_xml("collision/gap", file="c.xml"), 0.2),
        (from_xml("ok", file="c.xml", kind=bool), 1),
        (from_xml("teleport", file="c.xml", take="any"), 0),
        (from_xml("teleport", file="c.xml", take="count"), 0),
        (from_text(r"speed=(\S+)", file="l.log"), 12.0),
        (from_text(r"^warning", file="l.log", take="count"), 2),
        (from_text(r"error", file="l.log", take="any"), 0),
    ],
)
def test_a_value_is_found(tmp_path, source, value):
    log = "warning: a\nspeed=10.5\nwarning: b\nspeed=12.0 m/s\n"
    run = finished(
        tmp_path,
        'starting\n{"a": {"b": [1, 2.5, 7]}, "hit": true}\n',
        r_json='{"n": 4}',
        t_csv=CSV,
        c_xml=XML,
        l_log=log,
    )
    assert source.read(run) == value


def test_a_table_without_a_head_is_read_by_position(tmp_path):
    assert from_csv(1, delimiter=";", take="first").read(finished(tmp_path, "1;2\n3;4\n")) == 2


@pytest.mark.parametrize(
    ("source", "stdout", "why"),
    [
        (from_json("y"), "", "printed nothing"),
        (from_json("y"), "hello\n", "stdout is no JSON, nor is its last line"),
        (from_json("y"), '{"x": 1}', "stdout has no y"),
        (from_json("y.z"), '{"y": 1}', "stdout has no y.z"),
        (from_json("y"), '{"y": NaN}', "y is NaN"),
        (from_json("y"), '{"y": null}', "y is None, not a float"),
        (from_json("y"), '{"y": "fast"}', "y is 'fast', not a float"),
        (from_json("y", kind=int), '{"y": 1.5}', "y is 1.5, not a whole number"),
        (from_json("y", kind=int), '{"y": 9007199254740993}', "cannot be held exactly"),
        (from_json("y", kind=bool), '{"y": 2}', "y is 2, not a bool"),
        (from_json("y", file="no.json"), "", "wrote no no.json"),
        (from_csv("b"), "a\n1\n", "stdout has no column 'b'"),
        (from_csv("a"), "a\n", "there is no row of stdout"),
        (from_csv(3), "1,2\n", "a row without column 3"),
        (from_xml("a"), "<b>", "stdout is no XML"),
        (from_xml("a"), "<b/>", "there is no a in stdout"),
        (from_xml("."), '<!DOCTYPE b [<!ENTITY e "x">]><b>&e;</b>', "declares entities"),
        (from_text("y=(.*)"), "x=1", "there is no match of 'y=(.*)' in stdout"),
    ],
)
def test_what_is_not_there_is_said(tmp_path, source, stdout, why):
    with pytest.raises(NoResultError) as raised:
        source.read(finished(tmp_path, stdout))
    assert why in str(raised.value)


def test_a_file_of_results_may_not_be_larger_than_what_is_printed(tmp_path):
    (tmp_path / "r.json").write_text(" " * 100)
    with pytest.raises(NoResultError, match=r"r.json is larger than max_output, 10 bytes"):
        from_json("y", file="r.json").read(Finished(str(tmp_path), b"", 0, {}, 10))


@pytest.mark.parametrize(
    "make",
    [
        lambda: from_json("a", file="/etc/passwd"),
        lambda: from_json("a", file="../a"),
        lambda: from_json(3),
        lambda: from_json("a", kind=str),
        lambda: from_csv("a", take="median"),
        lambda: from_csv(True),
        lambda: from_csv("a", delimiter=", "),
        lambda: from_xml("a[", file="x"),
        lambda: from_text("(", file="x"),
    ],
)
def test_a_source_that_is_none_is_refused_where_it_is_made(make):
    with pytest.raises(KernelError):
        make()


@unhurried
@given(st.floats(allow_nan=False) | st.integers(-(2**53) + 1, 2**53 - 1))
def test_numbers_of_json_come_as_they_were_written(value):
    assert from_json("y").read(Finished("/", json.dumps({"y": value}).encode(), 0, {}, 1 << 20)) == value


def test_infinity_is_a_number():
    assert from_json("y").read(Finished("/", b'{"y": Infinity}', 0, {}, 1 << 20)) == math.inf
