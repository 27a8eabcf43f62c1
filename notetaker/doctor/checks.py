"""All checks, in order, with advice for when there is no answer in time."""

from notetaker.doctor.checkup import Check
from notetaker.model.failure import Step
from notetaker.wire.handshake import DEADLINES_S

STATUS = "Check https://discordstatus.com, and try again later."
DEFECT = "Check the system log (dmesg) for disk errors."
ALLOW = (
    "Allow outgoing TCP connections to it in the firewalls of this host and its network, and check "
    "DISCORD_API_BASE_URL."
)
UDP_BLOCKED = (
    "Allow outgoing UDP to ports 50000 to 65535, and replies, in the firewalls of this host and its network or "
    "provider."
)
ANY_TCP = (
    "Allow outgoing TCP to all ports: voice servers often use a port other than 443. Behind a proxy that inspects "
    "TLS, set DISCORD_CA_FILE to its certificate authority."
)
SERVER = (
    "Check NOTETAKER_DATABASE_URL, and that its server is running and accepts connections from this host."
)
RESOLVER = "Check the name server of this host (resolvectl query discord.com) and DISCORD_API_BASE_URL."
OTHER_SERVER = f"Try again, and set another region in the settings of the channel. {STATUS}"
NEW_GROUP = "Ask everyone to leave the channel for a moment and rejoin: that creates a new encrypted group."

# This host
SETTINGS = Check("settings", "Settings", 5, "Fix it in the environment or the file .env.")
LIBRARIES = Check("libraries", "Libraries", 30, DEFECT)
SPEECH = Check("speech", "Speech to text", 10, "Fix SPEECH_ENGINE or SPEECH_MODEL.", needs=(SETTINGS,))
NOTES = Check("notes", "Notes", 60, "Fix NOTES_LLM_BASE_URL or NOTES_LLM_MODEL.", needs=(SETTINGS,))
DISK = Check("disk", "Disk", 10, DEFECT, needs=(SETTINGS,))
DATABASE = Check("database", "Database", 15, SERVER, needs=(SETTINGS,))
INSTANCE = Check("instance", "Running bot", 5, DEFECT, needs=(SETTINGS,))
# Discord from here
NAME = Check("dns", "DNS", 10, RESOLVER, needs=(SETTINGS,))
CONNECTION = Check("connection", "Connection", 10, ALLOW, needs=(NAME,))
HTTP = Check("http", "REST API", 15, STATUS, needs=(CONNECTION,))
CLOCK = Check("clock", "System clock", 5, STATUS, needs=(HTTP,))
TOKEN = Check("token", "Token", 15, STATUS, needs=(HTTP,))
GATEWAY = Check("gateway", "Main gateway", 15, ALLOW, needs=(HTTP,))
# The bot, connected
IDENTIFY = Check("intents", "Identify, intents", 30, STATUS, needs=(LIBRARIES, TOKEN, GATEWAY))
GUILD = Check("guild", "Server", 5, STATUS, needs=(IDENTIFY,))
ALONE = Check("alone", "Sole use of token", 5, STATUS, needs=(IDENTIFY,))
PERMISSIONS = Check("permissions", "Permissions", 5, STATUS, needs=(GUILD,))
REGIONS = Check("regions", "Voice regions", 5, STATUS, needs=(GUILD,))
# The bot, in voice
VOICE_SERVER = Check(
    "voice-server", "Voice: server", DEADLINES_S[Step.CREDENTIALS], OTHER_SERVER, needs=(PERMISSIONS, ALONE)
)
WEBSOCKET = Check(
    "voice-websocket", "Voice: websocket", DEADLINES_S[Step.CONNECT], ANY_TCP, needs=(VOICE_SERVER,)
)
READY = Check("voice-ready", "Voice: identify", DEADLINES_S[Step.IDENTIFY], OTHER_SERVER, needs=(WEBSOCKET,))
UDP = Check("voice-udp", "Voice: UDP", DEADLINES_S[Step.DISCOVER], UDP_BLOCKED, needs=(READY,))
SESSION = Check("voice-session", "Voice: session", DEADLINES_S[Step.SELECT], OTHER_SERVER, needs=(UDP,))
HEARTBEAT = Check(
    "voice-heartbeat", "Voice: heartbeat", DEADLINES_S[Step.VERIFY], OTHER_SERVER, needs=(SESSION,)
)
GROUP = Check("voice-group", "Voice: encryption", DEADLINES_S[Step.GROUP], NEW_GROUP, needs=(HEARTBEAT,))

CHECKS = (
    SETTINGS, LIBRARIES, SPEECH, NOTES, DISK, DATABASE, INSTANCE,
    NAME, CONNECTION, HTTP, CLOCK, TOKEN, GATEWAY,
    IDENTIFY, GUILD, ALONE, PERMISSIONS, REGIONS,
    VOICE_SERVER, WEBSOCKET, READY, UDP, SESSION, HEARTBEAT, GROUP,
)  # fmt: skip
