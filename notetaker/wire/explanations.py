"""What to tell people about a failed voice connection: the only place that has words for close codes and steps.

The facts behind them are in ``docs/voice-4006.md`` and in Discord's docs (Voice Connections; Opcodes and Status
Codes).
"""

from typing import NamedTuple

from notetaker.model.failure import ABNORMAL, DeadPath, Failure, Step
from notetaker.wire.handshake import DEADLINES_S


class Explanation(NamedTuple):
    reason: str
    """What happened, for a log line."""
    hint: str
    """The likely cause or what may help, for a chat; may be empty."""
    meaning: str
    """What happened, for somebody who investigates."""
    advice: str
    """What to try."""

    @property
    def summary(self) -> str:
        """Reason and hint, for a chat."""
        return f"{self.reason} {self.hint}".rstrip()


def explain(failure: Failure) -> Explanation:
    """Put a failure into words: those for its path, for its code at its step, for the code, or for the step."""
    step, code = failure.step, failure.close_code
    limited = step in DEADLINES_S
    if failure.path is not None:
        clause, hint, meaning, advice = PATHS[failure.path]
        return Explanation(f"{clause}.", hint, meaning, advice)
    if code is None:
        clause, hint, meaning, advice = STEPS[step]
        if failure.detail:
            return Explanation(failure.detail, "", meaning, advice)
        within = f" within {DEADLINES_S[step]:.0f} s" if failure.timed_out and limited else ""
        return Explanation(f"{clause}{within}.", hint, meaning, advice)
    clause, hint, meaning, advice = AT_STEP.get((step, code)) or CODES.get(code, UNKNOWN)
    closed = "The voice connection broke" if code == ABNORMAL else "Discord closed the voice connection"
    during = f" during {step}" if limited else ""
    return Explanation(
        f"{closed}{during}: {clause} ({code}).", hint, f"{closed} with {code}: {clause}. {meaning}", advice
    )


def close_code_meaning(code: int) -> str:
    """Return a clause, such as "the voice session is no longer valid"."""
    return CODES.get(code, UNKNOWN).clause


class _Words(NamedTuple):
    clause: str
    """Of a code: completes "Discord closed the voice connection: ...". Of a step or a path: a sentence without its
    period.
    """
    hint: str
    meaning: str
    advice: str


_OTHER_PROCESS = (
    "look for a second process with the same bot token, on this host (`pgrep -af notetaker`) and on every other one. "
    "If you cannot find it, reset the token in the developer portal, which locks it out, and give the new token to "
    "this bot only"
)
_STALE_PAIR = (
    "The bot gets a fresh pair and tries again; a single failure like this that is followed by a success needs no "
    f"action. If every attempt in every channel ends like this, {_OTHER_PROCESS}. If it is only one channel, give "
    "that channel another region in its settings."
)
_COMES_BACK = (
    "Nothing, if the bot came back by itself: it resumes the session, or gets a new one. If it keeps happening, "
    "check the host's network and discordstatus.com, and give the channel another region."
)
_SILENT_SERVER = (
    "The bot tries again, usually with another server. If it keeps happening, check discordstatus.com and give the "
    "channel another region in its settings."
)
_BROKEN = (
    "Something broke at the voice server or on the way to it. A session that was up is resumed, and audio keeps "
    "arriving meanwhile."
)
_REJECTED = "What the bot sent was not what this voice server expects."
_UPGRADE = "Upgrade notetaker. If it is the newest version already, report this together with the trace."
_STALE_SESSION = (
    "The likely cause is a session that has become stale on Discord's side, or another process that uses this bot's "
    "token."
)

