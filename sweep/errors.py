"""Everything this package raises on purpose.

::

    SweepError                  one line for the user; the command exits with ``exit_code``
    ├── UsageError              2   bad input: nothing was written
    │   ├── SpaceError          2   an axis, a table, a design or a filter is wrong
    │   ├── SpecError           2   a study file is wrong
    │   ├── ScenarioError       2   an OpenSCENARIO file is malformed or unsupported: names the element and its line
    │   ├── KernelError         2   a kernel cannot be found, typed or called
    │   ├── DeviceError        2   a GPU is not there, has no driver, or no room
    │   ├── PlanError           2   the plan is wrong, or the store holds another one
    │   ├── StoreError          2   a store cannot be reached, read or written
    │   └── JobError            2   a job, queue, environment or definition is refused
    ├── TrialError              1   a trial raised: names its point, parameters and index
    ├── FailuresError           1   more trials failed than may
    ├── CorruptError            1   an object in the store is not what was written
    └── WorkerError             1   a worker was lost more often than it may be

A message is a lowercase fact with the value in it, where it stands, and what would be accepted.
"""

from __future__ import annotations

from sweep_kernels.errors import DeviceError, KernelError, SweepError, UsageError

__all__ = [
    "CorruptError",
    "DeviceError",
    "FailuresError",
    "JobError",
    "KernelError",
    "ObjectExistsError",
    "ObjectNotFoundError",
    "PlanError",
    "ScenarioError",
    "SpaceError",
    "SpecError",
    "StoreError",
    "SweepError",
    "TrialError",
    "UnansweredError",
    "UsageError",
    "WorkerError",
    "brief",
    "nearest",
]


class SpaceError(UsageError):
    """An axis, a table, a design or a filter is wrong."""


class SpecError(UsageError):
    """A study file (TOML or Python) is wrong."""


class ScenarioError(UsageError):
    """An OpenSCENARIO file is malformed, or has what is not supported."""


class PlanError(UsageError):
    """The plan is wrong, or the store holds another one."""


class StoreError(UsageError):
    """A store cannot be reached, read or written."""


class JobError(UsageError):
    """The job engine refuses a job, a queue, an environment or a definition; AWS's own words where these are known."""


class UnansweredError(JobError):
    """No answer came, or none that says what became of the request: what was asked may have been done."""


class ObjectExistsError(StoreError):
    """A create-only write met an object of that name."""


class ObjectNotFoundError(StoreError):
    """There is no object of that name."""


class TrialError(SweepError):
    """A trial raised; the message names its point, its parameters and its index."""


class FailuresError(SweepError):
    """More trials of a command failed than may."""


class CorruptError(SweepError):
    """An object in the store is not what was written there."""


class WorkerError(SweepError):
    """A worker was lost more often than it may be."""


_LONGEST = 80
_MOST_NAMED = 12


def brief(text: str) -> str:
    """Return a text of a user's as a message can bear it: its beginning, where it is long.

    >>> brief("snr_db"), brief("x" * 100) == "x" * 80 + "..."
    ('snr_db', True)
    """
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def nearest(name: str, candidates: list[str] | tuple[str, ...]) -> str:
    """Say which of `candidates` was probably meant, as a clause to end a message with.

    Parameters
    ----------
    name
        What the user wrote.
    candidates
        What would have been accepted.

    Returns
    -------
    str
        ``"did you mean 'x'?"``, or the list of what is accepted when nothing is close.

    Examples
    --------
    >>> nearest("snr_bd", ["snr_db", "pfa"])
    "did you mean 'snr_db'?"
    >>> nearest("q", ["snr_db", "pfa"])
    "expected one of 'snr_db', 'pfa'"
    """
    import difflib

    close = difflib.get_close_matches(name, candidates, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not candidates:
        return "none is known"
    more = f" and {len(candidates) - _MOST_NAMED} more" if len(candidates) > _MOST_NAMED else ""
    return f"expected one of {', '.join(repr(each) for each in candidates[:_MOST_NAMED])}{more}"
