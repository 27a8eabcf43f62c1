"""What the bot asks for when it is invited: exactly the permissions that it uses.

Discord docs, OAuth2, "Bot Authorization Flow", and Topics / Permissions for names and bits.
"""

from dataclasses import dataclass

SCOPES = "bot", "applications.commands"


@dataclass(frozen=True, slots=True)
class Permission:
    name: str
    bit: int
    why: str


PERMISSIONS = (
    Permission("View Channels", 1 << 10, "see the voice channels and who is in them"),
    Permission("Connect", 1 << 20, "join a voice channel and hear it"),
    Permission("Send Messages", 1 << 11, "say that it records, and post the notes"),
    Permission("Send Messages in Threads", 1 << 38, "do the same in threads"),
    Permission("Create Public Threads", 1 << 35, "show in a thread what is said, while it is said"),
    Permission("Attach Files", 1 << 15, "attach the transcript to the notes"),
    Permission("Read Message History", 1 << 16, "see after a crash whether the notes are there already"),
    Permission("Change Nickname", 1 << 26, "put 🔴 before its name while it records"),
    Permission("Set Voice Channel Status", 1 << 48, "say in the status of the channel that it is recorded"),
)


def link(application_id: str) -> str:
    """Return the address under which someone with Manage Server can invite the bot."""
    bits = sum(permission.bit for permission in PERMISSIONS)
    scopes = "+".join(SCOPES)
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}&scope={scopes}&permissions={bits}"
    )
