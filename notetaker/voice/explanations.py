"""Why a voice connection failed, for the person who can do something about it: one table for all who have to say so.

The facts behind each row are in ``docs/voice-4006.md``, in Discord's docs (Voice Connections; Opcodes and Status
Codes), and beside the close codes in ``wire.close_codes``.
"""

from dataclasses import dataclass
from typing import NamedTuple

from notetaker.wire.close_codes import CLOSE_CODES, Rung, close_code
from notetaker.wire.handshake import Step

GATEWAY = "GATEWAY"
"""The main gateway could not be asked."""
CREDENTIALS = "CREDENTIALS"
"""It was asked, and neither of the two events came."""
STATE = "VOICE_STATE_UPDATE"
SERVER = "VOICE_SERVER_UPDATE"
"""Of the two, this one did not come."""


@dataclass(frozen=True, slots=True)
class Failure:
    step: str
    """What was under way: the name of a ``wire.handshake.Step``, or one of the four above."""
    close_code: int | None = None
    """Set when the server closed the websocket; 1006 stands for one that was cut."""


class Explanation(NamedTuple):
    meaning: str
    """What happened, in one to three sentences."""
    advice: str
    """What to try."""


def explain(failure: Failure) -> Explanation:
    """What is known of the code at this step, else of the code, else of the step."""
    code = failure.close_code
    if code is None:
        return STEPS.get(failure.step, STEPS[Step.ENDED.name])
    known = AT_STEP.get((failure.step, code)) or CODES.get(code, UNKNOWN)
    closed = f"Discord closed the voice connection with {code}: {close_code(code).meaning}."
    return Explanation(f"{closed} {known.meaning}", known.advice)


_OTHER_PROCESS = (
    "look for a second process with the same bot token, on this host (`pgrep -af notetaker`) and on every other one. "
    "If you cannot find it, reset the token in the developer portal, which locks it out, and give the new token to "
    "this bot only"
)
_STALE_PAIR = (
    "The bot asks for a fresh pair and tries again; one such failure that is followed by a success is nothing to act "
    f"on. If every attempt in every channel ends like this, {_OTHER_PROCESS}. If it is one channel only, give that "
    "channel another region in its settings."
)
_COMES_BACK = (
    "Nothing, if the bot came back by itself: it resumes, or else gets a new session. If it happens again and again, "
    "see whether the host's network is well, look at discordstatus.com, and give the channel another region."
)
_SILENT_SERVER = (
    "The bot tries again, usually with another server. If it goes on, look at discordstatus.com and give the channel "
    "another region in its settings."
)
_BROKEN = Explanation(
    "Something broke at the voice server or on the way to it. A session that was up is resumed, and sound goes on "
    "arriving meanwhile.",
    _COMES_BACK,
)
_REFUSED = Explanation(
    "What the bot sent was not what this voice server expects.",
    "Upgrade notetaker. If it is the newest version already, report it with this trace.",
)

AT_STEP: dict[tuple[str, int], Explanation] = {
    (Step.IDENTIFY.name, 4006): Explanation(
        "The voice server does not know this session id together with this token: the pair was stale, or another "
        "process uses the same bot token. The network, the permissions and the bot token itself are all right.",
        _STALE_PAIR,
    ),
    (Step.RESUME.name, 4006): Explanation(
        "The websocket was lost, and when the bot came back the voice server had already dropped the session.",
        _STALE_PAIR,
    ),
}

CODES: dict[int, Explanation] = {
    **{code: _BROKEN for code, known in CLOSE_CODES.items() if known.rung is Rung.RESUME},
    **dict.fromkeys((4001, 4002, 4003, 4005, 4012, 4020), _REFUSED),
    4004: Explanation("It has expired, or is meant for another voice server.", _STALE_PAIR),
    4006: Explanation(
        "The voice server dropped it, the call moved on, or another process with the same bot token has joined.",
        _STALE_PAIR,
    ),
    4011: Explanation("The endpoint that the bot was given is no longer in use.", _STALE_PAIR),
    4014: Explanation(
        "Somebody disconnected or moved the bot, the channel is gone, or Discord dropped the bot's main session.",
        f"The bot follows a move by itself. If it was thrown out and nobody did it, {_OTHER_PROCESS}.",
    ),
    4016: Explanation(
        "Trying again cannot help.", "Discord has changed its encryption modes: upgrade notetaker."
    ),
    4017: Explanation(
        "Since March 2026 that holds for all calls but those in stage channels, and trying again cannot help.",
        "The first line of the trace has the version of dave.py: install it in the environment that really runs the "
        "bot, or upgrade it.",
    ),
    4021: Explanation(
        "There were too many attempts to connect in a short time.",
        f"Wait a few minutes without typing commands. If nobody was typing any, {_OTHER_PROCESS}.",
    ),
    4022: Explanation(
        "The channel was deleted, or the call moved to another voice server.",
        "Nothing, if the channel is gone. Otherwise the bot follows the call by itself.",
    ),
}
UNKNOWN = Explanation(
    "The bot gets a new session after it.",
    "If that does not help, upgrade notetaker. If it is the newest version already, report it with this trace.",
)

