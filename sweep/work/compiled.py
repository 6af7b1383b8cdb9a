"""Run a batch of a compiled kernel's blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep.work.arguments import argument_words
from sweep.work.raised import explain
from sweep.work.ran import Ran
from sweep_kernels.driver import Driver, TrialRaisedError

if TYPE_CHECKING:
    from sweep.work.ran import Batch
    from sweep.work.study import Study

__all__ = ["run_compiled"]


def run_compiled(study: Study, batch: Batch) -> Ran:
    """Run a batch on this thread, or the study's GPUs.

    Raises
    ------
    TrialError
        If a trial raised.
    """
    words = argument_words(study.compiled, study.plan, batch.blocks.first_point, batch.last_point)
    keep = bool(study.plan.keep)
    try:
        driver = study.driver
        if isinstance(driver, Driver) and study.observer is not None:
            return Ran(
                *driver.run_observed(
                    batch.blocks, words, study.observer, batch.ends(counts=study.plan.request.counts), keep=keep
                )
            )
        if keep:
            return Ran(*driver.run_keeping(batch.blocks, words), None)
        return Ran(driver.run(batch.blocks, words), None, None)
    except TrialRaisedError as raised:
        explain(study, raised.point, raised.trial)
