import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.locale import Locale
from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes
from notetaker.model.notes_kind import NotesKind, in_language
from notetaker.model.transcript import Transcript
from notetaker.model.vocabulary import Entry
from notetaker.notes.gaps import join_gaps
from notetaker.notes.kinds import BUILT_IN
from notetaker.notes.markdown import length
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make, sum_up
from notetaker.notes.minutes.parts import parts
from notetaker.notes.render import MESSAGE_LIMIT, render_message, render_transcript
from notetaker.notes.wording import clock
from tests.notes import builders
from tests.notes.builders import (
    ADA,
    BEN,
    CHLOE,
    NAMES,
    SECOND,
    START,
    at,
    gap,
    heard,
    said,
    transcript,
    unix_ns,
)
from tests.notes.strategies import locales, meetings, minutes_of

NOTHING = Minutes("", (), (), (), (), (), ("built-in",), 0)
DAN = 104
MEETING = transcript(
    said(ADA, 0, 3, "Good morning everyone."),
    said(ADA, 3, 6, "the budget of the new website is nearly gone"),
    said(BEN, 5, 9, "so we decided to open it in may"),
    said(CHLOE, 20, 22, "", error="The engine stopped."),
    said(CHLOE, 23, 26, "i will call the bank by friday"),
    names={**NAMES, DAN: "Dan"},
    gaps=(gap(10, 14),),
    coverage=(heard(ADA, 300), heard(BEN, 198, lost=2), heard(CHLOE, 250)),
)


def test_what_was_corrected_is_told() -> None:
    vocabulary = (Entry("*Vire*", "fire"), Entry("Zyx", "six"))
    meeting = transcript(said(ADA, 0, 3, "fire met six, and Fire won"), vocabulary=vocabulary)
    assert "- Corrected: \\*Vire\\* for “fire” (2 times), Zyx for “six”\n" in render_transcript(
        meeting, NOTHING
    )
    assert "-# 3 misheard names corrected as this server has asked; the transcript says which." in (
        render_message(NOTHING, meeting)
    )
    assert "orrected" not in render_transcript(MEETING, NOTHING) + render_message(NOTHING, MEETING)


@pytest.mark.parametrize(
    ("ended_s", "shown"),
    [(60, "14:30:05 to 14:31:05 UTC (1 min)"), (-3540, "14:30:05 to 14:30:31 UTC (26 s)")],
)
def test_a_meeting_does_not_end_before_what_was_said_in_it(ended_s: int, shown: str) -> None:
    """An earlier release took the end from a wall clock that might have been set back."""
    meeting = replace(MEETING, meeting=replace(MEETING.meeting, ended_ns=at(ended_s)))
    assert f"- Date: 22 November 2026, {shown}\n" in render_transcript(meeting, NOTHING)


def test_the_message() -> None:
    assert render_message(summarise(MEETING), MEETING) == (
        "## Meeting notes: General\n"
        "<t:1795357805:D>, <t:1795357805:t>–<t:1795357865:t> (1 min)\n"
        "### Summary\n"
        "- The budget of the new website is nearly gone. (<t:1795357805:T>)\n"
        "### Decisions\n"
        "- We decided to open it in May. (<t:1795357810:T>)\n"
        "### Action items\n"
        "- I will call the bank by Friday. – Chloe (<t:1795357828:T>)\n"
        "### Gaps in the recording\n"
        "- <t:1795357815:T>–<t:1795357819:T> not heard: voice session lost (4006)\n"
        "### Who spoke\n"
        "Ada 6 s, Chloe 5 s, Ben 4 s\n"
        "-# Coverage: 748 of 750 voice packets were heard; 2 never arrived. "
        "1 utterance (2 s) could not be transcribed.\n"
        "-# Notes by: built-in; speech to text: pocketsphinx. The full transcript is attached."
    )