CODES: dict[int, _Words] = {
    1000: _Words("normal closure", "", _BROKEN, _COMES_BACK),
    1001: _Words("the voice server is going away", "", _BROKEN, _COMES_BACK),
    ABNORMAL: _Words("the connection was cut without a close code", "", _BROKEN, _COMES_BACK),
    1011: _Words("the voice server had an internal error", "", _BROKEN, _COMES_BACK),
    4001: _Words("it did not recognise an opcode we sent", "", _REJECTED, _UPGRADE),
    4002: _Words("it could not read a message we sent", "", _REJECTED, _UPGRADE),
    4003: _Words("we sent something before identifying", "", _REJECTED, _UPGRADE),
    4004: _Words(
        "it rejected the voice token",
        "The likely cause is a stale voice token.",
        "The token has expired, or is meant for another voice server.",
        _STALE_PAIR,
    ),
    4005: _Words("we identified twice", "", _REJECTED, _UPGRADE),
    4006: _Words(
        "the voice session is no longer valid",
        _STALE_SESSION,
        "The voice server dropped it, the call moved on, or another process with the same bot token has joined.",
        _STALE_PAIR,
    ),
    4009: _Words("the voice session timed out", "", _BROKEN, _COMES_BACK),
    4011: _Words(
        "it could not find the server we connected to",
        "The likely cause is that Discord has moved the call to another voice server.",
        "The endpoint that the bot was given is no longer in use.",
        _STALE_PAIR,
    ),
    4012: _Words("it did not recognise the protocol we selected", "", _REJECTED, _UPGRADE),
    4013: _Words("a worker of the voice server crashed", "", _BROKEN, _COMES_BACK),
    4014: _Words(
        "we were disconnected from the channel",
        "",
        "Somebody disconnected or moved the bot, the channel is gone, or Discord dropped the bot's main session.",
        f"The bot follows a move by itself. If it was disconnected and nobody did it, {_OTHER_PROCESS}.",
    ),
    4015: _Words("the voice server crashed", "", _BROKEN, _COMES_BACK),
    4016: _Words(
        "it does not know the encryption mode",
        "Discord has changed its modes: upgrade notetaker.",
        "Trying again cannot help.",
        "Discord has changed its encryption modes: upgrade notetaker.",
    ),
    4017: _Words(
        "it requires end-to-end encryption (DAVE)",
        "Check that dave.py is installed and current.",
        "Since March 2026 this holds for all calls except those in stage channels, and trying again cannot help.",
        "The first line of the trace shows the version of dave.py: install or upgrade it in the environment that "
        "actually runs the bot.",
    ),
    4020: _Words(
        "it rejected our request as invalid",
        "The likely cause is that Discord has changed what it expects of a bot.",
        _REJECTED,
        _UPGRADE,
    ),
    4021: _Words(
        "we are rate limited",
        "",
        "There were too many attempts to connect in a short time.",
        f"Wait a few minutes without using commands. If nobody was using any, {_OTHER_PROCESS}.",
    ),
    4022: _Words(
        "the call was terminated",
        "",
        "The channel was deleted, or the call moved to another voice server.",
        "Nothing, if the channel is gone. Otherwise the bot follows the call by itself.",
    ),
}
UNKNOWN = _Words(
    "it gave a code that is not documented",
    "",
    "The bot gets a new session after it.",
    "If that does not help, upgrade notetaker. If it is the newest version already, report this together with the "
    "trace.",
)

AT_STEP: dict[tuple[Step, int], _Words] = {
    (Step.IDENTIFY, 4006): CODES[4006]._replace(
        meaning="The voice server does not know this session id together with this token: the pair was stale, or "
        "another process uses the same bot token. The network, the permissions and the bot token itself are fine.",
    ),
    (Step.RESUME, 4006): CODES[4006]._replace(
        meaning="The websocket was lost, and when the bot came back the voice server had already dropped the "
        "session.",
    ),
}

