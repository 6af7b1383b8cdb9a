"""Settings that make no sense, or are not safe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.serve.settings import Settings, check

RIGHT = Settings(Path("/nowhere"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"host": "0.0.0.0"}, "--host 0.0.0.0 can be reached from outside: give --certificate FILE and --key FILE"),
        ({"host": "192.0.2.1"}, "can be reached from outside"),
        ({"host": "a.example"}, "can be reached from outside"),
        ({"host": "0.0.0.0", "needs_auth": False}, "is for this machine alone"),
        ({"certificate": Path("/dev/null")}, "go together"),
        ({"key": Path("/dev/null")}, "go together"),
        ({"certificate": Path("/nowhere"), "key": Path("/nowhere")}, "/nowhere is not a file"),
        ({"certificate": Path(__file__), "key": Path(__file__)}, "are not a certificate and its key"),
        ({"region": "Atlantis"}, "--region 'Atlantis'"),
        ({"region": "us-east-1\n"}, "--region"),
        ({"account": "12"}, "--account '12' is not 12 digits"),
        ({"port": 65536}, "--port 65536 is not between 0 and 65535"),
        ({"port": -1}, "--port -1"),
        ({"relaxed": ("delete-enable",)}, "did you mean 'delete-enabled'?"),
    ],
)
def test_it_is_refused_in_one_line(options, said):
    with pytest.raises(UsageError) as caught:
        check(replace(RIGHT, **options))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"host": "::1"},
        {"host": "localhost", "needs_auth": False},
        {"host": "127.0.0.2", "port": 65535},
        {"region": "us-gov-west-1", "relaxed": ("list-default-all", "short-timeouts")},
    ],
)
def test_what_makes_sense_is_taken(options):
    check(replace(RIGHT, **options))