def test_the_document() -> None:
    assert render_transcript(MEETING, summarise(MEETING)) == (
        "# Meeting in General, 22 November 2026\n"
        "\n"
        "- Meeting: 20261122-143005-k3f9qz\n"
        "- Channel: General\n"
        "- Date: 22 November 2026, 14:30:05 to 14:31:05 UTC (1 min)\n"
        "- People: Ada, Ben, Chloe, Dan (did not speak)\n"
        "- Notes by: built-in\n"
        "- Speech to text: pocketsphinx\n"
        "\n"
        "## Summary\n"
        "\n"
        "- The budget of the new website is nearly gone. (14:30:05)\n"
        "\n"
        "## Decisions\n"
        "\n"
        "- We decided to open it in May. (14:30:10)\n"
        "\n"
        "## Action items\n"
        "\n"
        "- I will call the bank by Friday. – Chloe (14:30:28)\n"
        "\n"
        "## Transcript\n"
        "\n"
        "Times are UTC.\n"
        "\n"
        "14:30:05 **Ada:** Good morning everyone. The budget of the new website is nearly gone.\n"
        "\n"
        "14:30:10 **Ben:** So we decided to open it in May.\n"
        "\n"
        "**14:30:15–14:30:19 not heard: voice session lost (4006)**\n"
        "\n"
        "14:30:25 **Chloe:** \\[not transcribed: The engine stopped.]\n"
        "\n"
        "14:30:28 **Chloe:** I will call the bank by Friday.\n"
        "\n"
        "## Coverage\n"
        "\n"
        "748 of 750 voice packets were heard; 2 never arrived. "
        "1 utterance (2 s) could not be transcribed.\n"
        "\n"
        "| Speaker | spoke for | heard | not transcribed | never arrived |\n"
        "|---------|----------:|------:|----------------:|--------------:|\n"
        "| Ada     |       6 s |   300 |               0 |             0 |\n"
        "| Ben     |       4 s |   198 |               0 |             2 |\n"
        "| Chloe   |       5 s |   250 |             100 |             0 |\n"
    )


def test_a_meeting_in_which_nobody_spoke() -> None:
    silent = transcript()
    assert render_message(NOTHING, silent) == (
        "## Meeting notes: General\n"
        "<t:1795357805:D>, <t:1795357805:t>–<t:1795357865:t> (1 min)\n"
        "### Who spoke\n"
        "Nobody spoke.\n"
        "-# Coverage: No voice packets arrived.\n"
        "-# Notes by: built-in. The full transcript is attached."
    )
    assert "## Transcript\n\nTimes are UTC.\n\nNobody spoke.\n" in render_transcript(silent, NOTHING)


def test_voices_without_words_are_not_silence() -> None:
    mumbling = transcript(coverage=(heard(ADA, 50),))
    assert "Voices were heard, but no words were recognised." in render_message(NOTHING, mumbling)


def test_a_long_meeting_says_how_much_more_there_is() -> None:
    lines = [said(ADA, 10 * i, 10 * i + 5, f"We decided to keep plan {i} of the office.") for i in range(200)]
    meeting = transcript(*lines, gaps=tuple(gap(10 * i + 6, 10 * i + 7) for i in range(90)))
    message = render_message(summarise(meeting), meeting)
    assert 1000 < length(message) <= MESSAGE_LIMIT
    shown, more = (
        len(re.findall("We decided to", message)),
        re.findall(r"- … (\d+) more in the attached transcript", message),
    )
    assert shown >= 3
    assert int(more[0]) == 200 - shown
    assert "Gaps in the recording" in message
    assert render_transcript(meeting, summarise(meeting)).count(" not heard: ") == 90


def test_lines_and_gaps_are_in_time_order() -> None:
    lines = [said(ADA, 0, 4, "one"), said(ADA, 4, 8, "two"), said(BEN, 9, 12, "three")]
    gaps = (gap(3, 5, "packets never arrived", ADA), gap(8.5, 10, "voice session lost (4006)"))
    document = render_transcript(transcript(*lines, gaps=gaps), NOTHING)
    text = document.partition("Times are UTC.\n\n")[2].partition("\n\n## Coverage")[0]
    assert text.split("\n\n") == [
        "14:30:05 **Ada:** One.",
        "**14:30:08–14:30:10 Ada not heard: packets never arrived**",
        "14:30:09 **Ada:** Two.",
        "**14:30:13–14:30:15 not heard: voice session lost (4006)**",
        "14:30:14 **Ben:** Three.",
    ]


def after_start(iso: str) -> float:
    return (unix_ns(iso) - START) / SECOND


def test_a_german_meeting_in_berlin_past_midnight() -> None:
    midnight = after_start("2026-11-22T23:00Z")
    meeting = transcript(
        said(ADA, midnight - 10, midnight - 6, "Wir fangen an.", language="de"),
        said(BEN, midnight + 5, midnight + 9, "Dann los.", language="de"),
        said(BEN, midnight + 20, midnight + 21, "Yes.", language="en"),
        gaps=(gap(midnight - 2, midnight + 1),),
        meeting=replace(builders.MEETING, started_ns=at(midnight - 10), ended_ns=at(midnight + 30)),
        time_zone="Europe/Berlin",
    )
    cited = Item(Kind.POINT, "Dann los.", (meeting.lines[1].utterance_id,))
    notes = replace(NOTHING, summary=(cited,))
    message, document = render_message(notes, meeting), render_transcript(meeting, notes)
    assert message.startswith(
        "## Besprechungsnotizen: General\n<t:1795388390:D>, <t:1795388390:t>–<t:1795388430:t> (40 s)\n"
        "### Zusammenfassung\n- Dann los. (<t:1795388405:T>)\n"
        "### Lücken der Aufnahme\n- <t:1795388398:T>–<t:1795388401:T> not heard: "
    )
    assert document.startswith("# Meeting in General, 22. November 2026\n")
    assert "- Date: 22. November 2026, 23:59:50 to 23. November 2026, 00:00:30 CET (40 s)\n" in document
    assert "- Languages: German, English\n" in document
    assert "- Dann los. (00:00:05)\n" in document
    assert document.partition("Times are CET.\n\n")[2].startswith(
        "23:59:50 **Ada:** Wir fangen an.\n"
        "\n"
        "**23:59:58–23. November 2026, 00:00:01 not heard: voice session lost (4006)**\n"
        "\n"
        "00:00:05 **Ben:** Dann los.\n"
    )


