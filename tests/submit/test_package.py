"""Packages: the same bytes for the same files, whole by themselves, and tried before anything is sent."""

from __future__ import annotations

import io
import os
import shutil
import sys
import zipfile

import numpy as np
import pytest

from sweep.errors import SpecError
from sweep.load import load_sweep
from sweep.store import open_store
from sweep.submit import package
from sweep.submit.package import pack, zipped
from tests.submit.rig import children_of, run_container, same_as_run, submit

HEAD = "from sweep import Sweep, grid, kernel\n"
KERNEL = "\n\n@kernel(outputs=['x'])\ndef flat(rng, a):\n    return a * rng.uniform()\n\n\n"
STUDY = "study = Sweep(flat, grid(a=[1.0, 2.0]), trials=1000)\n"


@pytest.fixture(autouse=True)
def modules():
    """Forget what a study has imported into this process."""
    known, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - known:
        if name in {"noise", "noise_link", "lib", "ballistics"} or name.startswith(
            ("_sweep_study", "ballistics.", "lib.")
        ):
            del sys.modules[name]
    sys.path[:] = path


def packed(study: str):
    return pack(study, load_sweep(study).plan())


def own(names) -> list[str]:
    return sorted(set(names) - {"sweep-package.json", "requirements.txt"})


def test_what_is_in_it(here):
    (here / "unused.py").write_text("")
    (here / "ballistics" / "unused.py").write_text("")
    assert own(packed("study.py").names) == [
        "ballistics/__init__.py",
        "ballistics/motion.py",
        "ballistics/parts.py",
        "noise.py",
        "study.py",
    ]
    assert "study.toml" in packed("study.toml").names


