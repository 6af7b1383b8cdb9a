"""Programs as trials: what is run, with which arguments, and where its results are read."""

from __future__ import annotations

from sweep.programs.declaration import Command
from sweep.programs.declaring import command
from sweep.programs.finished import Finished
from sweep.programs.sources import from_csv, from_json, from_text, from_xml

__all__ = ["Command", "Finished", "command", "from_csv", "from_json", "from_text", "from_xml"]