def test_a_meeting_in_which_the_clocks_change() -> None:
    change = after_start("2027-10-31T01:00Z")
    meeting = transcript(
        said(ADA, change - 10, change - 6, "before"),
        said(ADA, change + 5, change + 9, "after"),
        gaps=(gap(change - 2, change + 1),),
        meeting=replace(builders.MEETING, started_ns=at(change - 10), ended_ns=at(change + 30)),
        time_zone="Europe/Berlin",
    )
    head, _, text = render_transcript(meeting, NOTHING).partition("## Transcript\n\n")
    assert "\n- Date: 31 October 2027, 02:59:50 CEST to 02:00:30 CET (40 s)\n" in head
    assert text.startswith(
        "Times are CEST, then CET.\n"
        "\n"
        "02:59:50 **Ada:** Before.\n"
        "\n"
        "**02:59:58 CEST–02:00:01 CET not heard: voice session lost (4006)**\n"
        "\n"
        "02:00:05 **Ada:** After.\n"
    )


def test_the_language_that_was_chosen_counts_before_the_one_that_was_heard() -> None:
    heard = said(ADA, 0, 1, "Bonjour.", language="fr")
    assert "\n- Date: 22 novembre 2026, 14:30:05 to " in render_transcript(transcript(heard), NOTHING)
    assert render_message(NOTHING, transcript(heard)).startswith("## Notes de réunion: ")
    chosen = transcript(heard, meeting=replace(builders.MEETING, language="ja"))
    assert "\n- Date: 2026年11月22日, 14:30:05 to " in render_transcript(chosen, NOTHING)
    assert render_message(NOTHING, chosen).startswith("## Meeting notes: ")
    unknown = transcript(heard, meeting=replace(builders.MEETING, language="xx"))
    assert "\n- Date: 22 November 2026, 14:30:05 to " in render_transcript(unknown, NOTHING)


def test_many_citations_of_one_item_are_cut() -> None:
    lines = [said(ADA, 40 * i, 40 * i + 5, "yes") for i in range(5)]
    item = Item(Kind.POINT, "Yes, five times.", tuple(utterance.id for utterance, _ in lines))
    minutes = replace(NOTHING, summary=(item,))
    assert "- Yes, five times. (<t:1795357805:T>)\n" in render_message(minutes, transcript(*lines))
    document = render_transcript(transcript(*lines), minutes)
    assert "- Yes, five times. (14:30:05, 14:30:45, 14:31:25, …)\n" in document


def summarise(meeting: Transcript) -> Minutes:
    writer = BuiltIn()
    cut = parts(meeting.lines, tuple(meeting.speakers.values()), meeting.locale.language, ended=True)
    written = [make(part, writer, writer) for part in cut]
    return join(written, sum_up(cut, written, writer, writer))


def settled(meeting: Transcript) -> Minutes:
    """Return minutes of two parts, each with all kinds of items."""
    cites = (meeting.lines[2].utterance_id,)
    point = Item(Kind.POINT, "I think the website is pretty.", cites)
    decision = Item(Kind.DECISION, "We open it in May.", cites, overturned=True)
    action = Item(Kind.ACTION, "Call the bank about it.", cites, "Chloe", "by Friday")
    named = Item(Kind.ACTION, "Ben calls the bank by Monday.", cites, "Ben", "by Monday")
    question = Item(Kind.QUESTION, "Who pays for the website?", cites)
    written = (
        PartMinutes("Website", (point, decision), at(0), "a model"),
        PartMinutes("Bank", (action, question), at(20), "built-in", 1, "The model is *too* slow."),
    )
    return Minutes(
        "Website and bank", (), written, (decision,), (action, named), (question,), ("a model", "built-in"), 1
    )


