"""The key pair: made once, for its owner alone."""

from __future__ import annotations

import json

import pytest

from sweep.errors import UsageError
from sweep.serve.keys import key_pair


def test_a_pair_is_made_once_and_kept(tmp_path):
    made = key_pair(tmp_path)
    assert key_pair(tmp_path) == made
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["keys.json"]
    assert len(made.secret) == 40
    assert made.access.startswith("SWEEP")
    assert len(made.access) == 20


def test_pairs_differ(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert key_pair(tmp_path / "a") != key_pair(tmp_path / "b")


def test_the_secret_is_not_in_the_text_of_a_pair(tmp_path):
    made = key_pair(tmp_path)
    assert made.secret not in repr(made)
    assert made.access in repr(made)


def test_a_pair_that_others_may_read_is_refused(tmp_path):
    key_pair(tmp_path)
    (tmp_path / "keys.json").chmod(0o644)
    with pytest.raises(UsageError, match="mode 0644"):
        key_pair(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"accessKeyId": 1, "secretAccessKey": "x"}',
        json.dumps({"accessKeyId": "a", "secretAccessKey": ""}),
    ],
)
def test_a_file_that_is_no_pair_is_refused(tmp_path, text):
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="remove it for a new one"):
        key_pair(tmp_path)


def test_a_link_to_another_file_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "keys.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="cannot be read"):
        key_pair(tmp_path)
