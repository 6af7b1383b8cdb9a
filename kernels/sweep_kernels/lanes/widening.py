"""From a function for one trial to one for all trials of a block, many side by side."""

from __future__ import annotations

from dataclasses import dataclass

from sweep_kernels.lanes.assembly import read_function, read_head
from sweep_kernels.lanes.blocks import group_by_group, in_rounds, one_by_one
from sweep_kernels.lanes.divergence import Divergence
from sweep_kernels.lanes.graph import loops_of
from sweep_kernels.lanes.memory import interleaved
from sweep_kernels.lanes.rounds import RoundsWriter, long_loop, with_memory
from sweep_kernels.lanes.writer import GROUP, Writer

__all__ = ["Widened", "widened"]


@dataclass(frozen=True, slots=True)
class Widened:
    """A module with a function that runs the trials of a block.

    Attributes
    ----------
    text
        The module.
    state
        How many 8-byte words of room the function needs for a trial.
    parts
        Whether trials part ways, so that some wait for others.
    """

    text: str
    state: int = 0
    parts: bool = False


def widened(text: str, name: str, as_name: str, strides: dict[str, int], width: int) -> Widened:
    """Add to a module a function that runs all trials of a block, many side by side.

    Parameters
    ----------
    text
        The module, as LLVM writes it. The function has a loop in LLVM's simple form only, and values leave loops through phis only.
    name
        A function that runs one trial and returns an i32, 0 unless it raises.
    as_name
        The new function. It takes what the other takes, for the first trial, how many trials there are (i64), and room: twice `state` words
        for each of count + `width` trials. It returns 0, or 1 if a trial raised.
    strides
        Arguments that are not the same for all trials, by name with ``%``: the next one's is more by that much.
    width
        Trials side by side; a power of two. For 1 nothing is changed, and LLVM may find something itself.

    Raises
    ------
    NotWidenedError
        If the function has something that cannot be done side by side; says what.
    """
    if width == 1:
        return Widened(text + one_by_one(as_name, name, read_head(text, name), strides))
    function, steps = interleaved(read_function(text, name), width)
    divergence = Divergence(function, loops_of(function), strides | steps)
    loop = None if steps else long_loop(divergence)  # memory is not carried from round to round
    if loop is not None:
        function, kept = with_memory(function, loop)
        divergence = Divergence(function, loops_of(function), dict.fromkeys(strides))
        loop = long_loop(divergence)
        if loop is not None:
            writer = RoundsWriter(function, divergence, width, loop, kept)
            body = in_rounds(as_name, GROUP, function.arguments, width, 8 * writer.state)
            return Widened(_together(text, writer, body), writer.state, parts=True)
        function = read_function(text, name)
        divergence = Divergence(function, loops_of(function), strides)
    writer = Writer(function, divergence, width)
    body = group_by_group(as_name, GROUP, function.arguments, strides, width)
    return Widened(_together(text, writer, body), parts=divergence.parts_anywhere)


def _together(text: str, writer: Writer, body: str) -> str:
    lines = writer.write()
    known = _declarations(text)
    missing = [each for each in sorted(writer.declared) if f"@{each.partition('@')[2].partition('(')[0]}(" not in known]
    return "\n".join([text, *missing, *lines, body])


def _declarations(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.startswith(("declare", "define")))
