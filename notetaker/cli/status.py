"""``notetaker status``: the state of the running bot."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from notetaker.cli.common import fail, print_json, printables, sentences_instead_of_tracebacks
from notetaker.host.exit_codes import ExitCode
from notetaker.model.wording import count, duration, ranked
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineSettingError
from notetaker.speech.engines import choose
from notetaker.status import unix_socket

OTHER_FAILURES = {
    "undecryptable_runs": "undecryptable run",
    "malformed_messages": "malformed message",
    "udp_errors": "UDP error",
    "dead_paths": "dead UDP path",
}
"""Totals that share a line, which is shown only if one of them is not 0."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show the state of the running bot. The exit code is 3 if no bot runs, 4 if it does not answer."""
    with sentences_instead_of_tracebacks():
        settings = Settings.load()
        try:
            found = unix_socket.ask(settings.state_dir)
        except unix_socket.NotRunning as error:
            fail(str(error), ExitCode.NOT_RUNNING)
        except unix_socket.NoAnswer as error:
            fail(str(error), ExitCode.NO_ANSWER)
        else:
            found["speech"] = _speech(settings)
            print_json(found) if as_json else _show(printables(found))


def _speech(settings: Settings) -> str:
    """Return the name of the engine that workers use with these settings, or why there is none."""
    try:
        return choose(settings.engine_settings).name
    except EngineSettingError as error:
        return str(error)


def _show(found: dict[str, Any]) -> None:
    console, voice = Console(highlight=False), found["voice"]
    console.print(Text("\n".join(_headline(found))))
    if voice["duplicate"] is not None:
        console.print(Text(voice["duplicate"], style="bold red"))
    console.print()
    if voice["guilds"]:
        console.print(_guilds(voice["guilds"]))
    else:
        console.print("Not in a voice channel.")
    for meeting in found["meetings"]:
        console.print(Text(f"\n{_meeting(meeting)}"))
        coverage = [
            one for g in voice["guilds"] if g["guild_id"] == meeting["guild_id"] for one in g["coverage"]
        ]
        if coverage:
            console.print(_speakers(coverage))
    console.print("\nVoice in all servers since the start")
    table = Table.grid(padding=(0, 2))
    for name, value in _totals(voice["totals"]):
        table.add_row(name, Text(value))
    console.print(table)


def _headline(found: dict[str, Any]) -> Iterator[str]:
    yield f"notetaker {found['version']}, process {found['pid']}, up {_duration(found['uptime_s'])}"
    gateway = found["gateway"]
    if found["user"] is None:
        yield "not logged in to Discord yet"
    elif gateway["connected"]:
        servers = count(found["servers"], "server")
        latency = gateway["latency_s"]
        shown = "" if latency is None else f", latency {_milliseconds(latency)}"
        yield f"connected to Discord as {found['user']}, in {servers}{shown}"
    else:
        yield f"{found['user']}, reconnecting to Discord"
    if found["undelivered"]:
        yield f"the notes of {count(found['undelivered'], 'meeting')} could not be delivered: see notetaker meetings"
    process = found["process"]
    tasks, files = count(process["tasks"], "task"), count(process["open_files"], "open file")
    yield f"speech to text: {found['speech']}"
    yield f"{tasks}, {files} ({process['sockets']} sockets), {process['rss_bytes'] / 2**20:.0f} MiB of memory"


def _guilds(guilds: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in "server\n  channel", "voice", "connection":
        table.add_column(heading, overflow="fold")
    for guild in guilds:
        channel = guild["connected_to"] or guild["wanted"]
        table.add_row(
            Text(guild["guild_id"] + (f"\n  {channel}" if channel else "")),
            Text("\n".join(_phase(guild))),
            Text("\n".join(_connection(guild))),
        )
    return table


def _phase(guild: dict[str, Any]) -> Iterator[str]:
    attempt = f", attempt {guild['attempt']}" if guild["attempt"] else ""
    yield f"{guild['phase']} for {_duration(guild['phase_s'])}{attempt}"
    if guild["next_try_s"] is not None:
        yield f"next attempt within {_duration(guild['next_try_s'])}"
    if guild["nobody_to_hear"]:
        yield "nobody to hear yet"
    if guild["undecryptable"]:
        yield f"cannot be decrypted: {', '.join(guild['undecryptable'])}"
    if guild["deafened"]:
        yield "deafened by a moderator"
    if guild["problem"] is not None:
        yield guild["problem"]


def _connection(guild: dict[str, Any]) -> Iterator[str]:
    if guild["endpoint"] is None:
        return
    yield guild["endpoint"]
    if guild["latency_s"] is not None:
        yield f"latency {_milliseconds(guild['latency_s'])}"
    if guild["mode"] is not None:
        yield guild["mode"]
    yield f"DAVE version {guild['dave_version']}" if guild["dave_version"] else "no end-to-end encryption"


def _meeting(meeting: dict[str, Any]) -> str:
    since = f"{datetime.fromisoformat(meeting['since']):%H:%M:%S} UTC"
    people = count(meeting["people"], "person", "people")
    paused = f"; paused: {meeting['paused']}" if meeting["paused"] else ""
    return f"Meeting {meeting['id']} in {meeting['channel']}, since {since}, {people} heard{paused}"


def _speakers(coverage: list[dict[str, Any]]) -> Table:
    table = Table("user", "received", "heard", "stored", "dropped", "lost on the way", box=None)
    for one in coverage:
        received, heard, stored, lost = (f"{one[name]:,}" for name in ("received", "heard", "stored", "lost"))
        table.add_row(one["user_id"], received, heard, stored, ranked(one["dropped"]), lost)
    return table


def _totals(totals: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rate = "" if totals["success_rate"] is None else f" ({totals['success_rate']:.1%} of those completed)"
    yield "attempts to connect", f"{totals['attempts']:,}: {totals['established']:,} succeeded{rate}"
    if totals["attempts_per_success"] is not None:
        yield "attempts per success", f"{totals['attempts_per_success']:.2f}"
    yield "failures by step", ranked(totals["failures"])
    yield "timeouts by step", ranked(totals["timeouts"])
    yield "retries", f"{totals['retries']:,}; {count(totals['rounds_failed'], 'round')} failed"
    closes = [_close(code) for code in totals["close_codes"]]
    yield "closed by the server", "\n".join(closes) or "never"
    yield "sessions resumed", f"{totals['resumes']:,}; {totals['resumes_failed']:,} failed"
    yield "disconnected for", _duration(totals["disconnected_s"])
    first = totals["first_packet_s"]
    if first["sessions"]:
        yield "time to first packet", f"{first['median']:.2f} s (median), {first['worst']:.2f} s (worst)"
    yield "packets", ranked(totals["packets"])
    yield "  stored", f"{totals['stored']:,}"
    yield "  lost on the way", f"{totals['lost']:,}"
    yield (
        "DAVE",
        f"{count(totals['dave_invalid'], 'invalid message')}, "
        f"{count(totals['dave_recoveries'], 'recovery', 'recoveries')}",
    )
    others = [count(totals[name], what) for name, what in OTHER_FAILURES.items() if totals[name]]
    if others:
        yield "other failures", ", ".join(others)
    yield (
        "health checks",
        f"{totals['health_checks']:,}; {count(totals['ghosts'], 'stale voice state')} removed",
    )


def _close(code: dict[str, Any]) -> str:
    last = datetime.fromisoformat(code["last"])
    return f"{code['code']}, {code['meaning']}: {code['count']:,}×, last {last:%Y-%m-%d %H:%M:%S} UTC"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _duration(seconds: float) -> str:
    return duration(round(seconds * 1e9))
