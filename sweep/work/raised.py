"""What the user is told of a trial that raised in compiled code: it is run again in plain Python, where the exception can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from sweep.errors import KernelError, TrialError
from sweep.work.arguments import arguments_of
from sweep.work.patience import OutOfPatienceError, PatientRng
from sweep_kernels.driver import EXACT
from sweep_kernels.outputs import MisfitError, flattened
from sweep_kernels.rng import Rng

if TYPE_CHECKING:
    from sweep.work.study import Study
    from sweep_kernels.declaration import Kernel

__all__ = ["explain", "require_outputs"]

GLANCE_SECONDS = 1.0


def require_outputs(study: Study, point: int, trial: int) -> None:
    """See that a trial returns as many numbers as its kernel names, before anything is computed; what else it raises is left.

    Raises
    ------
    KernelError
        If it does not; names the kernel's line.
    """
    kernel = study.compiled
    try:
        flattened(kernel.name, kernel.outputs, _again(study, point, trial, GLANCE_SECONDS))
    except MisfitError as error:
        raise KernelError(f"{kernel.file}:{kernel.line}: {error}") from None
    except Exception:  # noqa: BLE001 - the user's own: it will be met again, and explained, by the shard that holds it
        return


def explain(study: Study, point: int, trial: int) -> NoReturn:
    """Raise what a trial raised, in one line.

    Raises
    ------
    TrialError
        Names the trial, its point and its parameters.
    """
    name = study.kernel.name
    try:
        what = f"kernel {name!r} {_wrong(study.compiled, _again(study, point, trial))}"
    except MisfitError as error:
        what = f"{error},"
    except KernelError as error:
        what = f"kernel {name!r}: {error},"
    except OutOfPatienceError:
        what = (
            f"kernel {name!r} raised an exception in compiled code, which plain Python has not come to in a while (does a loop never end? "
            "no trial may draw more than 2**33 uniforms or normals),"
        )
    except Exception as error:  # noqa: BLE001 - it is the user's own
        what = f"kernel {name!r} raised {type(error).__name__}: {error}"
    drawn = study.compiled.draw(Rng(study.plan.seed, 0 if study.plan.common_random_numbers else point, trial))
    parameters = study.plan.space[point] | {
        name: study.compiled.draws[name].decoded(each) for name, each in drawn.items()
    }
    values = ", ".join(f"{name}={value!r}" for name, value in parameters.items())
    raise TrialError(
        f"{what} in trial {trial} of point {point}{f' ({values})' if values else ''}; step through it with "
        f"`sweep replay STUDY --point {point} --trial {trial} --pdb`",
    ) from None


def _again(study: Study, point: int, trial: int, seconds: float | None = None) -> Any:
    """Run a trial in plain Python, for a while."""
    drawn_at = 0 if study.plan.common_random_numbers else point
    patience = {} if seconds is None else {"seconds": seconds}
    rng = PatientRng(study.plan.seed, drawn_at, trial, **patience)
    return study.compiled.run(rng, **arguments_of(study.compiled, study.plan, point, study.tables))


def _wrong(kernel: Kernel, returned: Any) -> str:
    """Say what is wrong with a trial that raised nothing in plain Python."""
    for name, value in zip(kernel.outputs, flattened(kernel.name, kernel.outputs, returned), strict=True):
        if isinstance(value, int) and abs(value) >= EXACT:
            return f"returned {name}={value}, an integer that is not below 2**53 and could not be held exactly (return a float),"
    return "raised an exception in compiled code, but not in plain Python,"
