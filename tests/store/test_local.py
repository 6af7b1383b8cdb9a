from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

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
    old, fresh = tmp_path / "map" / ".sweep-old", tmp_path / "map" / ".sweep-fresh"
    for each in (old, fresh):
        each.write_bytes(b"half")
    os.utime(old, (0, 0))
    store.check_writable()
    assert (old.exists(), fresh.exists()) == (False, True)
    assert [entry.key for entry in store.list()] == ["map/1"]