STEPS: dict[str, Explanation] = {
    GATEWAY: Explanation(
        "The bot's connection to Discord itself was down, so it could not ask to join.",
        "It reconnects by itself and then joins. If that takes minutes, look at the host's network, "
        "discordstatus.com and the bot's log.",
    ),
    CREDENTIALS: Explanation(
        "Discord did not answer the request to join at all. It does that when the channel is full, and when the bot "
        "lacks the permission to connect.",
        "Check the channel's user limit, and that the bot has View Channel and Connect in that channel; with Move "
        "Members it gets into a full one too. `notetaker doctor` with --guild and --channel checks all of these.",
    ),
    STATE: Explanation(
        "Discord named a voice server, but never showed the bot in the channel.",
        f"The bot tries again. If it stays like this, look at discordstatus.com, then {_OTHER_PROCESS}.",
    ),
    SERVER: Explanation(
        "Discord shows the bot in the channel, but named no voice server: it is allocating one, or has none to give "
        "in the channel's region.",
        "The bot tries again. If it stays like this, give the channel another region in its settings "
        "(VOICE_REGION_FALLBACK lets the bot do that), and look at discordstatus.com.",
    ),
    Step.CONNECT.name: Explanation(
        "The voice server that Discord named could not be reached over TCP and TLS.",
        "Allow outgoing TCP from this host to every port: voice servers are often not on 443. Behind a proxy that "
        "opens TLS, name its certificate authority in DISCORD_CA_FILE. Check DNS: the name is in the trace.",
    ),
    Step.IDENTIFY.name: Explanation(
        "The voice server took the connection, but did not answer when the bot said who it is.",
        _SILENT_SERVER,
    ),
    Step.DISCOVER.name: Explanation(
        "The voice server answers over TCP, but not over UDP, which is how the sound comes: outgoing UDP is most "
        "likely blocked.",
        "Allow outgoing UDP from this host, and the answers to it, in its firewall and its provider's; the trace has "
        "the address in the line that begins with `udp`. `notetaker doctor` with --guild and --channel tries it.",
    ),
    Step.SELECT.name: Explanation(
        "The voice server answered over UDP, but then sent no key for the sound.", _SILENT_SERVER
    ),
    Step.VERIFY.name: Explanation(
        "The handshake was complete, but the voice server did not acknowledge a heartbeat.", _SILENT_SERVER
    ),
    Step.GROUP.name: Explanation(
        "The call is end-to-end encrypted, and the devices in it did not add the bot to their group, so it could "
        "not have decrypted anything.",
        "The bot tries again. If it stays like this, have everyone leave the channel for a moment and come back: "
        "Discord then creates the group anew.",
    ),
    Step.ESTABLISHED.name: Explanation("The connection to the voice server was lost.", _COMES_BACK),
    Step.RESUME.name: Explanation(
        "The websocket was lost, and the voice server did not take the session up again.", _COMES_BACK
    ),
    Step.ENDED.name: Explanation(
        "The attempt ended before it was clear why.", "The bot's log has more, around the same time."
    ),
}


LIKELY_CAUSES = {
    4004: "The likely cause is a stale voice token.",
    4006: (
        "The likely cause is a session that has become stale on Discord's side, or another process that uses this "
        "bot's token."
    ),
    4011: "The likely cause is that Discord has moved the call to another voice server meanwhile.",
    4020: "The likely cause is that Discord has changed what it expects of a bot.",
}


def likely_cause(code: int | None) -> str:
    """One sentence for the person in the chat who asked the bot to come; empty where the code says it all."""
    return "" if code is None else LIKELY_CAUSES.get(code, "")
