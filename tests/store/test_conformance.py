"""One suite for every store."""

from __future__ import annotations

import pickle
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.errors import ObjectExistsError, ObjectNotFoundError, StoreError
from sweep.store import Store, open_store


@pytest.fixture(params=["folder", "s3", "memory"])
def store(request, tmp_path):
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    if request.param == "memory":
        return open_store(f"memory://{uuid.uuid4()}")
    return open_store(f"s3://{request.getfixturevalue('bucket')}/some/prefix")


def test_it_is_a_store(store):
    assert isinstance(store, Store)


def test_what_is_created_is_read_and_listed(store):
    store.create("map/1.bin", b"one")
    store.create("empty", b"")
    assert store.get("map/1.bin") == b"one"
    assert [tuple(entry) for entry in store.list()] == [("empty", 0), ("map/1.bin", 3)]


def test_an_object_is_created_once(store):
    store.create("a", b"first")
    for other in (b"second", b"first"):
        with pytest.raises(ObjectExistsError, match="already has a"):
            store.create("a", other)
    assert store.get("a") == b"first"


@pytest.mark.parametrize("brought", [list(range(16)), [7] * 16])
def test_of_many_writers_exactly_one_creates(store, brought):
    """Also where they bring the same: two runs that find the same missing must not take one wave for theirs."""

    def attempt(number: int) -> bool:
        try:
            store.create("a", b"%d" % brought[number])
        except ObjectExistsError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(attempt, range(16)))
    assert won.count(True) == 1
    assert store.get("a") == b"%d" % brought[won.index(True)]


def test_an_object_is_replaced_whole(store, tmp_path):
    store.replace("a", b"a longer text")
    store.replace("a", b"short")
    assert store.get("a") == b"short"
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * (20 << 12))
    store.replace_file("a", big)
    assert store.get("a") == bytes(range(256)) * (20 << 12)


def test_a_missing_object_is_told_apart_from_other_troubles(store):
    with pytest.raises(ObjectNotFoundError):
        store.get("not/there")
    assert list(store.list("not/")) == []


def test_listing_goes_by_prefix_not_by_folder(store):
    for key in ("map/2", "map/10", "mapped", "map-2", "other/map/1"):
        store.create(key, b"")
    assert [entry.key for entry in store.list("map/")] == ["map/10", "map/2"]
    assert [entry.key for entry in store.list("map")] == ["map-2", "map/10", "map/2", "mapped"]


def test_a_thousand_and_more_are_listed_and_deleted(store):
    if store.url.startswith("s3"):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: store.create(f"many/{i:05d}", b"x"), range(1005)))
    else:
        for i in range(1005):
            store.create(f"many/{i:05d}", b"x")
    assert len(list(store.list())) == 1005
    store.delete([f"many/{i:05d}" for i in range(1005)] + ["never/there"])
    assert list(store.list()) == []


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/./b"])
def test_a_key_that_is_no_path_inside_is_our_mistake(store, key):
    with pytest.raises(ValueError, match="is not a key"):
        store.create(key, b"")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("crd"), st.sampled_from(["a", "b/c", "b/d é+%&=", "b c"]), st.binary(max_size=20))
    )
)
def test_any_sequence_does_what_a_dictionary_does(store, steps):
    store.delete([entry.key for entry in store.list()])
    model: dict[str, bytes] = {}
    for verb, key, data in steps:
        if verb == "c" and key in model:
            with pytest.raises(ObjectExistsError):
                store.create(key, data)
        elif verb == "c":
            store.create(key, data)
            model[key] = data
        elif verb == "r":
            store.replace(key, data)
            model[key] = data
        elif verb == "d":
            store.delete([key])
            model.pop(key, None)
    assert {entry.key: entry.size for entry in store.list()} == {key: len(data) for key, data in model.items()}
    assert {key: store.get(key) for key in model} == model


def test_it_travels_to_another_process_unless_it_is_in_memory(store):
    store.create("a", b"here")
    if store.url.startswith("memory"):
        with pytest.raises(StoreError, match="other processes need a folder or s3"):
            pickle.dumps(store)
    else:
        again = pickle.loads(pickle.dumps(store))
        assert (again.url, again.get("a")) == (store.url, b"here")


def test_checking_leaves_no_object_behind(store, tmp_path):
    store.check_writable()
    assert list(store.list()) == []
    assert not list(tmp_path.rglob(".sweep-*"))


def test_opening_imports_no_client():
    code = "import sys, sweep.store as s; s.open_store('s3://bucket/x'); assert 'boto3' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
