"""Checks of a real voice session, one for each step from opcode 4 to the end-to-end encrypted group.

The bot's own voice stack connects; a tracer turns the steps it reports into checks.
"""

import asyncio
import time
from typing import Any

from notetaker.discordbot.bridge import Bridge
from notetaker.doctor.checks import GROUP, HEARTBEAT, READY, SESSION, UDP, VOICE_SERVER, WEBSOCKET
from notetaker.doctor.checkup import Checkup
from notetaker.model.failure import Failure, Step
from notetaker.settings.values import Settings
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed
from notetaker.voice.settings import VoiceSettings
from notetaker.voice.trace import redaction
from notetaker.voice.trace.writer import Fact, Trace, Tracer
from notetaker.wire.explanations import explain
from notetaker.wire.opcodes import Op

TLS_CLOSING_S = 0.5
"""aiohttp closes before TLS has shut down (aiohttp docs, Client, "Graceful shutdown")."""

STEPS = {
    Step.CREDENTIALS: (VOICE_SERVER, "{endpoint}, after {took}"),
    Step.CONNECT: (WEBSOCKET, "open after {took}"),
    Step.IDENTIFY: (READY, "READY after {took}"),
    Step.DISCOVER: (UDP, "{ip} port {port} answered IP discovery after {took}"),
    Step.SELECT: (SESSION, "{mode}, DAVE {dave_protocol_version}, after {took}"),
    Step.VERIFY: (HEARTBEAT, "acknowledged after {took}"),
    Step.GROUP: (GROUP, "able to hear after {took}; left the channel"),
}
"""The checks in order, by step of the voice stack, with what they find."""
FACTS = {"endpoint": None, "ip": None, "port": None, "mode": None, "dave_protocol_version": 0}
"""Facts from the steps, before they are known."""


async def try_voice(
    checkup: Checkup, bridge: Bridge, settings: Settings, guild_id: int, channel_id: int
) -> None:
    """Join the channel in a single attempt, and leave it again."""
    listener = VoiceChecks(checkup)
    manager = VoiceManager(
        bridge,
        VoiceSettings(settings.voice_connection_timeout, retry_attempts=1),
        ca_file=settings.discord_ca_file,
        tracer=listener,
    )
    bridge.connect(manager)
    listener.begin()
    try:
        await manager.join(guild_id, channel_id)
    except JoinFailed as failed:
        listener.failed(failed.failure)
    else:
        if manager.nobody_to_hear(guild_id):
            listener.failed(Failure(Step.GROUP, timed_out=True))
        else:
            listener.succeeded()
    finally:
        await manager.close()
        await asyncio.sleep(TLS_CLOSING_S)


class VoiceChecks(Tracer):
    """Turns the trace of an attempt into checks. ``succeeded`` or ``failed`` ends the current one."""

    def __init__(self, checkup: Checkup) -> None:
        super().__init__(None)
        self._checkup = checkup
        self._steps = list(STEPS)  # steps that have not ended
        self._began = 0.0
        self._facts: dict[str, Any] = dict(FACTS)

    def attempt(self, guild_id: int, channel_id: int, attempt: int, of: int) -> Trace:
        return _Trace(self, guild_id)

    def begin(self) -> None:
        self._began = time.monotonic()
        self._checkup.begin(STEPS[self._steps[0]][0])

    def succeeded(self) -> None:
        while self._steps:
            self._pass()

    def failed(self, failure: Failure) -> None:
        (check, _), explained = STEPS[self._steps[0]], explain(failure)
        advice = check.advice if failure.close_code is None else explained.advice
        self._checkup.fail(check, explained.summary, advice)
        self._steps = []

    def noted(self, event: str, facts: dict[str, Fact]) -> None:
        match event:
            case "websocket opening":
                self._facts["endpoint"] = facts["endpoint"]
                self._reach(Step.CONNECT)
            case "step":
                self._reach(Step(str(facts["name"])))

    def received(self, message: str | bytes) -> None:
        facts = redaction.facts(message, ours=False)
        if facts.get("op") in (Op.READY, Op.SESSION_DESCRIPTION):
            self._facts |= facts["d"]

    def _reach(self, step: Step) -> None:
        """Pass all steps before this one. The last one passes only when the attempt succeeds."""
        reached = Step.GROUP if step is Step.ESTABLISHED else step
        while reached in self._steps[1:]:
            self._pass()

    def _pass(self) -> None:
        check, found = STEPS[self._steps.pop(0)]
        self._facts["took"] = f"{(time.monotonic() - self._began) * 1000:.0f} ms"
        self._checkup.succeed(check, found.format_map(self._facts))
        if self._steps:
            self.begin()


class _Trace(Trace):
    def __init__(self, listener: VoiceChecks, guild_id: int) -> None:
        super().__init__(None, guild_id, time.monotonic)
        self._listener = listener

    def note(self, event: str, **facts: Fact) -> None:
        self._listener.noted(event, facts)

    def received(self, message: str | bytes) -> None:
        self._listener.received(message)
