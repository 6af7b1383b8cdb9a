"""Forecasts and comparisons for people: a screen of text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.forecast.comparison import Comparison
    from sweep.forecast.forecast import Forecast
    from sweep.forecast.money import Bill
    from sweep.forecast.widths import Place, Width

__all__ = ["as_bytes", "as_time", "comparison_text", "forecast_text"]

COLUMNS = 80
NAME = 11
"""Columns of the names on the left."""

OUTPUT = 16
"""Columns of an output's name."""

SHOWN = 4
"""Outputs whose intervals are shown."""


def forecast_text(found: Forecast) -> str:
    """Write a forecast in some thirty lines of 80 columns."""
    return "\n".join([*_work(found), *_time(found), *_store(found), *_money(found), *_intervals(found), *_notes(found)])


def _work(found: Forecast) -> Iterator[str]:
    sampled = found.sampled
    how = "all" if sampled.is_census else f"{sampled.points:,} of"
    yield _line("sweep", f"{found.kernel}: {found.points:,} points x {found.trials:,} trials")
    yield _line(
        "core time",
        f"{as_time(found.core_seconds)} (95 %: {as_time(found.low)} to {as_time(found.high)}), "
        f"and {as_time(found.other_seconds)} to merge",
    )
    yield _line(
        "",
        f"timed at {how} {sampled.of:,} points in {as_time(sampled.seconds)}, "
        f"after {as_time(sampled.compile_seconds)} to compile",
    )
    point, values, seconds = sampled.slowest
    times = seconds / max(sampled.fastest[2], 1e-12)
    if found.points > 1:
        yield _line("slowest", f"a tenth of the points takes about {100 * sampled.slowest_decile:.0f} % of it")
        yield from _wrapped(f"point {point:,}: {as_time(seconds)}, {times:,.0f} times point {sampled.fastest[0]:,}'s")
        yield from _wrapped(_values(values))


def _time(found: Forecast) -> Iterator[str]:
    yield _line("wall time", f"{'vCPUs':>6}  {'time':>13}  {'shards':>7}  {'middle':>11}  {'longest':>11}  {'busy':>5}")
    for name, run in [("here", found.here), *(("elsewhere", each) for each in found.elsewhere)]:
        yield _line(
            f"  {name}",
            f"{run.vcpus:>6,}  {as_time(run.seconds):>13}  {run.shards:>7,}  {as_time(run.middle):>11}  "
            f"{as_time(run.longest):>11}  {100 * run.busy:>3.0f} %",
        )
    if found.elsewhere:
        yield from _wrapped(_why(found))


def _why(found: Forecast) -> str:
    """Say why so many shards."""
    run = found.elsewhere[-1]
    each = f"every child starts for {as_time(found.startup)}"
    if run.longest > 0.5 * run.seconds:
        return f"{run.shards:,} shards: {each}; the longest shard bounds {run.vcpus:,} vCPUs, and no more than 10,000 are allowed"
    return f"{run.shards:,} shards on {run.vcpus:,} vCPUs: fewer would end unevenly, and {each}"


def _store(found: Forecast) -> Iterator[str]:
    volume, asked = found.volume, found.requests
    kept = f", kept trials {as_bytes(volume.trials)}" if volume.trials else ""
    yield _line(
        "store",
        f"{as_bytes(volume.bytes)} in {volume.objects:,} objects{kept}; result {as_bytes(volume.result)}",
    )
    yield _line("", f"{asked.put:,} PUT, {asked.get:,} GET, {asked.list:,} LIST with {found.here.shards:,} shards")


def _money(found: Forecast) -> Iterator[str]:
    prices = found.prices
    if prices is None:
        yield from _wrapped(found.missing, "money")
        return
    yield from _wrapped(f"{prices.source}, {prices.region}, {prices.date}", "money")
    yield _line("", f"{prices.currency + ' (95 %)':<22}{'on demand':>24}{'spot':>23}".rstrip())
    for bill in found.bills:
        yield _line("", _bill(bill))
    cases = zip(found.elsewhere, found.request_costs, strict=True)
    costs = [f"{_amount(cost)} on {run.vcpus:,} vCPUs" for run, cost in cases if cost is not None]
    if costs:
        yield from _wrapped(f"requests to S3 in {prices.currency}, beside that: {', '.join(costs)}")


def _bill(bill: Bill) -> str:
    def said(cost: tuple[float, float, float] | None) -> str:
        return "no price" if cost is None else f"{_amount(cost[0])} ({_amount(cost[1])}-{_amount(cost[2])})"

    return f"{bill.machines:>5,} x {bill.instance:<14}{said(bill.on_demand):>24}{said(bill.spot):>23}"


def _amount(money: float) -> str:
    """Write money in three digits at least.

    >>> _amount(0.01234), _amount(12.345), _amount(12345.6)
    ('0.0123', '12.35', '12,346')
    """
    return f"{money:,.4f}" if money < 1.0 else f"{money:,.2f}" if money < 1000.0 else f"{money:,.0f}"


def _intervals(found: Forecast) -> Iterator[str]:
    if found.trials == 1:
        yield _line("intervals", "one trial a point has none")
        return
    percent = f"{100 * found.confidence:g} %"
    yield _line("intervals", f"{percent}, half the width as part of the estimate:")
    wished = "" if found.wished is None else f"trials for {100 * found.wished:g} %"
    yield _line("", f"{'output':<{OUTPUT}}{'middle':>9}{'worst':>9}  {'at point':<11} {wished}")
    for each in found.widths[:SHOWN]:
        yield _line("", _width(each, found.wished))
    if len(found.widths) > SHOWN:
        yield _line("", f"and {len(found.widths) - SHOWN:,} more outputs (--format json)")


