"""notetaker under a real supervisord, with the configuration that we ship, while a meeting is going on."""

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker import Speaker
from notetaker.model.meeting import MeetingState
from notetaker.model.outcome import Outcome
from notetaker.service.exit_codes import ExitCode
from notetaker.store.store import Store
from tests.service.office import SENTENCE, Office
from tests.supervisor.host import Host, deployed, running

SILENCE_S = 6.0
RESTART_S = SILENCE_S + 20.0
"""For the watchdog to notice, the stacks to be written and the next process to come up on a busy machine."""

BOT, WORKER = "notetaker:notetaker-bot", "notetaker:notetaker-worker-0"
WATCHDOG = "notetaker-watchdog:notetaker-watchdog"

BLOCK = """\
import signal, time

def block_the_event_loop(*_):
    time.sleep(3600)

signal.signal(signal.SIGUSR1, block_the_event_loop)
"""
"""Every Python imports a sitecustomize; this one lets us block the main thread of a process in Python code."""


class Checks:
    """Each is a line, with a mark and the seconds it took."""

    failed = 0

    @contextmanager
    def __call__(self, claim: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except (AssertionError, TimeoutError) as error:
            self.failed += 1
            click.secho(f"✗ {claim}", fg="red")
            click.echo("    " + (str(error) or type(error).__name__).replace("\n", "\n    "))
        else:
            click.echo(f"{click.style('✓', fg='green')} {claim} ({time.monotonic() - began:.1f} s)")


class Campaign:
    def __init__(self, office: Office, host: Host, checks: Checks) -> None:
        self._office = office
        self._host = host
        self._check = checks
        self._database = f"sqlite:///{office.state / 'notetaker.db'}"
        self._posted = 0
        self._spoken = 0

    async def run(self) -> None:
        host, office, check = self._host, self._office, self._check
        with check("supervisor starts bot, worker and watchdog, and the watchdog says when they are ready"):
            await self._ready(BOT)
            await self._ready(WORKER)
            status = await host.control("status")
            assert status.count("RUNNING") == 3, status
        with check("the worker has no token"):
            environment = Path(f"/proc/{host.pid(WORKER)}/environ").read_text()
            assert office.bot.token not in environment
        async with office.person("Ada") as ada:
            with check("/startnotes: a meeting begins"):
                await office.says("startnotes")
                await self._speaks(ada)
            with check("supervisorctl signal HUP: the bot reads its settings again, and the meeting goes on"):
                bot = host.pid(BOT)
                await host.control("signal", "HUP", BOT)
                line = f"{BOT} (process {bot}) reads its settings again"
                await host.until(lambda: line in host.log("notetaker-watchdog"))
                await self._ready(BOT, times=2)
                assert host.pid(BOT) == bot
                await self._speaks(ada)
            with check("a second bot is refused, with exit code 69 and one sentence"):
                await self._second_bot()
            with check("kill -9 of the bot: it runs again, and the meeting goes on"):
                old = host.send(BOT, signal.SIGKILL)
                await self._back(old)
                await self._speaks(ada)
            with check("kill -9 of the watchdog: it runs again, hears the bot, and nobody else is restarted"):
                bot, worker = host.pid(BOT), host.pid(WORKER)
                await host.restarted(WATCHDOG, host.send(WATCHDOG, signal.SIGKILL))
                sign = f"(process {bot}) gives signs of life"
                await host.until(lambda: host.log("notetaker-watchdog").count(sign) == 2)
                assert (host.pid(BOT), host.pid(WORKER)) == (bot, worker), host.log("supervisord")
            with check("SIGSTOP of the bot: the watchdog has it started again, and the meeting goes on"):
                await self._hang(signal.SIGSTOP)
                await self._speaks(ada)
            with check("a blocked event loop: the same, and its stack is in the log"):
                await self._hang(signal.SIGUSR1)
                assert "in block_the_event_loop" in host.log("notetaker-bot"), "no stack in the bot's log"
                await self._speaks(ada)
            with check("kill -9 of the worker: it runs again"):
                await host.restarted(WORKER, host.send(WORKER, signal.SIGKILL))
            with check("SIGSTOP of the worker: the watchdog has it started again"):
                await self._ready(WORKER)
                await host.restarted(WORKER, host.send(WORKER, signal.SIGSTOP), RESTART_S)
            with check("supervisorctl stop: exit code 0, the meeting is suspended and people are told"):
                old = host.pid(BOT)
                await host.control("stop", "notetaker:*")
                assert host.info(BOT)["statename"] == "STOPPED", host.info(BOT)
                assert host.info(BOT)["exitstatus"] == ExitCode.OK, host.info(BOT)
                line = f"{BOT} (process {old}) is stopping: "
                await host.until(lambda: line in host.log("notetaker-watchdog"))
                assert self._state() is MeetingState.RECORDING, self._state()
                await self._told("The notes go on by themselves")
            with check(
                "supervisorctl start: the meeting goes on, and everything that was said is in the notes"
            ):
                await host.control("start", "notetaker:*")
                await self._told("I was away")
                await self._speaks(ada)
                await office.says("stopnotes")
                self._posted += 1
                await office.posted(self._posted)
                await host.until(lambda: self._state() is MeetingState.POSTED)
                stored = self._stored()
                assert stored >= self._spoken, f"{self._spoken} packets were spoken, {stored} are stored"
        with check("a rejected token: EXITED with 77, and it is not tried again"):
            await self._ends_for_good(ExitCode.TOKEN_REJECTED, DISCORD_TOKEN="MTIz.wrong.token")
        with check("no token: EXITED with 78, and it is not tried again"):
            await self._ends_for_good(ExitCode.CONFIGURATION, DISCORD_TOKEN="")
        with check("the watchdog did nothing that it had no reason for"):
            alarms = [
                line for line in host.log("notetaker-watchdog").splitlines() if "no sign of life" in line
            ]
            assert len(alarms) == 3, "\n".join(alarms)
        with check("supervisorctl shutdown: all of it ends, at once"):
            assert await host.shut_down() == 0, host.log("supervisord")

    async def _ready(self, name: str, times: int = 1) -> None:
        line = f"{name} (process {self._host.pid(name)}) is ready: "
        await self._host.until(lambda: self._host.log("notetaker-watchdog").count(line) == times)

    async def _speaks(self, person: Speaker) -> None:
        await person.speak(SENTENCE)
        self._spoken += len(SENTENCE)

    async def _told(self, text: str) -> None:
        """In the text channel."""
        self._posted += 1
        messages = await self._office.posted(self._posted)
        assert text in messages[-1].content, messages[-1].content

    async def _back(self, old: int) -> None:
        await self._host.restarted(BOT, old, RESTART_S)
        await self._told("I was away")
        assert self._office.bot.id in self._office.guild.voice_states, "the bot is not in the channel"

    async def _hang(self, number: signal.Signals) -> None:
        began = time.monotonic()
        old = self._host.send(BOT, number)
        await self._host.restarted(BOT, old, RESTART_S)
        assert time.monotonic() - began > SILENCE_S / 2, "that was not the watchdog"
        alarm = f"{BOT} (process {old}) has given no sign of life for {SILENCE_S:g} s"
        assert alarm in self._host.log("notetaker-watchdog"), self._host.log("notetaker-watchdog")
        await self._back(old)

    async def _second_bot(self) -> None:
        async with self._office.process("bot") as second:
            assert await second.exit_code() == ExitCode.ALREADY_RUNNING
            [sentence] = [line for line in second.log.splitlines() if line.startswith("notetaker: ")]
            assert str(self._host.pid(BOT)) in sentence, sentence

    def _state(self) -> MeetingState:
        """Of the only meeting."""
        with closing(Store(self._database)) as store:
            [meeting] = store.meetings()
        return meeting.state

    def _stored(self) -> int:
        """Packets of the meeting, with the frames of silence that end each utterance."""
        with closing(Store(self._database)) as store:
            [meeting] = store.meetings()
            return sum(one.outcomes[Outcome.STORED] for one in store.coverage(meeting.id))

    async def _ends_for_good(self, code: ExitCode, **settings: str) -> None:
        await self._host.control("stop", BOT)
        configure(self._office, **settings)
        before = self._host.log("supervisord").count("spawned: 'notetaker-bot'")
        await self._host.control("start", BOT)
        await self._host.until(lambda: self._host.info(BOT)["statename"] == "EXITED")
        assert self._host.info(BOT)["exitstatus"] == code, self._host.info(BOT)
        await asyncio.sleep(3)  # supervisor looks every second
        assert self._host.info(BOT)["statename"] == "EXITED"
        assert self._host.log("supervisord").count("spawned: 'notetaker-bot'") == before + 1


def configure(office: Office, **settings: str) -> None:
    """Writes the file in which the bot looks for its settings."""
    everything = {
        "DISCORD_TOKEN": office.bot.token,
        "DISCORD_API_BASE_URL": office.local.api_url,
        "DISCORD_CA_FILE": str(office.local.ca_file),
        **settings,
    }
    office.state.mkdir(exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in everything.items())
    (office.state / ".env").write_text(lines)


async def main() -> int:
    """How many checks have failed."""
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="nt-") as name:  # short, because of the unix sockets in it
        folder = Path(name)
        (folder / "hook").mkdir()
        (folder / "hook" / "sitecustomize.py").write_text(BLOCK)
        async with LocalDiscord(state_dir=folder) as local, ClientSession() as http:
            office = Office(local, http, folder)
            configure(office)
            configuration = deployed(folder, SILENCE_S)
            async with running(folder, configuration, PYTHONPATH=f"{folder}/hook") as host:
                await Campaign(office, host, checks).run()
        if checks.failed:
            for log in sorted((folder / "log").iterdir()):
                click.echo(f"\n== {log.name}\n{log.read_text(errors='replace')}")
    return checks.failed


if __name__ == "__main__":
    sys.exit(min(1, asyncio.run(main())))