def test_every_kind_of_item_and_what_the_notes_rest_on() -> None:
    message = render_message(settled(MEETING), MEETING)
    assert message.startswith(
        "## Meeting notes: General\n"
        "<t:1795357805:D>, <t:1795357805:t>–<t:1795357865:t> (1 min)\n"
        "**Website and bank**\n"
        "### Decisions\n"
        "- We open it in May. (overturned later) (<t:1795357810:T>)\n"
        "### Action items\n"
        "- Call the bank about it. – Chloe, by Friday (<t:1795357810:T>)\n"
        "- Ben calls the bank by Monday. (<t:1795357810:T>)\n"
        "### Open questions\n"
        "- Who pays for the website? (<t:1795357810:T>)\n"
        "### Topics\n"
        "- Website (<t:1795357805:T>)\n"
        "- Bank (<t:1795357825:T>)\n"
    )
    assert message.endswith(
        "-# Notes by: a model, built-in; speech to text: pocketsphinx. The full transcript is attached.\n"
        "-# 1 of 2 parts by the built-in writer: The model is \\*too\\* slow.\n"
        "-# 1 item left out, not supported by the lines cited."
    )
    document = render_transcript(MEETING, settled(MEETING))
    assert "- Notes: 1 of 2 parts by the built-in writer: The model is \\*too\\* slow.\n" in document
    assert (
        "## Topics\n"
        "\n"
        "### 14:30:05 Website\n"
        "\n"
        "- Ben: I think the website is pretty. (14:30:10)\n"
        "\n"
        "### 14:30:25 Bank\n"
        "\n"
        "## Transcript\n"
    ) in document


def test_a_summary_that_is_not_the_models_says_so() -> None:
    minutes = replace(NOTHING, fell_back="The model is away.")
    assert render_message(minutes, MEETING).endswith(
        "-# The summary is the built-in writer's: The model is away."
    )


def test_notes_in_another_language_say_what_the_built_in_writer_does_not_look_for() -> None:
    german = replace(MEETING, locale=Locale("de", "Europe/Berlin"))
    minutes = replace(NOTHING, parts=(PartMinutes("Budget", (), START, "built-in"),))
    only = "The built-in writer finds decisions, tasks and questions in English only."
    assert f"-# {only}" in render_message(minutes, german)
    document = render_transcript(german, minutes)
    assert f"- Notes: {only}\n" in document
    assert "\n## Mitschrift\n" in document and "\n## Abdeckung\n" in document
    by_a_model = replace(minutes, parts=(replace(minutes.parts[0], made_by="some-model"),))
    assert only not in render_message(minutes, MEETING) + render_message(by_a_model, german)


OWN_MARKUP = re.compile(r"^(## |### |-# |- )")
OWN_TIME = re.compile(r"(?<!\\)<t:\d+:[DtT]>")
OWN_BOLD = re.compile(r"^\*\*((?:\\.|[^\\*])*)\*\*")


@settings(max_examples=200)
@given(meetings(), locales)
def test_any_meeting_fits_and_pings_no_one(meeting: Transcript, locale: Locale) -> None:
    meeting = replace(meeting, locale=locale)
    assert_fits_and_pings_no_one(render_message(summarise(meeting), meeting))


@settings(max_examples=200)
@given(meetings(), locales, st.sampled_from(BUILT_IN), st.data())
def test_any_notes_of_any_kind_fit_and_ping_no_one(
    meeting: Transcript, locale: Locale, kind: NotesKind, data: st.DataObject
) -> None:
    meeting = replace(meeting, locale=locale)
    minutes = data.draw(minutes_of(meeting, kind))
    assert_fits_and_pings_no_one(render_message(minutes, meeting, kind))
    document = render_transcript(meeting, minutes, kind)
    assert not re.search(r"@(?!\u200b)", document)
    headings = [line.removeprefix("## ") for line in document.split("\n") if line.startswith("## ")]
    filled = {item.section for item in minutes.entries}
    expected = [one.heading for one in kind.sections if one.name in filled]
    assert {in_language(heading, locale.language) for heading in expected} <= set(headings)


def assert_fits_and_pings_no_one(message: str) -> None:
    assert length(message) <= MESSAGE_LIMIT
    assert not re.search(r"@(?!\u200b)", message)
    for line in message.split("\n"):
        words = OWN_BOLD.sub(r"\1", OWN_TIME.sub("", OWN_MARKUP.sub("", line)))
        assert not re.search(r"[*_~`|<\[]", re.sub(r"\\.", "", words))
        assert not re.match(r"[-+#>]|\d+[.)]", words)


@given(meetings())
def test_any_document_names_everything_and_pings_no_one(meeting: Transcript) -> None:
    document = render_transcript(meeting, summarise(meeting))
    assert not re.search(r"@(?!\u200b)", document)
    assert not re.search(r"[`<]", re.sub(r"\\.", "", document))
    gaps = re.findall(r"^\*\*(\d\d:\d\d:\d\d)–.* not heard: ", document, re.MULTILINE)
    assert gaps == [clock(gap.started_ns) for gap in join_gaps(meeting.gaps)]
    assert document.count("[not transcribed: ") >= sum(line.error is not None for line in meeting.lines)
