"""``sweep forecast``: what a study would take, before anybody pays for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.options import SeedOption, TrialsOption, opened_store, read_study
from sweep.errors import UsageError, nearest

if TYPE_CHECKING:
    from sweep.forecast.prices import Prices
    from sweep.store import Store

__all__ = ["command"]

FORMATS = ("text", "json")
REGION = "us-east-1"


def command(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A TOML spec, a Python file that holds one Sweep, or file.py:name.",
            show_default=False,
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="STORE",
            help="Set the forecast that is kept in a store against its run, instead.",
            show_default=False,
        ),
    ] = None,
    budget: Annotated[float, typer.Option(metavar="SECONDS", help="How long to time trials, about.")] = 10.0,
    vcpus: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of processors to work out times for.")
    ] = "16,256",
    width: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            help="Count the trials for intervals of this half width, as 1% or 0.01 of the estimate.",
            show_default=False,
        ),
    ] = None,
    instance_types: Annotated[
        str | None,
        typer.Option(metavar="TYPE,...", help="AWS's instance types to tell the cost on.", show_default=False),
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="REGION", help="Where.  [default: us-east-1]", show_default=False)
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Prices as TOML or JSON, instead of asking AWS for them.", show_default=False
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(metavar="FACTOR", help="Of a processor there beside one of this machine.")
    ] = 1.0,
    startup: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Before a child begins there.  [default: that of a Python process here]",
            show_default=False,
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Keep the forecast there as forecast.json, for --compare.", show_default=False
        ),
    ] = None,
    trials: TrialsOption = None,
    seed: SeedOption = None,
    form: Annotated[
        str,
        typer.Option("--format", metavar="text|json", autocompletion=lambda: list(FORMATS), help="How to print it."),
    ] = "text",
) -> None:
    """Time a few trials over the whole space, and say what a run would take.

    Core-seconds with an interval, wall time, bytes, requests, money, and how wide the result's intervals will be.
    """
    if form not in FORMATS:
        raise UsageError(f"--format {form!r}: {nearest(form, FORMATS)}")
    if compare is not None:
        if study is not None:
            raise UsageError(f"--compare takes the store of a run; leave {study!r} out")
        _compare(compare, form)
        return
    if study is None:
        raise UsageError("missing argument 'STUDY': what to forecast, or --compare STORE")
    numbers = _vcpus(vcpus)
    wished = None if width is None else _width(width)
    _check(budget, speed, startup)
    from sweep.programs import Command

    sweep = read_study(study, trials, seed)
    kernel = sweep.kernel
    if isinstance(kernel, Command):
        raise UsageError(
            f"command {kernel.name!r} is a program, and forecasts time compiled kernels: `sweep run --trials 1` shows what it takes"
        )
    plan = sweep.plan(source=study.partition(":")[0])
    known, missing = _prices(prices, instance_types, region)
    from sweep.aside import started
    from sweep.forecast.forecast import forecast
    from sweep.forecast.keeping import keep, refuse_run
    from sweep.forecast.text import forecast_text
    from sweep.rehearsal import rehearse
    from sweep.store import open_store

    place: Store = open_store("memory://" if store is None else store)
    refuse_run(place)
    rehearse(kernel, plan, data=sweep.data)
    found = started(
        lambda: forecast(
            kernel,
            plan,
            place,
            data=sweep.data,
            budget=budget,
            vcpus=numbers,
            speed=speed,
            startup=startup,
            wished=wished,
            prices=known,
            missing=missing,
        )
    ).result()
    typer.echo(forecast_text(found) if form == "text" else found.to_json().decode(), nl=form == "text")
    if store is not None:
        typer.echo(f"sweep: kept as {keep(place, found)}", err=True)


def _compare(place: str, form: str) -> None:
    import json

    from sweep.forecast.comparison import compare
    from sweep.forecast.text import comparison_text

    found = compare(opened_store(place))
    typer.echo(comparison_text(found) if form == "text" else json.dumps(found.to_dict(), indent=1))


def _check(budget: float, speed: float, startup: float | None) -> None:
    for name, value, least in (("--budget", budget, "above 0"), ("--speed", speed, "above 0")):
        if not value > 0.0 or not math.isfinite(value):
            raise UsageError(f"{name} {value:g} is not a number {least}")
    if startup is not None and (not startup >= 0.0 or not math.isfinite(startup)):
        raise UsageError(f"--startup {startup:g} is not a number of seconds, 0 or more")


def _vcpus(text: str) -> tuple[int, ...]:
    """Read numbers of processors.

    >>> _vcpus("16,256")
    (16, 256)
    """
    parts = [each.strip() for each in text.split(",") if each.strip()]
    for each in parts:
        if not each.isdecimal() or not 1 <= int(each) <= 1_000_000:
            raise UsageError(f"--vcpus {text!r}: {each!r} is not a whole number from 1 to 1,000,000, as in 16,256,4096")
    return tuple(sorted({int(each) for each in parts}))


def _width(text: str) -> float:
    """Read a part.

    >>> _width("1%"), _width("0.01")
    (0.01, 0.01)
    """
    try:
        part = float(text.rstrip("% ")) / (100.0 if "%" in text else 1.0)
    except ValueError:
        part = math.nan
    if not 1e-6 <= part < 1.0:
        raise UsageError(f"--width {text!r} is not a part of the estimate from 0.0001% to below 100%, as in 1%")
    return part


def _prices(file: Path | None, types: str | None, region: str | None) -> tuple[Prices | None, str]:
    """Find out what instance types cost; or say what is missing."""
    names = tuple(each.strip() for each in (types or "").split(",") if each.strip())
    if file is not None:
        from sweep.forecast.prices import read_prices

        return read_prices(file, names, region), ""
    if not names:
        return None, "not asked for: --instance-types c7i.4xlarge,m7g.4xlarge tells it"
    from sweep.forecast.aws import PriceTroubleError, aws_prices, has_credentials

    if not has_credentials():
        return None, (
            f"unknown for {', '.join(names)}: no AWS credentials to ask for prices with, and no --prices FILE"
        )
    try:
        return aws_prices(names, region or REGION), ""
    except PriceTroubleError as error:
        return None, f"unknown for {', '.join(names)}: AWS did not tell ({error}); --prices FILE would"
