"""Folders of trials: every trial finds an empty one, whatever those before it have done to theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweep.programs.folders import PARAMETERS, Folders, write_parameters

DONE = {
    "nothing": lambda folder: None,
    "a file": lambda folder: (folder / "out.csv").write_text("1"),
    "a file that is gone": lambda folder: [(folder / "out.csv").write_text("1"), (folder / "out.csv").unlink()],
    "a folder": lambda folder: (folder / "out").mkdir(),
    "a link": lambda folder: (folder / "out").symlink_to("/"),
    "no parameters": lambda folder: (folder / PARAMETERS).unlink(missing_ok=True),
    "a mode": lambda folder: folder.chmod(0o500),
    "no folder": lambda folder: [each.unlink() for each in folder.iterdir()] and folder.rmdir(),
}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines differ
@given(given_names=st.sampled_from([[], [PARAMETERS], None]), done=st.lists(st.sampled_from(sorted(DONE)), max_size=6))
def test_each_trial_finds_an_empty_folder(tmp_path_factory, given_names, done):
    folders = Folders(str(tmp_path_factory.mktemp("folders")))
    for i, each in enumerate(done):
        folder = Path(folders.fresh())
        if given_names:
            write_parameters(str(folder), "{}" + " " * (10 - i))
            assert (folder / PARAMETERS).read_text() == "{}" + " " * (10 - i)
        assert [each.name for each in folder.iterdir()] == (given_names or [])
        assert folder.stat().st_mode & 0o777 == 0o777 & ~_umask()
        DONE[each](folder)
        folders.take_back(str(folder), given_names)


def test_one_that_is_left_as_it_was_is_used_again_unless_it_may_not_be(tmp_path):
    folders = Folders(str(tmp_path))
    first = folders.fresh()
    folders.take_back(first, [])
    assert folders.fresh() == first
    folders.take_back(first, None)
    assert folders.fresh() != first
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("kind", ["hard link", "symbolic link"])
def test_parameters_that_have_another_name_are_not_written_over(tmp_path, kind):
    folders, other = Folders(str(tmp_path)), tmp_path / "mine.json"
    for text in ("{}", '{"x": 1}'):
        folder = folders.fresh()
        write_parameters(folder, text)
        folders.take_back(folder, [PARAMETERS])  # so that it is known, and used again
    folder = folders.fresh()
    write_parameters(folder, "before")
    if kind == "hard link":
        other.hardlink_to(f"{folder}/{PARAMETERS}")
    else:
        Path(folder, PARAMETERS).rename(other)
        Path(folder, PARAMETERS).symlink_to(other)
    folders.take_back(folder, [PARAMETERS])
    write_parameters(folders.fresh(), "after")
    assert other.read_text() == "before"


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
