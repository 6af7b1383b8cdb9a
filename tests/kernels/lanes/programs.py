"""Random kernels: numbers, branches, loops and draws in any nesting, for comparing two ways to run them."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["random_program"]

HEAD = """
import math
import numpy as np
from sweep_kernels import kernel

NUMBERS = np.arange(16) * 1.25 - 3.0
PAIRS = (3, 1, 4, 1, 5, 9, 2, 6)


def helper(rng, x, n):
    if x > 0.5:
        return x * 0.5 + rng.uniform()
    for i in range(n):
        x += rng.normal()
        if x > 1.0:
            return x
    return x - 1.0


@kernel(outputs=["a", "b"])
def program(rng, p: float = 0.75, m: int = 5):
    x = 0.25
    y = p
    i = 1
    j = m
    f = False
    here = np.zeros(5)
    there = np.full(5, p)
    counts = np.ones((2, 3), np.int64)
"""
DEEPEST = 2
DRAWS = ["rng.uniform()", "rng.normal()", "rng.exponential()", "(rng.uniform() - 0.5)"]
REAL_LEAVES = ["x", "y", "p", "0.5", "-1.25", "2.0", "float(i)", "float(j)", *DRAWS]
REAL_NODES = [
    "(R + R)", "(R - R)", "(R * 0.75)", "min(R, R)", "max(R, R)", "abs(R)", "(R if T else R)", "math.sqrt(abs(R))", "math.exp(-abs(R))",
    "math.log(1.5 + abs(R))", "NUMBERS[(i * 3 + j) % 16]", "(R / (1.0 + abs(R)))", "helper(rng, R, 3)", "helper(rng, R, m)", "helper(rng, R, j % 4)",
    "here[W % 5]", "there[i % 5]", "here[2]",
]  # fmt: skip
WHOLE_LEAVES = [
    "i",
    "j",
    "m",
    "3",
    "-2",
    "7",
    "rng.integers(-3, 9)",
    "rng.poisson(2.5)",
    "rng.poisson(p * 20.0)",
    "int(rng.uniform() * 7.0)",
]
WHOLE_NODES = [
    "(W + W)", "(W - W)", "(W * 3)", "(W // 3)", "(W % 5)", "(W & 15)", "(W ^ W)", "min(W, W)", "abs(W)", "(W // (1 + abs(W)))", "(W % (2 + abs(W)))",
    "PAIRS[(i + j) % 8]", "(W >> 1)", "(W if T else W)", "int(R)",
    "counts[W % 2, W % 3]", "counts[i % 2, 1]",
]  # fmt: skip
TEST_LEAVES = ["f", "x > y", "y < 0.3", "m > 3", "i < j", "j % 2 == 0", "rng.uniform() < 0.4"]
TEST_NODES = ["(T and T)", "(T or T)", "(not T)", "R < R", "x > R", "i < W", "W != W"]


class _Writer:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.lines: list[str] = []
        self.loops = 0
        self.names = 0

    def pick(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def filled(self, template: str, depth: int) -> str:
        """Put expressions in the places of R (a real one), W (a whole one) and T (a test)."""
        makers = {"R": self.real, "W": self.whole, "T": self.test}
        return re.sub(r"\b[RWT]\b", lambda found: makers[found[0]](depth + 1), template)

    def expression(self, leaves: Sequence[str], nodes: Sequence[str], depth: int) -> str:
        is_leaf = depth > DEEPEST or self.chance.random() < 0.35
        return self.filled(self.chance.choice(leaves if is_leaf else nodes), depth)

    def real(self, depth: int = 0) -> str:
        return self.expression(REAL_LEAVES, REAL_NODES, depth)

    def whole(self, depth: int = 0) -> str:
        return self.expression(WHOLE_LEAVES, WHOLE_NODES, depth)

    def test(self, depth: int = 0) -> str:
        return self.expression(TEST_LEAVES, TEST_NODES, depth)

    def say(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def block(self, indent: int, depth: int, *, in_loop: bool) -> None:
        for _ in range(self.chance.randint(1, 3)):
            self.statement(indent, depth, in_loop=in_loop)

    def statement(self, indent: int, depth: int, *, in_loop: bool) -> None:
        kinds = (
            ["assign"] * 5
            + (["if"] * 3 + ["for", "while"] if depth < 3 else [])
            + (["break", "continue"] if in_loop else [])
            + ["return", "raise"]
        )
        weights = [1.0 if each not in {"return", "raise"} else 0.25 if each == "return" else 0.04 for each in kinds]
        getattr(self, f"_{self.chance.choices(kinds, weights)[0]}")(indent, depth, in_loop=in_loop)

    def _assign(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del depth, in_loop
        self.say(indent, self.pick(
            f"x = {self.real()}", f"y = {self.real()}", f"x += {self.real()}", f"y -= {self.real()}", f"i = ({self.whole()}) % 1000",
            f"j = ({self.whole()}) % 1000", "i += 1", "j = i % 11", f"f = {self.test()}",
            f"here[{self.whole()} % 5] = {self.real()}", f"there[j % 5] += {self.real()}", "here, there = there, here",
            f"counts[{self.whole()} % 2, i % 3] += ({self.whole()}) % 1000", "here[:] = 0.5", "x += here[1] - there[3]",
        ))  # fmt: skip

    def _if(self, indent: int, depth: int, *, in_loop: bool) -> None:
        self.say(indent, f"if {self.test()}:")
        self.block(indent + 1, depth + 1, in_loop=in_loop)
        if self.chance.random() < 0.3:
            self.say(indent, f"elif {self.test()}:")
            self.block(indent + 1, depth + 1, in_loop=in_loop)
        if self.chance.random() < 0.5:
            self.say(indent, "else:")
            self.block(indent + 1, depth + 1, in_loop=in_loop)

    def _for(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del in_loop
        self.names += 1
        self.say(indent, f"for k{self.names} in range({self.pick('3', 'm', 'abs(j) % 6', 'rng.integers(0, 5)')}):")
        self.say(indent + 1, f"x += 0.125 * k{self.names}")
        self.block(indent + 1, depth + 1, in_loop=True)
        if self.chance.random() < 0.2:
            self.say(indent, "else:")
            self.block(indent + 1, depth + 1, in_loop=False)

    def _while(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del in_loop
        self.names += 1
        self.say(indent, f"w{self.names} = 0")
        self.say(indent, f"while w{self.names} < {self.pick('4', 'm', '9')} and {self.test()}:")
        self.say(indent + 1, f"w{self.names} += 1")
        self.block(indent + 1, depth + 1, in_loop=True)

    def _break(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del depth, in_loop
        self.say(indent, f"if {self.test()}:")
        self.say(indent + 1, "break")

    def _continue(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del depth, in_loop
        self.say(indent, f"if {self.test()}:")
        self.say(indent + 1, "continue")

    def _return(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del depth, in_loop
        self.say(indent, f"if {self.test()}:")
        self.say(indent + 1, f"return {self.real()}, i + j")

    def _raise(self, indent: int, depth: int, *, in_loop: bool) -> None:
        del depth, in_loop
        self.say(indent, f"if {self.real()} > 6.5:")
        self.say(indent + 1, "raise ValueError")


def random_program(seed: int) -> str:
    """Write a module with a kernel `program`; the same for the same seed."""
    writer = _Writer(seed)
    for _ in range(3):
        writer.statement(1, 0, in_loop=False)
    writer.say(1, f"return {writer.real()}, i + 2 * j")
    return HEAD + "\n".join(writer.lines) + "\n"
