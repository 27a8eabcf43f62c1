from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.transcript import Line
from notetaker.model.wording import SECOND_NS
from notetaker.notes.minutes.parts import parts

PEOPLE = ("Ana", "Ben")
BATTERY = "the battery lasts a week and charges over night"
PAINT = "we paint the garden fence green next summer"


def line(number: int, start: float, text: str, seconds: float = 5.0, error: str | None = None) -> Line:
    begins, ends = round(start * SECOND_NS), round((start + seconds) * SECOND_NS)
    return Line(str(number), 101 + number % 2, PEOPLE[number % 2], begins, ends, text, error)


def spoken(texts: list[str], pauses: dict[int, float] | None = None) -> list[Line]:
    """Return lines of five seconds, half a second apart; ``pauses`` says after which line it is longer."""
    now = 0.0
    found = []
    for number, text in enumerate(texts):
        found.append(line(number, now, text))
        now += 5.5 + (pauses or {}).get(number, 0)
    return found


def bounds(lines: list[Line], *, ended: bool = True) -> list[tuple[int, int]]:
    found = parts(lines, PEOPLE, ended=ended)
    return [(int(one.lines[0].utterance_id), int(one.lines[-1].utterance_id)) for one in found]


def test_a_part_ends_where_the_subject_changes() -> None:
    lines = spoken([BATTERY] * 50 + [PAINT] * 60)
    assert bounds(lines)[0] == (0, 49)


def test_a_long_pause_ends_a_part_at_once() -> None:
    lines = spoken([BATTERY] * 40, {30: 40})
    assert bounds(lines, ended=False) == [(0, 30)]


def test_a_short_meeting_is_one_part() -> None:
    assert bounds(spoken([BATTERY] * 3)) == [(0, 2)]
    assert bounds(spoken([BATTERY] * 3), ended=False) == []
    assert bounds([]) == []


def test_a_part_brings_the_lines_before_it() -> None:
    first, second = parts(spoken([BATTERY] * 60, {30: 40}), PEOPLE, ended=True)
    assert first.before == ()
    assert second.before == first.lines[-6:]
    assert (first.number, second.number) == (0, 1)


def test_sound_without_words_is_in_no_part() -> None:
    lines = [line(0, 0, "words"), line(1, 6, "", error="failed"), line(2, 12, " ")]
    assert bounds(lines) == [(0, 0)]


meetings = st.lists(
    st.tuples(st.sampled_from([BATTERY, PAINT, "yes"]), st.sampled_from([0.0, 0.0, 0.0, 5.0, 45.0])),
    max_size=160,
).map(lambda said: spoken([text for text, _ in said], {n: pause for n, (_, pause) in enumerate(said)}))


@given(meetings, st.integers(0, 160))
def test_what_is_complete_stays_when_more_is_said(lines: list[Line], known: int) -> None:
    early = parts(lines[:known], PEOPLE, ended=False)
    assert parts(lines, PEOPLE, ended=False)[: len(early)] == early


@given(meetings)
def test_at_the_end_every_line_is_in_one_part(lines: list[Line]) -> None:
    found = parts(lines, PEOPLE, ended=True)
    assert [one for part in found for one in part.lines] == lines
    assert all(part.lines for part in found)
    assert parts(lines, PEOPLE, ended=False) == found[: len(parts(lines, PEOPLE, ended=False))]