def test_the_same_files_give_the_same_bytes(here, tmp_path):
    """Times, modes, folders and what was compiled of them do not count."""
    first = packed("study.py")
    other = tmp_path / "other"
    shutil.copytree(here, other)
    os.utime(other / "noise.py", (1, 1))
    (other / "noise.py").chmod(0o600)
    assert packed(str(other / "study.py")).sha256 == first.sha256
    with zipfile.ZipFile(io.BytesIO(first.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(archive.namelist())
    (other / "noise.py").write_text((other / "noise.py").read_text() + "\n# another line\n")
    assert packed(str(other / "study.py")).sha256 != first.sha256


def test_zips_are_plain():
    data = zipped({"b/c": b"2", "a": b"1"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {each: archive.read(each) for each in archive.namelist()} == {"a": b"1", "b/c": b"2"}
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_files_that_a_study_reads_are_packed(here, store, queue, tmp_path):
    (here / "level.txt").write_text("2.5")
    np.save(here / "table.npy", np.arange(100.0))
    (here / "reading.py").write_text(
        "from pathlib import Path\n\nimport numpy as np\n"
        + HEAD
        + "\nLEVEL = float((Path(__file__).parent / 'level.txt').read_text())\n"
        + "TABLE = np.load(Path(__file__).parent / 'table.npy')\n"
        + "\n\n@kernel(outputs=['x'])\ndef read(rng, a, table):\n    return LEVEL * a + table[rng.integers(0, 100)]\n\n\n"
        + "study = Sweep(read, grid(a=[1.0, 2.0]), trials=5000, data={'table': TABLE})\n"
    )
    submit("reading.py", store, queue, "--shards", "2")
    for command, index, _ in children_of(store):
        run_container(command, index)
    assert same_as_run(store, "reading.py", tmp_path / "run")


def test_tables_of_a_toml_study_are_sent_once(here, store, queue, tmp_path):
    """They are objects of the store, and not in the package; the kernel lies in another folder than its study."""
    np.save(here / "table.npy", np.arange(1000.0))
    (here / "kernels").mkdir()
    (here / "kernels" / "near.py").write_text("SCALE = 3.0\n")
    (here / "kernels" / "reading.py").write_text(
        "from near import SCALE\n\nfrom sweep import kernel\n\n\n@kernel(outputs=['x'])\ndef read(rng, a, table):\n"
        "    return SCALE * a + table[rng.integers(0, 1000)]\n"
    )
    (here / "studies").mkdir()
    (here / "studies" / "night.toml").write_text(
        "kernel = '../kernels/reading.py:read'\ntrials = 5000\n[space]\na = [1.0, 2.0]\n[data]\ntable = '../table.npy'\n"
    )
    study = "studies/night.toml"
    assert own(packed(study).names) == ["kernels/near.py", "kernels/reading.py", "studies/night.toml"]
    submit(study, store, queue, "--shards", "2")
    assert len(list(open_store(store).list("data/"))) == 1
    for command, index, _ in children_of(store):
        run_container(command, index)
    assert same_as_run(store, study, tmp_path / "run")


def test_a_container_is_where_the_study_is(here, store, queue, tmp_path, monkeypatch):
    """The kernel lies in another folder, and reads a file that it names from the study's."""
    (here / "kernels").mkdir()
    (here / "kernels" / "levelled.py").write_text(
        "from sweep import kernel\n\nLEVEL = float(open('level.txt').read())\n" + KERNEL.replace("a *", "LEVEL * a *")
    )
    (here / "studies").mkdir()
    (here / "studies" / "level.txt").write_text("2.5")
    (here / "studies" / "night.toml").write_text(
        "kernel = '../kernels/levelled.py:flat'\ntrials = 1000\n[space]\na = [1.0, 2.0]\n"
    )
    monkeypatch.chdir(here / "studies")
    submit("night.toml", store, queue, "--shards", "1")
    for command, index, _ in children_of(store):
        run_container(command, index)
    assert same_as_run(store, "night.toml", tmp_path / "run")


def test_modules_from_elsewhere_are_packed(here, tmp_path, store, queue, monkeypatch):
    """As `sweep run` finds them: by PYTHONPATH, which no container has."""
    place = tmp_path / "elsewhere" / "lib"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "far.py").write_text("def shift(x):\n    return x + 1.0\n")
    (here / "far_study.py").write_text(
        "from lib.far import shift\n\n"
        + HEAD
        + "\n\n@kernel(outputs=['x'])\ndef flat(rng, a):\n    return shift(a * rng.uniform())\n\n\n"
        + STUDY
    )
    from tests.submit import rig

    found = {**rig.environment()}["PYTHONPATH"] + os.pathsep + str(place.parent)
    submit("far_study.py", store, queue, "--shards", "1", PYTHONPATH=found)
    for command, index, _ in children_of(store):
        run_container(command, index)
    data = open_store(store).get(next(each.key for each in open_store(store).list("code/")))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "sweep-elsewhere/lib/far.py" in archive.namelist()


def test_links_are_packed_by_their_own_names(here, tmp_path):
    """A study, a module and a file that lie elsewhere under other names, as `sweep run` takes them."""
    place = tmp_path / "versions"
    place.mkdir()
    (place / "linked_v2.py").write_text(
        "from noise_link import LEVEL\n\nopen('level.txt').close()\n" + HEAD + KERNEL + STUDY
    )
    (place / "noise_v3.py").write_text("LEVEL = 1.0\n")
    (place / "level_v1.txt").write_text("2.5")
    (here / "linked.py").symlink_to(place / "linked_v2.py")
    (here / "noise_link.py").symlink_to(place / "noise_v3.py")
    (here / "level.txt").symlink_to(place / "level_v1.txt")
    assert own(packed("linked.py").names) == ["level.txt", "linked.py", "noise_link.py"]


def test_distributions_are_listed(here):
    (here / "using.py").write_text("import mpmath\n" + HEAD + KERNEL + STUDY)
    with zipfile.ZipFile(io.BytesIO(packed("using.py").data)) as archive:
        lines = archive.read("requirements.txt").decode().splitlines()
    assert [each.partition("==")[0] for each in lines] == ["mpmath"]


def test_what_is_imported_by_a_path_of_its_own(here, tmp_path):
    """A folder that the study itself puts on the path is where the package cannot look."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "lib.py").write_text("LEVEL = 1.0\n")
    (here / "hiding.py").write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path / 'hidden')!r})\nimport lib\n" + HEAD + KERNEL + STUDY
    )
    with pytest.raises(SpecError, match=r"the study imports lib from .*hidden/lib.py, which its package does not hold"):
        packed("hiding.py")


def test_a_file_that_arrow_opens(here):
    (here / "level.csv").write_text("a\n1.0\n")
    (here / "arrow.py").write_text("from pyarrow import csv\ncsv.read_csv('level.csv')\n" + HEAD + KERNEL + STUDY)
    with pytest.raises(SpecError, match=r"does not load from its package.*FileNotFoundError: .*'level.csv'"):
        packed("arrow.py")


def test_a_file_that_is_named_by_its_whole_path(here):
    (here / "level.txt").write_text("2.5")
    (here / "whole.py").write_text(f"open({str(here / 'level.txt')!r}).close()\n" + HEAD + KERNEL + STUDY)
    with pytest.raises(SpecError, match=r"the study reads .*level.txt by its whole path, which no container has"):
        packed("whole.py")


def test_secrets_are_not_packed(here):
    """A study may look for a file of secrets as it is loaded; one that cannot do without it is refused."""
    (here / ".env").write_text("AWS_SECRET_ACCESS_KEY=hush\n")
    (here / "looking.py").write_text(
        "import contextlib\nwith contextlib.suppress(OSError):\n    open('.env').close()\n" + HEAD + KERNEL + STUDY
    )
    assert own(packed("looking.py").names) == ["looking.py"]
    (here / "needing.py").write_text("open('.env').close()\n" + HEAD + KERNEL + STUDY)
    with pytest.raises(SpecError, match=r"FileNotFoundError.*not packed, for its name begins with a dot: .env"):
        packed("needing.py")


def test_the_table_of_a_space_is_packed(here):
    """Arrow opens files without telling Python."""
    (here / "points.csv").write_text("a\n1.0\n2.0\n")
    (here / "tabled.py").write_text(
        "from pathlib import Path\n\nfrom sweep import Sweep, kernel, table\n"
        + KERNEL
        + "study = Sweep(flat, table(Path(__file__).parent / 'points.csv'), trials=1000)\n"
    )
    assert own(packed("tabled.py").names) == ["points.csv", "tabled.py"]


def test_a_study_that_is_another_one_each_time(here):
    (here / "random_study.py").write_text(
        "import time\n" + HEAD + KERNEL + "study = Sweep(flat, grid(a=[time.time()]), trials=1000)\n"
    )
    with pytest.raises(SpecError, match="what it computes depends on where or when it is loaded"):
        packed("random_study.py")


def test_a_study_that_asks_who_runs_it(here):
    """Here the module is there, in the package it is not: told in the words of what it raised."""
    (here / "asking.py").write_text(
        "import os\nif not os.path.exists('noise.py'):\n    import nothing_like_that\n" + HEAD + KERNEL + STUDY
    )
    with pytest.raises(SpecError, match=r"does not load from its package.*No module named 'nothing_like_that'"):
        packed("asking.py")


def test_too_much(here, monkeypatch):
    monkeypatch.setattr(package, "MOST_BYTES", 100)
    with pytest.raises(SpecError, match=r"at most 0 MiB are packed: .* is 0 MiB; name tables under \[data\]"):
        packed("study.py")
