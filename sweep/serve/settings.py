"""How an endpoint is to be: checked as a whole before anything is done."""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.errors import UsageError, nearest
from sweep.jobs.limits import RELAXATIONS as ENGINE_RELAXATIONS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ENGINE_RELAXATIONS", "RELAXATIONS", "Settings", "check"]

RELAXATIONS = (*ENGINE_RELAXATIONS, "list-default-all", "delete-enabled")

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True)
class Settings:
    """How an endpoint is to be.

    Attributes
    ----------
    folder
        The engine's.
    host, port
        Where to listen; port 0 stands for any that is free.
    region, account
        What ARNs are made of.
    relaxed
        Names of AWS's rules that are not held to.
    certificate, key
        Files for TLS, in PEM; both or none.
    needs_auth
        Whether requests must be signed.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    region: str = "us-east-1"
    account: str = "123456789012"
    relaxed: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    needs_auth: bool = True

    @property
    def is_local(self) -> bool:
        """Whether nobody outside this machine can reach it."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def is_open(self) -> bool:
        """Whether it listens at all addresses of the machine."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 - this is where it is told apart

    @property
    def scheme(self) -> str:
        """How its URL begins."""
        return "http" if self.certificate is None else "https"


def check(settings: Settings) -> None:
    """Refuse what makes no sense, or what is not safe.

    Raises
    ------
    UsageError
        Says what.
    """
    if not _REGION.fullmatch(settings.region):
        raise UsageError(f"--region {settings.region!r} is not the name of a region, as us-east-1")
    if not _ACCOUNT.fullmatch(settings.account):
        raise UsageError(f"--account {settings.account!r} is not 12 digits, as 123456789012")
    if not 0 <= settings.port < 1 << 16:
        raise UsageError(f"--port {settings.port} is not between 0 and 65535")
    for each in settings.relaxed:
        if each not in RELAXATIONS:
            raise UsageError(f"--relax {each!r} is not known: {nearest(each, RELAXATIONS)}")
    if not settings.needs_auth and not settings.is_local:
        raise UsageError(f"--insecure-no-auth is for this machine alone, not for --host {settings.host}")
    _check_encryption(settings)


def _check_encryption(settings: Settings) -> None:
    if (settings.certificate is None) != (settings.key is None):
        raise UsageError("--certificate and --key go together: give both, or neither")
    if settings.certificate is None or settings.key is None:
        if not settings.is_local:
            raise UsageError(
                f"--host {settings.host} can be reached from outside: give --certificate FILE and --key FILE"
            )
        return
    for path in (settings.certificate, settings.key):
        if not path.is_file():
            raise UsageError(f"{path} is not a file: expected one in PEM")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.certificate, settings.key, password=_no_password
        )
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UsageError(
            f"{settings.certificate} and {settings.key} are not a certificate and its key: {error}"
        ) from None


def _no_password() -> str:
    raise ValueError("the key has a password")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
