"""Whether a failed attempt is followed by another."""

from __future__ import annotations

from sweep.jobs.definition import Action, ExitRule, Retry

__all__ = ["tries_again"]


def tries_again(retry: Retry, attempt: int, exit_code: int | None, reason: str, status_reason: str) -> bool:
    """Decide on attempt number `attempt` (from 1) having failed.

    The first rule that matches decides; when none does, there is another attempt, as long as there are attempts left.

    Examples
    --------
    >>> rules = (ExitRule(Action.RETRY, on_status_reason="Host EC2*"), ExitRule(Action.EXIT, on_reason="*"))
    >>> tries_again(Retry(3, rules), 1, None, "", "Host EC2 (instance i-1) terminated.")
    True
    >>> tries_again(Retry(3, rules), 1, 1, "", "Essential container in task exited")
    False
    """
    if attempt >= retry.attempts:
        return False
    code = None if exit_code is None else str(exit_code)
    for rule in retry.evaluate_on_exit:
        if _matches(rule, code, reason, status_reason):
            return rule.action is Action.RETRY
    return True


def _matches(rule: ExitRule, code: str | None, reason: str, status_reason: str) -> bool:
    patterns = ((rule.on_exit_code, code), (rule.on_reason, reason), (rule.on_status_reason, status_reason))
    return all(pattern is None or (text is not None and _fits(pattern, text)) for pattern, text in patterns)


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
