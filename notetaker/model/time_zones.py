"""The time zones, and how people find them by name."""

from typing import Final
from zoneinfo import available_timezones

MATCHES: Final = 25
"""Most time zones offered at a time, which is Discord's limit on choices."""


def find(text: str) -> str | None:
    """Return the IANA name of a time zone, given as such or by its last part alone, as ``berlin`` or ``New York``."""
    key = _key(text)
    return _BY_KEY.get(key)


def matching(text: str) -> list[str]:
    """Return the time zones that match what a person has typed, best match first."""
    key = _key(text)
    ranked = [(_rank(key, keys), name) for name, keys in _KEYS.items()]
    return [name for _, name in sorted((rank, name) for rank, name in ranked if rank is not None)][:MATCHES]


def _rank(key: str, keys: tuple[str, ...]) -> int | None:
    """Return how well a time zone's keys match: 0 is best, None is no match."""
    if key in keys:
        return 0
    if any(one.startswith(key) for one in keys):
        return 1
    return 2 if any(key in one for one in keys) else None


def _key(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())


def _keys(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_key(name), _key(name.rpartition("/")[2]))))


_KEYS: Final = {name: _keys(name) for name in sorted(available_timezones())}
_BY_KEY: Final = {
    **{keys[-1]: name for name, keys in reversed(_KEYS.items())},
    **{keys[0]: name for name, keys in _KEYS.items()},
}
"""By last part, where the first zone in the alphabet has it if there are several; and by whole name."""
