"""Pages of live text: nothing moves from its page, nothing is left out, and Discord takes every one."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.transcript import Transcript
from notetaker.notes.live_text import MESSAGE_LIMIT, PAGE, Entry, entries, pages
from notetaker.notes.markdown import length
from tests.notes.builders import ADA, BEN, NAMES, START, at, gap, said, transcript
from tests.notes.strategies import meetings

S = START // 10**9


def shown(meeting: Transcript, *drafts: int, before: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    ids = {meeting.lines[number].utterance_id for number in drafts}
    return [page.text for page in pages(entries(meeting, ids), before)]


def test_lines_of_one_speaker_are_a_paragraph_and_only_drafts_are_marked() -> None:
    meeting = transcript(
        said(ADA, 0, 3, "Good morning."), said(ADA, 4, 6, "Shall we begin?"), said(BEN, 7, 8, "yes")
    )
    assert shown(meeting, 2) == [
        f"**Ada** <t:{S}:T> Good morning. Shall we begin?\n**Ben** <t:{S + 7}:T> Yes. …"
    ]
    assert shown(meeting) == [f"**Ada** <t:{S}:T> Good morning. Shall we begin?\n**Ben** <t:{S + 7}:T> Yes."]


def test_a_gap_is_in_its_place_and_a_single_lost_packet_is_not() -> None:
    meeting = transcript(
        said(ADA, 0, 3, "Good morning."),
        said(ADA, 20, 21, "Hello?"),
        gaps=(gap(10, 14), replace(gap(15, 15), started_ns=at(15), ended_ns=at(15.02), user_id=BEN)),
        names=NAMES,
    )
    [page] = shown(meeting)
    first, missing, second = page.split("\n")
    assert (first, second) == (f"**Ada** <t:{S}:T> Good morning.", f"**Ada** <t:{S + 20}:T> Hello?")
    assert missing.startswith(f"⚠️ <t:{S + 10}:T>–<t:{S + 14}:T> Not heard: ")


def test_what_comes_late_is_shown_in_order_on_the_newest_page() -> None:
    """Ben's long utterance began before Ada's, and its text came after hers was shown."""
    meeting = transcript(said(BEN, 0, 20, "I go first."), said(ADA, 5, 6, "Me too."))
    by_speaker = {line.user_id: line.utterance_id for line in meeting.lines}
    [page] = shown(meeting, before=((by_speaker[ADA],),))
    assert page.index("Ben") < page.index("Ada")
    old, new = shown(meeting, before=((by_speaker[ADA],), ()))
    assert "Ada" in old and "Ben" not in old
    assert "Ben" in new


def test_a_page_whose_words_were_none_says_so() -> None:
    assert [page.text for page in pages([], [("gone",)])] == ["-# No words here."]


def test_final_texts_that_are_too_long_for_their_page_are_cut_with_a_word_about_it() -> None:
    many = [Entry(str(n), START + n * 30 * 10**9, "A" * 40, "word " * 50) for n in range(60)]
    [page] = pages(many, [tuple(entry.key for entry in many)])
    assert length(page.text) <= MESSAGE_LIMIT
    assert page.text.endswith("The notes have all of it.")


@given(meetings(), st.data())
def test_every_line_is_on_one_page_for_good_and_every_page_fits(
    meeting: Transcript, data: st.DataObject
) -> None:
    """Texts come in any order, and are shown at any time in between."""
    found = entries(meeting, {line.utterance_id for line in meeting.lines if data.draw(st.booleans())})
    coming = data.draw(st.permutations(found))
    before: list[tuple[str, ...]] = []
    known: list[Entry] = []
    while len(known) < len(coming):
        known = list(coming[: len(known) + data.draw(st.integers(1, 5))])
        now = pages(sorted(known, key=lambda entry: entry.started_ns), before, ending="-# The end.")
        keys = [page.keys for page in now]
        assert [page[: len(old)] for page, old in zip(keys, before, strict=False)] == before
        assert keys[: max(len(before) - 1, 0)] == before[:-1]
        assert sorted(key for page in keys for key in page) == sorted({entry.key for entry in known})
        assert all(0 < length(page.text) <= MESSAGE_LIMIT for page in now)
        assert now[-1].text.endswith("-# The end.")
        before = keys


@given(st.lists(st.text(min_size=1, max_size=3000), max_size=20))
def test_a_page_is_not_begun_before_the_one_before_is_full(texts: list[str]) -> None:
    many = [
        Entry(str(n), START + n * 30 * 10**9, "Ada", text.replace("\n", " ")) for n, text in enumerate(texts)
    ]
    found = pages(many, [])
    for page, following in pairwise(found):
        next_line = next(entry for entry in many if entry.key == following.keys[0])
        assert length(page.text) + length(next_line.text) + 30 > min(PAGE, 1500)
