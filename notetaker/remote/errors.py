"""Errors of remote servers, for those who do not need the client, which takes a second to import."""


class ServerSettingError(Exception):
    """An address or a key cannot be used. The message is a sentence that names the setting, but not its value."""
