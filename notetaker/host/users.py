"""Names of the users on this host."""

import pwd


def user_name(uid: int) -> str:
    """Return the login name, or ``user 1000`` if there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
