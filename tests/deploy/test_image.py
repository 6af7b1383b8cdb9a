"""The Dockerfile and what stands beside it: no container engine is asked, so what can be read is."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field

import pytest
from docker.utils.build import exclude_paths
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from sweep import __version__
from sweep_kernels.cuda import library
from tests.deploy.reading import DEPLOY, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


@dataclass
class Stage:
    """A stage of the Dockerfile: what it is made from, and its instructions."""

    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [text for instruction, text in self.instructions if instruction == name]


def read_stages() -> dict[str, Stage]:
    found: dict[str, Stage] = {}
    current: Stage | None = None
    joined = re.sub(r"\\\n\s*", "", "\n".join(each for each in DOCKERFILE.splitlines() if not each.startswith("#")))
    for line in filter(None, joined.splitlines()):
        name, text = line.split(maxsplit=1)
        if name == "FROM":
            base, _, stage = text.split()
            current = found[stage] = Stage(base)
        elif current is not None:
            current.instructions.append((name, text))
    return found


STAGES = read_stages()


def lineage(stage: str) -> list[Stage]:
    """Return a stage and those that it is made from, the first ones first."""
    found = [STAGES[stage]]
    while found[0].base in STAGES:
        found.insert(0, STAGES[found[0].base])
    return found


def last(stage: str, name: str) -> str | None:
    return next((text for each in reversed(lineage(stage)) for text in reversed(each.all(name))), None)


def environment(stage: str) -> dict[str, str]:
    texts = [text for each in lineage(stage) for text in each.all("ENV")]
    return dict(pair.split("=", 1) for text in texts for pair in text.split())


def pinned() -> dict[str, Version]:
    found: dict[str, Version] = {}
    for line in (DEPLOY / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", line
            found[canonicalize_name(requirement.name)] = Version(specifier.version)
    return found


PINNED = pinned()


@pytest.mark.parametrize("text", PROJECT["dependencies"], ids=lambda text: Requirement(text).name)
def test_the_image_has_what_the_project_requires(text):
    requirement = Requirement(text)
    assert PINNED[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_image_has_nothing_of_the_extras_and_not_us():
    required = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    extras = {
        canonicalize_name(Requirement(text).name)
        for texts in PROJECT["optional-dependencies"].values()
        for text in texts
    }
    assert not PINNED.keys() & (extras - required)
    assert canonicalize_name(PROJECT["name"]) not in PINNED


def test_the_base_is_a_python_that_the_project_takes():
    (base,) = re.findall(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)
    version = re.fullmatch(r"docker\.io/library/python:(\d+\.\d+\.\d+)-slim-[a-z]+", base)
    assert version is not None, base
    assert version[1] in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert {each.base for each in STAGES.values()} == {"${BASE}", "runtime"}


def test_the_wheel_is_built_by_what_the_project_is_built_by():
    (backend,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    (pin,) = re.findall(r"pip install (hatchling==\S+)", "\n".join(STAGES["wheel"].all("RUN")))
    (specifier,) = Requirement(pin).specifier
    assert specifier.version in Requirement(backend).specifier


def test_the_context_is_what_the_image_is_made_of_and_nothing_else():
    patterns = [each for each in (ROOT / ".dockerignore").read_text().splitlines() if each and not each.startswith("#")]
    files = {each for each in exclude_paths(str(ROOT), patterns) if (ROOT / each).is_file()}
    ours = {
        str(each.relative_to(ROOT))
        for folder in ("sweep", "kernels")
        for each in (ROOT / folder).rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }
    assert files - {".dockerignore"} == ours | {"README.md", "pyproject.toml", "deploy/requirements.txt"}


def test_what_is_copied_is_in_the_context():
    for stage in STAGES.values():
        for text in stage.all("COPY"):
            if not text.startswith("--from="):
                assert all((ROOT / each).exists() for each in text.split()[:-1]), text


def test_no_target_means_the_processor():
    assert list(STAGES)[-1] == "cpu"


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_a_command_runs_as_it_is_written(target):
    assert json.loads(last(target, "ENTRYPOINT") or "null") == []
    assert json.loads(last(target, "CMD") or "null")[0] in PROJECT["scripts"]
    assert environment(target)["PATH"].split(":")[0] == "/opt/sweep/bin"


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_a_child_is_nobody_in_particular_and_owns_its_cache(target):
    user, _, group = (last(target, "USER") or "").partition(":")
    assert int(user) >= 1000
    assert int(group) >= 1000
    made = "\n".join(text for each in lineage(target) for text in each.all("RUN"))
    assert re.search(rf"useradd --uid {user} --gid {group}\b", made)
    folder = environment(target)["SWEEP_CACHE_DIR"]
    assert re.search(rf"install -d -o sweep -g sweep -m 0700 {re.escape(folder)}(\s|$)", made)


def test_nothing_of_cuda_but_the_driver_is_opened_and_the_image_asks_for_no_more():
    """libcuda.so.1 is in the capability "compute" of the NVIDIA container runtime."""
    assert {each.partition(".so")[0] for each in library.NAMES} == {"libcuda"}
    added = lineage("cuda")[-1]
    assert {name for name, _ in added.instructions} == {"ENV"}
    told = environment("cuda")
    assert told["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert "compute" in told["NVIDIA_DRIVER_CAPABILITIES"].split(",")
    assert not [each for each in environment("cpu") if each.startswith("NVIDIA")]
    assert not [each for each in PINNED if each.startswith(("nvidia", "cuda"))]


def test_labels_and_tags_say_this_version():
    assert f'org.opencontainers.image.version="{__version__}"' in DOCKERFILE
    assert __version__ == PROJECT["version"]
    assert set(re.findall(r"-t sweep:(\S+)-(?:cpu|cuda)", DOCKERFILE)) == {__version__}
