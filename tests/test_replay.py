"""A trial in the debugger: what ran, line by line, and nothing of the engine's mathematics."""

from __future__ import annotations

import io

from sweep import load_sweep
from sweep.replay import replay

STUDY = """
import math
from sweep import Sweep, grid, kernel

@kernel(outputs=["y"])
def f(rng, x):
    y = x ** 0.3
    y **= math.exp(x)
    y += 1.0
    return y ** 3

study = Sweep(f, grid(x=[2.5]), trials=10)
"""


def stepped(folder, monkeypatch, capsys, text: str, *commands: str):
    (folder / "study.py").write_text(text)
    study = load_sweep(str(folder / "study.py"))
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(commands) + "\n"))
    found = replay(study.kernel, study.plan(), {}, 0, 3, debug=True)
    return found.outputs, capsys.readouterr().out, study


def test_steps_go_through_the_users_lines_only(tmp_path, monkeypatch, capsys):
    outputs, said, study = stepped(tmp_path, monkeypatch, capsys, STUDY, "s", "s", "s", "p y", "s", "c")
    lines = [line.split("->")[1].strip() for line in said.replace("\n->", "->").splitlines() if "->" in line]
    assert [each for each in lines if each in STUDY] == [
        "y = x ** 0.3",
        "y **= math.exp(x)",
        "y += 1.0",
        "return y ** 3",
    ]
    assert "sweep_kernels" not in said
    assert outputs == replay(study.kernel, study.plan(), {}, 0, 3).outputs
    assert outputs == {"y": study.kernel.trial(study.seed, 0, 3, x=2.5)}
