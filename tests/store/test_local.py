from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sweep.errors import ObjectExistsError
from sweep.store import open_store

WRITER = """
import sys
from sweep.store import open_store
store = open_store(sys.argv[1])
for i in range(10_000):
    store.create(f"objects/{sys.argv[2]}-{i}", bytes([i % 256]) * (8 << 20))
    print(i, flush=True)
"""


def test_a_killed_writer_leaves_whole_objects_only(tmp_path):
    store = open_store(str(tmp_path))
    chance = random.Random(3)
    for number in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(chance.random() / 20)  # the moment of the kill, not a wait
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    entries = list(store.list())
    assert entries
    assert {entry.size for entry in entries} == {8 << 20}
    for entry in entries:
        data = store.get(entry.key)
        assert data.count(data[:1]) == len(data)


def test_old_leftovers_are_swept_and_fresh_ones_left(tmp_path):
    store = open_store(str(tmp_path))
    store.create("map/1", b"x")
    old, fresh = tmp_path / "map" / f".sweep-{'0' * 16}", tmp_path / "map" / f".sweep-{'1' * 16}"
    users = tmp_path / "notes" / ".sweep-settings.toml"
    users.parent.mkdir()
    for each in (old, fresh, users):
        each.write_bytes(b"half")
    for each in (old, users):
        os.utime(each, (0, 0))
    store.check_writable()
    assert (old.exists(), fresh.exists(), users.exists()) == (False, True, True)
    assert [entry.key for entry in store.list("map/")] == ["map/1"]


def test_a_link_to_nothing_hides_no_other_object(tmp_path):
    store = open_store(tmp_path)
    for i in range(20):
        store.create(f"map/{i:02d}", b"x")
        (tmp_path / "map" / f"{i:02d}-gone").symlink_to("nowhere")
    assert len(list(store.list("map/"))) == 20


def test_many_check_and_write_at_once(tmp_path):
    """One that leaves must not take the folder away from under the others."""

    def use(number: int) -> None:
        store = open_store(tmp_path / str(number // 4) / "store")
        store.check_writable()
        store.create(f"a/{number}", b"x")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(use, range(2000)))


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM])
def test_a_file_system_without_links(tmp_path, monkeypatch, number):
    def link(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)
    store = open_store(tmp_path)
    store.create("a", b"x")
    with pytest.raises(ObjectExistsError):
        store.create("a", b"x")
    assert store.get("a") == b"x"


def test_a_link_whose_answer_was_lost_is_ours(tmp_path, monkeypatch):
    real = os.link

    def link(*arguments):
        real(*arguments)
        real(*arguments)

    monkeypatch.setattr(os, "link", link)
    open_store(tmp_path).create("a", b"x")
