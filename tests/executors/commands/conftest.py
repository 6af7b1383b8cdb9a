"""Fixtures for commands: what a test starts is ended with it."""

from __future__ import annotations

import pytest

from tests.executors.commands.rig import Alone, Engined, Fifo


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runner"


@pytest.fixture
def alone(folder):
    rig = Alone(folder)
    yield rig
    rig.commands.close()


@pytest.fixture
def engined(folder):
    rig = Engined(folder)
    yield rig
    rig.engine.close()


@pytest.fixture
def fifo(tmp_path):
    made = []

    def make(name):
        made.append(Fifo(tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.close()
