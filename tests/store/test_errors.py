"""What a user is told when a store cannot be used: one line."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest

from sweep.errors import ObjectExistsError, StoreError
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
        ("file://results/x", "names a host: write file:///absolute/folder"),
        ("~nosuchuser/x", "there is no such user"),
        (Path("s3://bucket/x"), "a path cannot hold a URL"),
        (5, "store 5: give a folder"),
        ("a\0b", "give a folder"),
    ],
)
def test_what_is_no_store(url, text):
    with pytest.raises(StoreError, match=text):
        open_store(url)


def test_what_names_a_folder(tmp_path):
    assert (
        open_store(tmp_path).url
        == open_store(str(tmp_path)).url
        == open_store(f"file://{tmp_path}").url
        == str(tmp_path)
    )
    assert open_store("file:///tmp/a#1/x%20y?z").url == "/tmp/a#1/x y?z"
    assert open_store(open_store(tmp_path)).url == str(tmp_path)


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


def test_a_name_that_no_bucket_has(s3):
    text = told(open_store("s3://not a bucket/x"))
    assert 'Parameter validation failed: Invalid bucket name "not a bucket"' in text


def test_a_body_that_is_cut_short_is_asked_for_again(s3, bucket, monkeypatch):
    from botocore.exceptions import IncompleteReadError

    store = open_store(f"s3://{bucket}/x")
    store.create("a", b"whole")
    real, asked = store._client.get_object, []

    def cut(**where):
        answer = real(**where)
        asked.append(where)
        if len(asked) < 3:
            answer["Body"].read = lambda: (_ for _ in ()).throw(IncompleteReadError(actual_bytes=2, expected_bytes=5))
        return answer

    monkeypatch.setattr(store._client, "get_object", cut)
    assert (store.get("a"), len(asked)) == (b"whole", 3)
    monkeypatch.setattr(store._client, "get_object", lambda **where: asked.clear() or cut(**where))
    with pytest.raises(StoreError, match="IncompleteReadError: 2 read, but total bytes expected is 5"):
        store.get("a")


def test_a_put_whose_answer_was_lost_is_ours(s3, bucket, monkeypatch):
    store = open_store(f"s3://{bucket}/x")
    real = store._client.put_object

    def twice(**what):
        real(**what)
        return real(**what)

    monkeypatch.setattr(store._client, "put_object", twice)
    store.create("a", b"data")
    with pytest.raises(ObjectExistsError):
        store.create("a", b"data")


def test_what_could_not_be_deleted_is_told(s3, bucket, monkeypatch):
    store = open_store(f"s3://{bucket}/x")
    errors = [{"Key": "x/a", "Code": "AccessDenied", "Message": "no"}]
    monkeypatch.setattr(store._client, "delete_objects", lambda **_: {"Errors": errors})
    with pytest.raises(StoreError, match="cannot delete 1 objects of s3://.*/x: x/a: AccessDenied: no"):
        store.delete(["a"])


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
