"""What a user is told when a store cannot be used: one line."""

from __future__ import annotations

import os
import resource
import signal

import pytest

from sweep.errors import StoreError
from sweep.store import open_store


def told(store) -> str:
    with pytest.raises(StoreError) as caught:
        store.check_writable()
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("gs://bucket/x", "no store is reached by gs://; use a folder, s3://bucket/prefix or memory://name"),
        ("s3://", "names no bucket"),
        ("", "give a folder"),
    ],
)
def test_what_is_no_store(url, text):
    with pytest.raises(StoreError, match=text):
        open_store(url)


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "Not a directory" in told(open_store(str(tmp_path / "file" / "store")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    assert "cannot write to" in told(open_store(str(tmp_path / "store")))


def test_a_disk_that_takes_no_more(tmp_path):
    """A limit on the size of files is met as a full disk is: in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = open_store(str(tmp_path))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
        with pytest.raises(StoreError, match="cannot write to .*: File too large"):
            store.create("big", bytes(2 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_is_not_there(s3):
    assert told(open_store("s3://no-such-bucket-here/x")).endswith("there is no bucket 'no-such-bucket-here'")


def test_no_credentials(s3, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert "no AWS credentials: set AWS_ACCESS_KEY_ID" in told(open_store("s3://bucket/x"))


def test_an_endpoint_that_does_not_answer(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9' in told(open_store("s3://bucket/x"))


def test_a_profile_that_is_not_there(s3, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "The config profile (nobody) could not be found" in told(open_store("s3://bucket/x"))