STEPS: dict[Step, _Words] = {
    Step.GATEWAY: _Words(
        "The connection to Discord itself is down at the moment",
        "",
        "The bot's connection to Discord itself was down, so it could not ask to join.",
        "It reconnects by itself and then joins. If that takes minutes, check the host's network, discordstatus.com "
        "and the bot's log.",
    ),
    Step.CREDENTIALS: _Words(
        "Discord sent neither VOICE_STATE_UPDATE nor VOICE_SERVER_UPDATE",
        "Is the channel full, or is the Connect permission missing?",
        "Discord did not answer the request to join at all. It does that when the channel is full, and when the bot "
        "lacks the permission to connect.",
        "Check the channel's user limit, and that the bot has View Channel and Connect in that channel; with Move "
        "Members it gets into a full one too. `notetaker doctor` with --guild and --channel checks all of these.",
    ),
    Step.VOICE_STATE_UPDATE: _Words(
        "Discord sent no VOICE_STATE_UPDATE",
        "It has named a voice server, but has not shown me in the channel.",
        "Discord named a voice server, but never showed the bot in the channel.",
        f"The bot tries again. If it keeps happening, check discordstatus.com, then {_OTHER_PROCESS}.",
    ),
    Step.VOICE_SERVER_UPDATE: _Words(
        "Discord sent no VOICE_SERVER_UPDATE",
        "It shows me in the channel, but has named no voice server; it may have none to spare.",
        "Discord shows the bot in the channel, but named no voice server: it is allocating one, or has none to spare "
        "in the channel's region.",
        "The bot tries again. If it keeps happening, give the channel another region in its settings "
        "(VOICE_REGION_FALLBACK lets the bot do that), and check discordstatus.com.",
    ),
    Step.CONNECT: _Words(
        "The voice websocket did not open",
        "",
        "The voice server that Discord named could not be reached over TCP and TLS.",
        "Allow outgoing TCP from this host to every port: voice servers are often not on 443. Behind a proxy that "
        "opens TLS, name its certificate authority in DISCORD_CA_FILE. Check DNS: the name is in the trace.",
    ),
    Step.IDENTIFY: _Words(
        "The voice server did not answer our identify with READY",
        "",
        "The voice server accepted the connection, but did not answer when the bot identified itself.",
        _SILENT_SERVER,
    ),
    Step.DISCOVER: _Words(
        "The voice server did not answer IP discovery",
        "Is outgoing UDP blocked?",
        "The voice server answers over TCP, but not over UDP, which carries the audio: outgoing UDP is most likely "
        "blocked.",
        "Allow outgoing UDP from this host, and the answers to it, in its firewall and its provider's; the trace has "
        "the address in the line that begins with `udp`. `notetaker doctor` with --guild and --channel tries it.",
    ),
    Step.SELECT: _Words(
        "The voice server did not send a session description",
        "",
        "The voice server answered over UDP, but then sent no key for the audio.",
        _SILENT_SERVER,
    ),
    Step.VERIFY: _Words(
        "The voice server did not acknowledge a heartbeat",
        "",
        "The handshake was complete, but the voice server did not acknowledge a heartbeat.",
        _SILENT_SERVER,
    ),
    Step.GROUP: _Words(
        "Nobody in the channel added us to the end-to-end encrypted group",
        "",
        "The call is end-to-end encrypted, and the devices in it did not add the bot to their group, so it could "
        "not have decrypted anything.",
        "If nobody can be heard, have everyone leave the channel for a moment and come back: Discord then creates "
        "the group again.",
    ),
    Step.ESTABLISHED: _Words(
        "The connection to the voice server was lost",
        "",
        "The connection to the voice server was lost.",
        _COMES_BACK,
    ),
    Step.RESUME: _Words(
        "The voice server did not resume the session",
        "",
        "The websocket was lost, and the voice server did not resume the session.",
        _COMES_BACK,
    ),
    Step.ENDED: _Words(
        "The attempt ended",
        "",
        "The attempt ended before it was clear why.",
        "The bot's log has more, around the same time.",
    ),
}

_UDP_TIMEOUT = (
    "The bot gets a new session by itself. If it keeps happening, look at what lies between this host and Discord: "
    "a firewall or NAT that forgets UDP flows early (on Linux, see `nf_conntrack_udp_timeout_stream`), a VPN, or a "
    "second uplink."
)

PATHS: dict[DeadPath, _Words] = {
    DeadPath.SILENT: _Words(
        "The network path to Discord's voice server was dead",
        "",
        "The voice server stopped answering over UDP, which carries the audio, while its websocket was fine.",
        _UDP_TIMEOUT,
    ),
    DeadPath.MOVED: _Words(
        "The network path from Discord's voice server was dead, because our address on the internet had changed",
        "",
        "The voice server sees the bot at another address than the one to which it sends audio: a NAT on the way has "
        "given the bot's UDP flow a new address or port.",
        _UDP_TIMEOUT,
    ),
    DeadPath.UNHEARD: _Words(
        "Nobody could be heard, although somebody was marked as speaking",
        "",
        "No audio arrived for a long time although somebody was marked as speaking, and this voice server does not "
        "tell whether audio can reach the bot. They may just have been silent.",
        _UDP_TIMEOUT,
    ),
}
