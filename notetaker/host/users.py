"""Users of this host, by name."""

import pwd


def user_name(uid: int) -> str:
    """The login name, or ``user 1000`` when there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
