"""The plan: everything that a result depends on, as small, readable, versioned JSON."""

from __future__ import annotations

import functools
import hashlib
import json
import numbers
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, PlanError, SpaceError, UsageError, nearest
from sweep.fitting import check_columns, check_command, check_parameters, check_weighted
from sweep.kinds import other_kinds
from sweep.programs.declaration import Command
from sweep.request import Request
from sweep_kernels.counter import LAYOUT, SEED_LIMIT, TRIAL_LIMIT
from sweep_kernels.distributions import from_spec as distribution_of
from sweep_kernels.tables import TableReference
from sweep_kernels.weights import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep.space import Space
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.distributions import Distribution
    from sweep_kernels.tables import Table

__all__ = ["BLOCK_SIZE", "FORMAT", "KernelReference", "Plan"]

FORMAT = 1
"""Version of the plan's JSON. A plan of another version is refused."""

MOST_CONFIDENCE = 1.0 - 1e-12
"""Above it the quantiles of an interval lose their digits, and are infinite at last."""

BLOCK_SIZE = 4096
"""Trials of a block in plans of this version: a constant, so that no machine's speed can change a result."""


TOLD = 3
"""So many differences from a store's plan are told."""


@dataclass(frozen=True)
class KernelReference:
    """Which kernel a plan runs: where it was found, and the hash that says whether it is the same one."""

    name: str
    version: str
    source: str
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]
    is_program: bool = False
    """Whether it is a command and no compiled function."""
    is_weighted: bool = False
    """Whether its trials have weights; the last output is the weight then."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all that is counted of a trial; see `sweep_kernels.declaration.Kernel`."""
        return columns_of(self.outputs, is_weighted=self.is_weighted)


