"""Discord's REST errors.

Source: Discord docs, Topics / Opcodes and Status Codes / JSON Error Codes, and Reference / Error Messages.
"""

from notetaker.discordsim.world.entities import Json

InvalidField = tuple[str, str, str]
"""Path of the field with dots, code, message."""


class DiscordError(Exception):
    """A request fails with this status and Discord's error body."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: Json = {"message": message, "code": code}
        if errors is not None:
            self.body["errors"] = errors


def unauthorized() -> DiscordError:
    return DiscordError(401, 0, "401: Unauthorized")


def missing_access() -> DiscordError:
    return DiscordError(403, 50001, "Missing Access")


def missing_permissions() -> DiscordError:
    return DiscordError(403, 50013, "Missing Permissions")


def wrong_channel_type() -> DiscordError:
    return DiscordError(400, 50024, "Cannot execute action on this channel type")


def archived() -> DiscordError:
    return DiscordError(400, 50083, "Thread is archived")


def unknown(what: str) -> DiscordError:
    """Return the error for an unknown ``what``, a name in ``UNKNOWN``, which has Discord's spelling."""
    return DiscordError(404, UNKNOWN[what], f"Unknown {what}")


UNKNOWN = {
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Overwrite": 10009,
    "Role": 10011,
    "User": 10013,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
    "Voice State": 10065,
}


def invalid_form(*fields: InvalidField) -> DiscordError:
    """Return the error with code 50035 for invalid fields."""
    errors: Json = {}
    for path, code, message in fields:
        node = errors
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return DiscordError(400, 50035, "Invalid Form Body", errors)


def too_long(path: str, limit: int) -> InvalidField:
    return path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."


def no_snowflake(path: str, value: object) -> InvalidField:
    return path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.'


def required(path: str) -> InvalidField:
    return path, "BASE_TYPE_REQUIRED", "This field is required"
