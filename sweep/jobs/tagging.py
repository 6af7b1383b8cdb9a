"""Tags of what is there already are changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import JobError, brief
from sweep.jobs.effects import Answer
from sweep.jobs.events import Tag, Taggable
from sweep.jobs.limits import check_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.jobs.state import State
    from sweep.jobs.turn import Turn

__all__ = ["tag", "tags_of"]


_REVISION = re.compile(r"[1-9][0-9]{0,8}")


def tag(turn: Turn, event: Tag) -> None:
    """Add tags, replace those of the same keys, and take some away."""
    old = tags_of(turn.state, event.kind, event.name)
    tags = {key: value for key, value in {**old, **event.tags}.items() if key not in event.removed}
    check_tags(tags)
    _put(turn.state, event.kind, event.name, tags)
    turn.effects.append(Answer(None))


def tags_of(state: State, kind: Taggable, name: str) -> Mapping[str, str]:
    """Return the tags of a thing.

    Raises
    ------
    JobError
        If there is no such thing.
    """
    if kind is Taggable.JOB and name in state.jobs:
        return state.jobs[name].spec.tags
    if kind is Taggable.DEFINITION:
        family, _, revision = name.rpartition(":")
        known = state.definitions.get(family, [])
        if _REVISION.fullmatch(revision) and int(revision) <= len(known):
            return known[int(revision) - 1].tags
    elif kind is not Taggable.JOB and name in _table(state, kind):
        return _table(state, kind)[name].tags
    raise JobError(f"{kind.value} {brief(name)} does not exist")


def _table(state: State, kind: Taggable) -> dict[str, Any]:
    tables: dict[Taggable, dict[str, Any]] = {
        Taggable.QUEUE: state.queues,
        Taggable.ENVIRONMENT: state.environments,
        Taggable.POLICY: state.policies,
        Taggable.CONSUMABLE: state.consumables,
    }
    return tables[kind]


def _put(state: State, kind: Taggable, name: str, tags: dict[str, str]) -> None:
    if kind is Taggable.JOB:
        state.jobs[name].spec = replace(state.jobs[name].spec, tags=tags)
    elif kind is Taggable.DEFINITION:
        family, _, revision = name.rpartition(":")
        known, place = state.definitions[family], int(revision) - 1
        known[place] = replace(known[place], tags=tags)
    else:
        _table(state, kind)[name] = replace(_table(state, kind)[name], tags=tags)