def _width(width: Width, wished: float | None) -> str:
    name = width.output if len(width.output) < OUTPUT else f"{width.output[: OUTPUT - 3]}.."
    if width.median is None or width.worst is None:
        return f"{name:<{OUTPUT}}never varied in the pilot, which says nothing of it"
    said = f"{name:<{OUTPUT}}{_percent(width.median):>9}{_percent(width.worst):>9}  {width.worst.point:<11,} "
    if wished is not None:
        said += f"{_trials(width.median)} to {_trials(width.worst)}"
    elif width.unseen:
        said += f"never varied at {width.unseen:,} of {width.points:,}"
    return said


def _percent(place: Place) -> str:
    return _part(place.relative)


def _part(part: float) -> str:
    """Write a part in percent, in eight columns at most, so that columns of nine never touch.

    >>> _part(0.0087), _part(2.8e-6), _part(1e-13), _part(0.0), _part(3.0)
    ('0.87 %', '2.8e-4 %', '< 1e-9 %', '0 %', '> 100 %')
    """
    if part >= 1:
        return "> 100 %"
    percent = 100 * part
    if percent >= 1e-3 or percent == 0:
        return f"{percent:.2g} %"
    return "< 1e-9 %" if percent < 1e-9 else f"{percent:.1e} %".replace("e-0", "e-")


def _trials(place: Place) -> str:
    return "> 2**44" if place.trials is None else _rounded(place.trials)


def _rounded(number: int) -> str:
    """Write a count in two digits, rounded up.

    >>> _rounded(7), _rounded(124_928), _rounded(2**41)
    ('7', '130,000', '2.2e12')
    """
    unit = 10 ** max(len(str(number)) - 2, 0)
    up = -(-number // unit) * unit
    return f"{up:,}" if up < 10**9 else f"{up:.1e}".replace("e+", "e")


def _notes(found: Forecast) -> Iterator[str]:
    if found.elsewhere:
        yield from _wrapped(
            f"elsewhere as fast as this machine (--speed {found.speed:g}), where a cloud's vCPU may be half a core; "
            "booting and loading images are not in it (--startup)",
            "note",
        )
    yield from _wrapped(
        "slow points that no timed one was near are not in the interval", "" if found.elsewhere else "note"
    )


def _line(name: str, text: str) -> str:
    return f"{name:<{NAME}}{text}".rstrip()


def _wrapped(text: str, name: str = "") -> Iterator[str]:
    for number, each in enumerate(textwrap.wrap(text, COLUMNS - NAME, break_on_hyphens=False)):
        yield _line(name if not number else "", each)


def _values(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}" for name, value in values.items()
    )


def as_time(seconds: float) -> str:
    """Write a duration, in three digits or as hours and minutes.

    >>> [as_time(each) for each in (3.2e-7, 0.0123, 42.0, 90.0, 4000.0, 100_000.0, 1e8)]
    ['0.32 us', '12.3 ms', '42.0 s', '1 min 30 s', '1 h 07 min', '1 d 04 h', '1,157 d']
    """
    for limit, factor, unit in ((1e-3, 1e6, "us"), (1.0, 1e3, "ms"), (60.0, 1.0, "s")):
        if seconds < limit:
            return (
                f"{seconds * factor:#.3g}".rstrip(".") + f" {unit}"
                if seconds * factor >= 1
                else f"{seconds * factor:.2g} {unit}"
            )
    minutes = round(seconds / 60.0)
    if seconds < 3600.0:
        whole = round(seconds)
        return f"{whole // 60} min {whole % 60:02d} s"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24:02d} h" if hours < 240 else f"{hours // 24:,} d"


def as_bytes(size: float) -> str:
    """Write a size.

    >>> [as_bytes(each) for each in (12, 61_234, 5.2e9)]
    ['12 B', '61.2 kB', '5.20 GB']
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} B" if unit == "B" else f"{size:#.3g} {unit}".replace(". ", " ")
        size /= 1000.0
    return f"{size:,.3g} TB"


def comparison_text(found: Comparison) -> str:
    """Write a comparison as a table."""
    lines = [f"{'':<15}{'forecast':>12}{'95 % interval':>27}{'actual':>12}{'ratio':>8}"]
    for each in found.lines:
        write = {"s": as_time, "B": as_bytes}.get(each.unit, lambda number: f"{number:,.0f}")
        interval = ""
        if each.low is not None and each.high is not None:
            mark = "" if each.is_inside else "  MISSED"
            interval = f"{write(each.low)} to {write(each.high)}"
        else:
            mark = ""
        lines.append(
            f"{each.name:<15}{write(each.forecast):>12}{interval:>27}{write(each.actual):>12}{each.ratio:>8.3f}{mark}"
        )
    if found.recorded < found.shards:
        lines.append(
            f"{found.recorded:,} of {found.shards:,} shards say what they took; the others are taken for alike"
        )
    core = found.lines[0].actual
    if found.occupied_seconds > 1.2 * core * found.recorded / found.shards:
        lines.append(f"by the clock the shards took {as_time(found.occupied_seconds)}: others used the machine as well")
    return "\n".join(lines)
