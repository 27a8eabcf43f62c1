"""Parts of a transcript, written as dialogue."""

from notetaker.model.minutes import Part
from notetaker.model.transcript import Line
from notetaker.model.wording import SECOND_NS

START_NS = 1_795_357_805 * SECOND_NS
PEOPLE = ("Ana", "Ben", "Cem")


def lines(dialogue: str, pause: float = 0.5) -> tuple[Line, ...]:
    """Return the lines of "Ana: Hello." and so on, ``pause`` seconds apart, with ids 0, 1, 2."""
    now = 0.0
    found = []
    for number, spoken in enumerate(dialogue.strip().splitlines()):
        speaker, _, text = spoken.strip().partition(": ")
        start, now = now, now + 0.4 * len(text.split())
        user_id = 101 + PEOPLE.index(speaker)
        found.append(Line(str(number), user_id, speaker, _ns(start), _ns(now), text))
        now += pause
    return tuple(found)


def part(dialogue: str) -> Part:
    return Part(0, lines(dialogue), PEOPLE)


def _ns(seconds: float) -> int:
    return START_NS + round(seconds * SECOND_NS)
