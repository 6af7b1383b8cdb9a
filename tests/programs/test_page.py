"""What the page of programs says is so: its studies can be planned, and its placeholders and sources are those that there are."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import sweep
from sweep import Sweep, programs
from sweep.programs.checks import RESERVED

PAGE = (Path(__file__).parents[2] / "sweep/COMMANDS.md").read_text()


def test_its_studies_can_be_planned(tmp_path, monkeypatch, bucket):
    import boto3

    boto3.client("s3").put_object(Bucket=bucket, Key="drives/a.pcap", Body=b"x")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut_in.xml").write_text("<scenario/>")
    names = {name: getattr(sweep, name) for name in sweep.__all__}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        text = block.replace("s3://bucket/", f"s3://{bucket}/")
        names["study"] = None
        exec(text if not text.startswith("Sweep(") else f"study = {text}", names)
        study = names["study"] or Sweep(names["drive"], sweep.grid(speed=[1]), trials=1)
        assert study.plan().kernel.is_program


def test_every_placeholder_option_and_source_is_on_it():
    assert all(f"`{{{name}}}`" in PAGE for name in RESERVED)
    options = inspect.signature(sweep.command).parameters
    assert [name for name in options if name not in {"argv", "name"} and f"{name}=" not in PAGE] == []
    assert all(f"{name}(" in PAGE for name in programs.__all__ if name.startswith("from_"))