@dataclass(frozen=True)
class Plan:
    """What is to be computed.

    Attributes
    ----------
    kernel
        The kernel's name, hash, parameters and outputs.
    space
        The points.
    trials
        Trials of each point, ``1 <= trials <= 2**44``.
    seed
        ``0 <= seed < 2**64``.
    keep
        ``""`` for statistics alone, ``"all"`` to keep every trial, or the name of an output: trials where it is true are kept.
    common_random_numbers
        Whether every point gets the draws of point 0, so that points are compared on the same randomness.
    confidence
        Of the intervals, ``0 < confidence <= 1 - 1e-12``. Not part of what is computed: it may change between runs.
    block_size
        Trials of a block.
    data
        The tables that the kernel reads, by parameter: their types, shapes and hashes.
    kinds
        What parameters are made that are annotated as something else than their axes or defaults are: ``"float"``, ``"int"`` or ``"float32"``.
    draws
        The distributions of the parameters that each trial draws, in the order of the draws. The kernel's version says them too.
    proposals
        Of some of these, what they are drawn from instead.
    request
        Quantiles, histograms and covariances. Levels of quantiles may change between runs, as they are read off what is counted.
    """

    kernel: KernelReference
    space: Space
    trials: int
    seed: int = 0
    keep: str = ""
    common_random_numbers: bool = False
    confidence: float = 0.95
    block_size: int = BLOCK_SIZE
    data: Mapping[str, TableReference] = field(default_factory=dict[str, TableReference])
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    draws: Mapping[str, Distribution] = field(default_factory=dict[str, "Distribution"])
    proposals: Mapping[str, Distribution] = field(default_factory=dict[str, "Distribution"])
    request: Request = field(default_factory=Request)

    @classmethod
    def make(
        cls,
        kernel: Kernel | Command,
        space: Space,
        trials: int,
        *,
        seed: int = 0,
        keep: str = "",
        common_random_numbers: bool = False,
        confidence: float = 0.95,
        source: str = "",
        data: Mapping[str, Table] | None = None,
        request: Request | None = None,
    ) -> Plan:
        """Check a study and plan it.

        Raises
        ------
        PlanError
            If a number is out of range, the kernel's parameters are not the space's axes and the tables, or `keep` is no output.
        KernelError
            If the kernel's source cannot be hashed.
        """
        _check_numbers(trials, seed, confidence)
        if not isinstance(common_random_numbers, bool):  # pyright: ignore[reportUnnecessaryIsInstance] - it may come from a file
            raise PlanError(f"common_random_numbers={common_random_numbers!r} is neither True nor False")
        request = request or Request()
        tables = {name: TableReference.of(each) for name, each in (data or {}).items()}
        is_program = isinstance(kernel, Command)
        if is_program:
            check_command(kernel, space, tables)
        else:
            check_parameters(kernel, space, tables)
        check_columns(kernel, space, request)
        if keep not in {"", "all", *kernel.outputs}:
            raise PlanError(
                f"keep={keep!r} is neither 'all' nor an output of {kernel.name!r}: {nearest(keep, kernel.outputs)}"
            )
        reference = KernelReference(
            kernel.name,
            kernel.version,
            source or kernel.file,
            kernel.parameters,
            kernel.outputs,
            is_program,
            kernel.is_weighted,
        )
        check_weighted(kernel, request)
        kinds = {} if is_program else other_kinds(kernel, space, tables)
        block_size = kernel.block_size if is_program else BLOCK_SIZE
        numbers_of = (int(trials), int(seed), keep, common_random_numbers, float(confidence), block_size)
        drawn = {"draws": kernel.draws, "proposals": kernel.proposals}
        return cls(reference, space, *numbers_of, data=tables, kinds=kinds, **drawn, request=request)

    @property
    def points(self) -> int:
        """How many points."""
        return self.space.size

    @property
    def blocks_per_point(self) -> int:
        """How many blocks each point's trials fall into."""
        return -(-self.trials // self.block_size)

    @functools.cached_property
    def hash(self) -> str:
        """64 hexadecimal digits: the hash of everything that a result depends on, and of nothing else."""
        fields = self._fields()
        del fields["kernel"]["source"]
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def _fields(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "counter_layout": LAYOUT,
            "kernel": {
                "name": self.kernel.name,
                "version": self.kernel.version,
                "source": self.kernel.source,
                "parameters": list(self.kernel.parameters),
                "outputs": list(self.kernel.outputs),
                **({"program": True} if self.kernel.is_program else {}),
                **({"weighted": True} if self.kernel.is_weighted else {}),
            },
            "space": self.space.spec(),
            "points": self.points,
            "trials": self.trials,
            "seed": self.seed,
            "block_size": self.block_size,
            "common_random_numbers": self.common_random_numbers,
            "keep": self.keep,
            "confidence": self.confidence,
            **({"data": {name: each.to_json() for name, each in sorted(self.data.items())}} if self.data else {}),
            **({"kinds": dict(sorted(self.kinds.items()))} if self.kinds else {}),
            **({"draws": [[name, each.spec()] for name, each in self.draws.items()]} if self.draws else {}),
            **({"proposals": [[name, each.spec()] for name, each in self.proposals.items()]} if self.proposals else {}),
            **self.request.fields(),
        }

    def to_json(self) -> bytes:
        """Write it as JSON, for people and for `from_json`."""
        lines = [
            f" {json.dumps(key)}: {json.dumps(value)}" for key, value in {**self._fields(), "hash": self.hash}.items()
        ]
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode()

    @classmethod
    def from_json(cls, data: bytes, tables: dict[str, Any], name: str = "plan.json") -> Plan:
        """Read what `to_json` wrote.

        Parameters
        ----------
        data
            The JSON.
        tables
            Explicit tables that the space refers to, by digest.
        name
            What to call it in an error.

        Raises
        ------
        CorruptError
            If it cannot be read, or its hash is not the hash of its contents.
        PlanError
            If it was written in another format.
        """
        from sweep.space import from_spec

        try:
            fields = json.loads(data)
            if fields["format"] != FORMAT or fields["counter_layout"] != LAYOUT:
                raise PlanError(f"{name} has format {fields['format']}; this version reads format {FORMAT}")
            kernel = fields["kernel"]
            plan = cls(
                KernelReference(
                    kernel["name"],
                    kernel["version"],
                    kernel["source"],
                    tuple(kernel["parameters"]),
                    tuple(kernel["outputs"]),
                    kernel.get("program", False),
                    kernel.get("weighted", False),
                ),
                from_spec(fields["space"], tables),
                **{
                    key: fields[key]
                    for key in ("trials", "seed", "keep", "common_random_numbers", "confidence", "block_size")
                },
                data={name: TableReference.from_json(each) for name, each in fields.get("data", {}).items()},
                kinds=fields.get("kinds", {}),
                draws=_draws_of(fields.get("draws", [])),
                proposals=_draws_of(fields.get("proposals", [])),
                request=Request.from_fields(fields, tuple(kernel["outputs"])),
            )
        except (ValueError, KeyError, TypeError, SpaceError) as error:
            raise CorruptError(f"{name} cannot be read as a plan: {type(error).__name__}: {error}") from None
        if plan.hash != fields.get("hash"):
            raise CorruptError(f"{name} was changed by hand: its hash is not that of its contents")
        return plan

    def continues(self, old: Plan) -> None:
        """Check that a store that holds `old` can go on to hold this plan.

        Trials may grow, points may be added at the end, and the confidence and the levels of quantiles may change.

        Raises
        ------
        PlanError
            If anything else differs; names each field, what the store holds and what was asked, and what can be done.
        """
        differences = list(self._differences(old))
        if not differences:
            return
        more = f"; and {len(differences) - TOLD} more" if len(differences) > TOLD else ""
        said = f"the store holds another plan: {'; '.join(differences[:TOLD])}{more}"
        if len(differences) == 1 and self.trials < old.trials:
            raise PlanError(
                f"{said}: ask for {old.trials} to go on with it, `sweep show` prints it, another store takes fewer"
            )
        raise PlanError(f"{said}; name another store, or let this plan replace it (--replace)")

    def _differences(self, old: Plan) -> Iterator[str]:
        """Say in what this plan does not continue another."""
        is_redrawn = (_said(self.draws), _said(self.proposals)) != (_said(old.draws), _said(old.proposals))
        if self.kernel.version != old.kernel.version and not is_redrawn:
            before, now = (f"{each.name} {each.version[:8]}" for each in (old.kernel, self.kernel))
            what = "what is said of the command" if self.kernel.is_program else "the source of the kernel"
            yield _differs(what, before, now)
        for name in ("outputs", "parameters"):
            before, now = (list(getattr(each, name)) for each in (old.kernel, self.kernel))
            if before != now:
                yield _differs(f"the list of the kernel's {name}", before, now)
        for name in ("seed", "common_random_numbers", "keep", "block_size"):
            before, now = getattr(old, name), getattr(self, name)
            if before != now:
                yield _differs(name, before, now)
        yield from self._differences_of_arguments(old)
        for name, before, now in self.request.differences(old.request):
            yield _differs(name, before, now)
        if self.trials < old.trials:
            yield _differs("trials", old.trials, self.trials) + " (trials can grow, not shrink)"
        reason = self.space.extends(old.space)
        if reason is not None:
            yield f"space differs: {reason} (points can be added at the end)"

    def _differences_of_arguments(self, old: Plan) -> Iterator[str]:
        """Say which tables and annotations differ."""
        for name in sorted({*old.data, *self.data}):
            before, now = (str(each.data[name]) if name in each.data else "none" for each in (old, self))
            if before != now:
                yield _differs(f"the table {name!r}", before, now)
        for name in dict.fromkeys((*old.draws, *self.draws)):
            before, now = (_said(each.draws).get(name, "none") for each in (old, self))
            if before != now:
                yield _differs(f"the distribution of {name!r}", before, now)
        for name in dict.fromkeys((*old.proposals, *self.proposals)):
            before, now = (_said(each.proposals).get(name, "none") for each in (old, self))
            if before != now:
                yield _differs(f"the proposal for {name!r}", before, now)
        if dict(self.kinds) != dict(old.kinds):
            yield _differs("what parameters are annotated as", dict(old.kinds), dict(self.kinds))


def _said(draws: Mapping[str, Distribution]) -> dict[str, str]:
    """Write distributions as text, in which 1, 1.0 and True differ."""
    return {name: json.dumps(each.spec()) for name, each in draws.items()}


def _draws_of(listed: Any) -> dict[str, Distribution]:
    """Read distributions; ValueError where one is none."""
    try:
        return {name: distribution_of(each) for name, each in listed}
    except UsageError as error:
        raise ValueError(str(error)) from None


def _differs(field: str, old: Any, new: Any) -> str:
    return f"{field} differs: it holds {old!r}, asked for {new!r}"


def _check_numbers(trials: Any, seed: Any, confidence: Any) -> None:
    if not _is_integer(trials) or not 1 <= trials <= TRIAL_LIMIT:
        raise PlanError(f"trials={trials!r} is not a whole number from 1 to 2**44")
    if not _is_integer(seed) or not 0 <= seed < SEED_LIMIT:
        raise PlanError(f"seed={seed!r} is not a whole number from 0 to 2**64 - 1")
    if not isinstance(confidence, float | int) or not 0.0 < confidence <= MOST_CONFIDENCE:
        raise PlanError(f"confidence={confidence!r} is not between 0 and 1 - 1e-12, as in 0.95")


def _is_integer(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, numbers.Integral)
