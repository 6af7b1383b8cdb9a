"""How an operation refuses what a client asks for."""

from __future__ import annotations

from sweep.errors import SweepError

__all__ = ["RefusedError"]


class RefusedError(SweepError):
    """A client's mistake.

    Parameters
    ----------
    message
        What the client is told.
    code
        The error as AWS names it; ``ClientException`` stands for what the service in question has in its place.
    status
        Of HTTP.
    """

    def __init__(self, message: str, code: str = "ClientException", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
