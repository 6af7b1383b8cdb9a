"""What a client is told when it has asked for something that cannot be."""

from __future__ import annotations

__all__ = ["RefusedError"]


class RefusedError(Exception):
    """A request is refused.

    Parameters
    ----------
    message
        AWS's words where these are known.
    code
        AWS's name for the error.
    status
        Of HTTP.
    """

    def __init__(self, message: str, code: str = "ClientException", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
