"""Every example runs and prints what it printed before; ``python -m tests.test_examples`` writes the expected outputs anew."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = [path for path in (ROOT / "examples").glob("*/*.py") if path.stem == path.parent.name]
FILES = [*(ROOT / "examples").iterdir(), *FOLDERS]
EXAMPLES = sorted(path for path in FILES if path.suffix in {".py", ".toml", ".sh"})
COMMAND = "#!/bin/sh\nexec {python} -c 'from sweep.cli.main import main; main()' \"$@\"\n"


def printed(example: Path, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'kernels'}", "COLUMNS": "120"}
    if example.suffix == ".sh":
        return said_by_shell(example, folder, environment)
    is_script = "python examples/" in example.read_text()
    run = (
        [str(example)]
        if is_script
        else ["-c", "from sweep.cli.main import main; main()", "run", str(example), "--store", "out"]
    )
    done = subprocess.run(
        [sys.executable, *run], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def said_by_shell(example: Path, folder: Path, environment: dict[str, str]) -> str:
    """Run a script with the command on its path and an engine of its own, which is stopped in the end."""
    command = folder / "bin" / "sweep"
    command.parent.mkdir()
    command.write_text(COMMAND.format(python=sys.executable))
    command.chmod(0o755)
    environment |= {
        "PATH": os.pathsep.join([str(command.parent), str(Path(sys.executable).parent), environment["PATH"]]),
        "AWS_EC2_METADATA_DISABLED": "true",
        "SWEEP_ENGINE": str(folder / "engine"),
    }
    run = functools.partial(subprocess.run, cwd=folder, env=environment)
    done = run(["sh", str(example)], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    run([str(command), "engine", "stop"], check=False, stderr=subprocess.DEVNULL)  # unless it has ended with the script
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT / "examples")))
def test_an_example_prints_what_it_printed_before(example, tmp_path):
    assert printed(example, tmp_path) == example.with_suffix(".out").read_text()


def bless() -> None:
    for example in EXAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            example.with_suffix(".out").write_text(printed(example, Path(folder)))


if __name__ == "__main__":
    bless()
