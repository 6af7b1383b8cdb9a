"""A store that counts what is asked of it."""

from __future__ import annotations

import threading
from collections import Counter

from sweep.store.memory import MemoryStore


class Counting(MemoryStore):
    """A store in memory; `asked` counts requests as S3 would see them, but for deletions, which are free."""

    def __init__(self) -> None:
        super().__init__("")
        self.url = "counting://store"  # tables are written to it as to any other
        self.asked: Counter[str] = Counter()
        self._count = threading.Lock()

    def _add(self, verb: str) -> None:
        with self._count:
            self.asked[verb] += 1

    def get(self, key):
        self._add("get")
        return super().get(key)

    def create(self, key, data):
        self._add("put")
        super().create(key, data)

    def replace(self, key, data):
        self._add("put")
        super().replace(key, data)

    def list(self, prefix=""):
        self._add("list")
        return super().list(prefix)

    def check_writable(self):
        self._add("put")
