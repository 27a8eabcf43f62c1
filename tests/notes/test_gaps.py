"""Joined gaps: each gap is mentioned, and those that belong together are mentioned once."""

from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.transcript import Gap
from notetaker.notes.gaps import JoinedGap, join_gaps
from tests.notes.builders import ADA, BEN, CHLOE, SECOND, at, gap, transcript

LOST = "packets never arrived"


def words(*gaps: Gap) -> list[str]:
    return [entry.words(transcript(), characters=40) for entry in join_gaps(gaps)]


def test_a_gap_names_time_speaker_and_cause() -> None:
    assert words(gap(15, 19.2)) == ["14:30:20–14:30:25 not heard: voice session lost (4006)"]
    assert words(gap(15, 16, LOST, ADA)) == ["14:30:20–14:30:21 Ada not heard: packets never arrived"]
    assert words(gap(0, 1, "no key", 0)) == ["14:30:05–14:30:06 Unknown speaker not heard: no key"]


def test_names_and_causes_are_cut_and_escaped() -> None:
    (entry,) = join_gaps([gap(0, 1, "*cut* here please", 7)])
    assert entry.words(transcript(), characters=7) == r"14:30:05–14:30:06 Unknow… not heard: \*cut\*…"


def test_successive_gaps_are_joined() -> None:
    gaps = gap(1, 2, LOST, ADA), gap(2.5, 4, LOST, ADA), gap(3, 3.5, LOST, ADA), gap(6, 7, LOST, ADA)
    assert words(*gaps) == [
        "14:30:06–14:30:09 Ada not heard: packets never arrived",
        "14:30:11–14:30:12 Ada not heard: packets never arrived",
    ]


def test_gaps_of_several_speakers_at_once_are_joined() -> None:
    gaps = gap(1, 11, LOST, ADA), gap(1.2, 10.5, LOST, BEN), gap(1.9, 11.4, LOST, CHLOE)
    assert words(*gaps) == ["14:30:06–14:30:17 Ada, Ben, Chloe not heard: packets never arrived"]


def test_different_gaps_stay_separate() -> None:
    gaps = (
        gap(1, 11, LOST, ADA),
        gap(1, 5, LOST, BEN),  # ended earlier
        gap(1, 11, "no key", CHLOE),
        gap(1, 11, LOST),  # everyone
    )
    assert words(*gaps) == [
        "14:30:06–14:30:10 Ben not heard: packets never arrived",
        "14:30:06–14:30:16 not heard: packets never arrived",
        "14:30:06–14:30:16 Ada not heard: packets never arrived",
        "14:30:06–14:30:16 Chloe not heard: no key",
    ]


GAPS = st.builds(
    lambda start, length, cause, user_id: Gap(at(start), at(start + length), cause, user_id),
    st.floats(0, 60),
    st.floats(0, 10),
    st.sampled_from([LOST, "no key"]),
    st.sampled_from([None, ADA, BEN]),
)


@given(st.lists(GAPS, max_size=20))
def test_entries_cover_every_gap_and_not_much_more(gaps: list[Gap]) -> None:
    entries = join_gaps(gaps)
    assert entries == sorted(entries, key=lambda entry: entry.started_ns)
    assert all(any(_covers(entry, gap) for entry in entries) for gap in gaps)
    for entry in entries:
        users: list[int | None] = [*entry.user_ids] or [None]
        assert len(users) == len(set(users))
        for user_id in users:
            own = [g for g in gaps if g.user_id == user_id and g.cause == entry.cause]
            edges = [(g.started_ns, g.ended_ns) for g in own]
            assert any(abs(start - entry.started_ns) <= SECOND for start, _ in edges)
            assert any(abs(end - entry.ended_ns) <= 2 * SECOND for _, end in edges)


def _covers(entry: JoinedGap, gap: Gap) -> bool:
    whom = gap.user_id in entry.user_ids if gap.user_id is not None else not entry.user_ids
    return (
        whom
        and entry.cause == gap.cause
        and entry.started_ns <= gap.started_ns <= gap.ended_ns <= entry.ended_ns
    )
