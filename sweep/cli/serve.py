"""``sweep serve``: AWS Batch's API over the job engine of this machine."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.options import EngineOption

if TYPE_CHECKING:
    from sweep.serve.server import Served

__all__ = ["command"]

DEFAULT_PORT = 8642

_CLIENTS = ("BATCH", "CLOUDWATCH_LOGS", "STS")
"""What AWS's clients call the services; no ``AWS_ENDPOINT_URL`` for all of them, or S3 would be looked for here too."""


def command(
    engine: EngineOption = None,
    port: Annotated[int, typer.Option(metavar="N", help="Port; 0 for any that is free.")] = DEFAULT_PORT,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; one that others reach needs TLS.")
    ] = "127.0.0.1",
    region: Annotated[str, typer.Option(metavar="NAME", help="Region that requests are signed for.")] = "us-east-1",
    account: Annotated[str, typer.Option(metavar="DIGITS", help="Account in the names of things.")] = "123456789012",
    relax: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help="Rules of AWS that are not held to: list-default-all,delete-enabled, and for a new engine large-arrays,short-timeouts.",
        ),
    ] = "",
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate for TLS, in PEM.", show_default=False)
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, in PEM.", show_default=False)] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the URL here, as JSON, once requests are answered.", show_default=False
        ),
    ] = None,
    insecure_no_auth: Annotated[
        bool, typer.Option("--insecure-no-auth", help="Take requests that nobody has signed, from this machine.")
    ] = False,
) -> None:
    """Answer AWS Batch's API, so that `aws batch`, boto3 and what is built on them run jobs here. Ctrl-C ends it."""
    from sweep.daemon.folder import engine_folder
    from sweep.serve.server import serve
    from sweep.serve.settings import Settings

    told = ready_file and ready_file.absolute()
    if told is not None:
        _remove(told)
    settings = Settings(
        folder=engine_folder(engine),
        host=host,
        port=port,
        region=region,
        account=account,
        relaxed=tuple(each for each in relax.split(",") if each),
        certificate=certificate and certificate.absolute(),
        key=key and key.absolute(),
        needs_auth=not insecure_no_auth,
    )
    serve(settings, lambda served: _tell(served, told))
    if told is not None:
        _remove(told)


def _tell(served: Served, ready_file: Path | None) -> None:
    """Say where it is: standard output can be read by a shell."""
    if not served.settings.needs_auth:
        typer.echo(
            f"sweep: WARNING: --insecure-no-auth: whoever has an account on this machine can run commands as you, by way of {served.url}",
            err=True,
        )
    typer.echo(f"# AWS Batch over the engine in {served.settings.folder}; Ctrl-C ends it.")
    for name, value in _variables(served).items():
        typer.echo(f"export {name}={shlex.quote(value)}")
    if served.settings.certificate is not None:
        typer.echo(
            f"# for a certificate of your own: export AWS_CA_BUNDLE={shlex.quote(str(served.settings.certificate))}"
        )
    if ready_file is not None:
        _write_whole(
            ready_file, json.dumps({"url": served.url, "pid": os.getpid(), "folder": str(served.settings.folder)})
        )


def _variables(served: Served) -> dict[str, str]:
    return {
        **{f"AWS_ENDPOINT_URL_{each}": served.url for each in _CLIENTS},
        "AWS_REGION": served.settings.region,
        "AWS_DEFAULT_REGION": served.settings.region,
        "AWS_ACCESS_KEY_ID": served.keys.access,
        "AWS_SECRET_ACCESS_KEY": served.keys.secret,
    }


def _remove(path: Path) -> None:
    """Remove what an endpoint wrote that answers no more."""
    from sweep.errors import UsageError

    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"--ready-file {path} cannot be written: {error.strerror}") from None


def _write_whole(path: Path, text: str) -> None:
    from sweep.errors import UsageError

    half = path.with_name(f"{path.name}.half")
    try:
        half.write_text(text)
        half.replace(path)
    except OSError as error:
        raise UsageError(f"--ready-file {path} cannot be written: {error.strerror}") from None
