"""The wave that a submission begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.child.work import Range
from sweep.shares import Cut
from sweep.work import keys

if TYPE_CHECKING:
    from sweep.holdings import Holdings
    from sweep.plan import Plan
    from sweep.rectangle import Rectangle
    from sweep.store import Store

__all__ = ["Begun"]


class Begun:
    """A wave, if there is one; withdrawn, with the plan if it was the store's first, when the submission fails."""

    def __init__(self, store: Store, plan: Plan, held: Holdings) -> None:
        self._store, self._plan, self._held = store, plan, held
        self._wave: str | None = None
        self._had_plan = any(entry.key == keys.PLAN for entry in store.list(keys.PLAN))

    def begin(self, count: int, missing: list[Rectangle]) -> tuple[Range, ...]:
        """Write the wave down."""
        wave = self._held.begin(self._store, self._plan, Cut(count), missing)
        self._wave = keys.wave_key(wave.number)
        return (Range(wave.number, 0, count),)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._wave is not None:
            self._store.delete([self._wave])
            if not self._had_plan and not any(self._store.list(keys.WAVES)):  # which others may have begun meanwhile
                self._store.delete([keys.PLAN])
