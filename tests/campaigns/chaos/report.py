"""What a campaign found: a table for people, the same as JSON, and whether everything holds that must."""

from __future__ import annotations

from statistics import median
from typing import Any

from rich.table import Table

from tests.campaigns.chaos.campaign import Leak, Report
from tests.campaigns.chaos.fault import Expect
from tests.campaigns.chaos.window import Result

UNKNOWN = "-"
BAD_LINES = 10
"""Of the bot's log, shown in full."""


def failures(report: Report) -> list[str]:
    """A sentence for everything that must not be. None: the campaign has passed."""
    found = []
    for result in report.results:
        at = f"{result.began:.0f} s, {result.where}, {result.fault}"
        found += [f"{at}: {sentence}" for sentence in result.wrong]
        if result.leaked:
            found.append(f"{at}: {result.leaked} voice websockets are left over.")
    for number, leak in enumerate(report.rests, 1):
        if leak.any:
            found.append(
                f"At rest, after lap {number}: {leak.descriptors} descriptors, {leak.sockets} sockets and "
                f"{UNKNOWN if leak.tasks is None else leak.tasks} tasks more than before."
            )
    found += report.unexpected
    found += [f"In the bot's log, line {line}" for line in report.bad_lines[:BAD_LINES]]
    if (more := len(report.bad_lines) - BAD_LINES) > 0:
        found.append(f"{more} more such lines are in the bot's log.")
    if report.withheld:
        found.append(f"{report.withheld} watchdog pings were withheld.")
    return found


def table(report: Report) -> Table:
    """A row for every class of faults."""
    title = f"{len(report.results)} faults while people speak"
    made = Table(title=title, title_justify="left")
    made.add_column("fault", no_wrap=True)
    for column in ("runs", "good", "median s\nunheard", "worst s\nunheard", "lost though\nreceived"):
        made.add_column(column, justify="right")
    for column in ("no\nsession", "given\nup", "leaked"):
        made.add_column(column, justify="right")
    for name, results in classes(report).items():
        unheard = [result.without_audio_s for result in results]
        good = sum(result.as_expected and not result.wrong for result in results)
        lost = sum(result.lost_though_received for result in results)
        leaked = sum(result.leaked for result in results)
        ends = " [dim](ends)[/]" if all(r.fault.expect is Expect.ENDED for r in results) else ""
        made.add_row(
            name + ends,
            str(len(results)),
            _marked(str(good), good < len(results)),
            f"{median(unheard):.1f}",
            f"{max(unheard):.1f}",
            _marked(str(lost), lost > 0),
            str(sum(result.lost_without_session for result in results)),
            str(sum(result.given_up for result in results)),
            _marked(str(leaked), leaked > 0),
        )
    return made


def at_rest(report: Report) -> str:
    """What the process holds on to when nobody is in voice, at worst, and its pings to the watchdog."""
    shown = []
    for name in Leak._fields:
        counts = [getattr(leak, name) for leak in report.rests]
        known = [max(count, 0) for count in counts if count is not None]
        shown.append(f"{max(known) if known else UNKNOWN} {name}")
    withheld = UNKNOWN if report.withheld is None else report.withheld
    return f"Leaked, at rest: {', '.join(shown)}. Watchdog pings withheld: {withheld}."


def as_json(report: Report, seed: int) -> dict[str, Any]:
    return {
        "seed": seed,
        "laps": report.laps,
        "passed": not failures(report),
        "failures": failures(report),
        "watchdog_pings_withheld": report.withheld,
        "leaked_at_rest": [leak._asdict() for leak in report.rests],
        "classes": [_row(name, results) for name, results in classes(report).items()],
        "faults": [_run(result) for result in report.results],
    }


def classes(report: Report) -> dict[str, list[Result]]:
    """Every result, by class, in alphabetical order."""
    found: dict[str, list[Result]] = {}
    for result in sorted(report.results, key=lambda result: result.fault.name):
        found.setdefault(result.fault.name, []).append(result)
    return found


def _row(name: str, results: list[Result]) -> dict[str, Any]:
    unheard = [result.without_audio_s for result in results]
    return {
        "class": name,
        "expected": sorted({result.fault.expect.value for result in results}),
        "runs": len(results),
        "as_expected": sum(result.as_expected for result in results),
        "median_s_without_audio": round(median(unheard), 3),
        "worst_s_without_audio": round(max(unheard), 3),
        "lost_though_received": sum(result.lost_though_received for result in results),
        "lost_without_session": sum(result.lost_without_session for result in results),
        "given_up": sum(result.given_up for result in results),
        "leaked": sum(result.leaked for result in results),
    }


def _run(result: Result) -> dict[str, Any]:
    return {
        "class": result.fault.name,
        "variant": result.fault.variant,
        "where": result.where,
        "began_s": round(result.began, 1),
        "took_s": round(result.took_s, 1),
        "as_expected": result.as_expected,
        "s_without_audio": round(result.without_audio_s, 3),
        "lost_though_received": result.lost_though_received,
        "lost_without_session": result.lost_without_session,
        "given_up": result.given_up,
        "leaked": result.leaked,
        "wrong": result.wrong,
    }


def _marked(text: str, bad: bool) -> str:
    return f"[bold red]{text}[/]" if bad else text
