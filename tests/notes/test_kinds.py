"""Kinds of notes: their files, and what the built-in writer makes of talk of each kind."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.model.minutes import Item, Kind, Minutes
from notetaker.model.notes_kind import OF_A_MEETING, Form, NotesKind
from notetaker.notes.kinds import BUILT_IN, MEETING, STANDARD, Kinds, parse
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.check import objection
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make, sum_up
from tests.notes.minutes.builders import part

OWN = """
heading = { en = "Retro", de = "Rückblick" }
description = "what went well, what did not"
what = "a retrospective"
title = "the mood in a few words"

[[sections]]
name = "well"
heading = { en = "Went well" }
asks = "what somebody liked"
cues = ['\\bI (?:really )?liked\\b']
"""


def notes(dialogue: str, kind: NotesKind) -> Minutes:
    cut, writer = replace(part(dialogue), notes=kind), BuiltIn()
    made = make(cut, writer, writer)
    return join([made], sum_up([cut], [made], writer, writer), kind)


def texts(minutes: Minutes, section: str) -> list[str]:
    return [item.text for item in minutes.entries if item.section == section]


def test_a_kind_of_ones_own_is_a_file() -> None:
    kind = parse("retro", OWN)
    assert (kind.name, [section.name for section in kind.sections]) == ("retro", ["well"])
    found = notes("Ana: I really liked the pairing on the import job.\nBen: The build was slow again.", kind)
    assert found.kind == "retro"
    assert texts(found, "well") == ["I really liked the pairing on the import job."]
    assert not (found.summary or found.decisions or found.actions or found.questions)


def test_the_example_of_the_documents_is_a_kind() -> None:
    [example] = re.findall("```toml\n(.*?)```", Path("docs/notes-kinds.md").read_text(), re.DOTALL)
    kind = parse("retro", example)
    found = notes("Ana: The import job went really well.\nBen: I loved the new icons in the app.", kind)
    assert [item.text for item in found.entries] == [
        "The import job went really well.",
        "I loved the new icons in the app.",
    ]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('title = "the mood in a few words"\n', "", "title: Field required"),
        ('en = "Retro", ', "", "heading: it has no English text, en"),
        ("asks", "ask", "sections 1 asks: Field required"),
        ("(?:really )", "(really ", "sections 1 cues: it has a wrong regular expression: missing )"),
        ('name = "well"', 'name = "went well"', "sections 1 name: String should match pattern"),
        ('name = "well"', 'name = "points"', "sections: none can be called points"),
        ("cues = [", 'form = "table"\ncues = [', "sections 1 form: Input should be 'list', 'people'"),
        ("[[sections]]", "[[sections]", "Expected ']]' at the end of an array declaration"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(before: str, after: str, fault: str) -> None:
    assert before in OWN
    with pytest.raises(ValueError, match=re.escape(fault)):
        parse("retro", OWN.replace(before, after, 1))


def test_no_two_sections_have_the_same_name() -> None:
    again = OWN + OWN[OWN.index("[[sections]]") :]
    with pytest.raises(ValueError, match="there are two called well"):
        parse("retro", again)


def test_the_built_in_kinds_speak_the_same_languages() -> None:
    for kind in BUILT_IN:
        for texts in (kind.heading, *(section.heading for section in kind.sections)):
            assert set(texts) == {"en", "de", "es", "fr"}, kind.name


def test_a_kind_is_found_by_what_is_typed_and_the_one_that_is_set_comes_first() -> None:
    assert [kind.name for kind in STANDARD.matching("LOOT")] == ["session"]
    podcasts = Kinds(STANDARD.by_name, STANDARD.by_name["podcast"])
    assert [kind.name for kind in podcasts.matching("")][:2] == ["podcast", "meeting"]
    assert podcasts.get("gone").name == "podcast"


def test_a_stand_up_tells_who_is_blocked_in_their_own_words() -> None:
    found = notes(
        """Ana: Yesterday I finished the date mail for the newsletter.
        Ana: Today I'll start on the staging key rotation.
        Ana: No blockers.
        Ben: I fixed the retry patch and it's in review.
        Ben: I'm blocked on the staging key, Ana has it.
        Ben: I can't run it on production until the maintenance window.
        Cem: Nothing is blocking me.
        Cem: I haven't finished the rounding of invoices.
        Cem: Are you still waiting for the review?
        Cem: Let's take the alert noise offline after this call.""",
        STANDARD.by_name["standup"],
    )
    assert texts(found, "blocked") == [
        "I'm blocked on the staging key, Ana has it.",
        "I can't run it on production until the maintenance window.",
    ]
    assert texts(found, "done") == [
        "Yesterday I finished the date mail for the newsletter.",
        "I fixed the retry patch and it's in review.",
    ]
    assert texts(found, "next") == ["Today I'll start on the staging key rotation."]
    assert texts(found, "later") == ["Let's take the alert noise offline after this call."]
    assert not (found.summary or found.actions or found.decisions)


def test_a_stand_up_in_one_sentence_fills_every_section() -> None:
    found = notes(
        """Ana: Yesterday I worked on the parser, today I continue with the lexer, and I'm blocked by the API key.
        Ben: Yesterday, I finished the login page and today I'll start on the tests.
        Cem: I don't have a blocker, but I fixed the build on Windows.""",
        STANDARD.by_name["standup"],
    )
    assert texts(found, "blocked") == ["I'm blocked by the API key."]
    assert texts(found, "done") == [
        "Yesterday I worked on the parser.",
        "Yesterday, I finished the login page.",
        "I don't have a blocker, but I fixed the build on Windows.",
    ]
    assert texts(found, "next") == ["Today I continue with the lexer.", "Today I'll start on the tests."]


def test_what_is_not_to_be_done_is_in_no_section() -> None:
    podcast = notes(
        "Ana: Don't cut that part out of the episode, I like the bees.", STANDARD.by_name["podcast"]
    )
    assert texts(podcast, "check") == []
    lecture = notes(
        """Ana: This will not be on the exam, so don't worry about the proof.
        Ana: Please read chapter five by Thursday.
        Ben: okay""",
        STANDARD.by_name["lecture"],
    )
    assert texts(lecture, "matters") == []
    assert [(item.text, item.due) for item in lecture.actions] == [
        ("Please read chapter five by Thursday.", "by Thursday")
    ]


def test_a_session_has_loot_threads_and_quotes() -> None:
    found = notes(
        """Ana: You find forty silver pieces and a salt key in the chest.
        Ben: I wonder who paid the guards at the toll house.
        Ben: Nobody steals from the ferryman and sleeps well!
        Cem: Do we all get experience for that?
        Ana: The road goes on to the north, past the old mill.""",
        STANDARD.by_name["session"],
    )
    assert texts(found, "loot") == ["You find forty silver pieces and a salt key in the chest."]
    assert texts(found, "threads") == ["I wonder who paid the guards at the toll house."]
    assert texts(found, "quotes") == ["Nobody steals from the ferryman and sleeps well!"]


def test_a_lecture_has_terms_and_what_was_said_to_matter() -> None:
    found = notes(
        """Ana: Seeing uncommitted data of another transaction is called a dirty read.
        Ana: That is called a phantom in the script.
        Ana: Snapshot isolation means that each transaction sees its own past.
        Ana: Remember that table three will be in the exam.
        Ben: Is it called a phantom then?""",
        STANDARD.by_name["lecture"],
    )
    assert texts(found, "terms") == [
        "Seeing uncommitted data of another transaction is called a dirty read.",
        "Snapshot isolation means that each transaction sees its own past.",
    ]
    assert texts(found, "matters") == ["Remember that table three will be in the exam."]


def test_what_has_no_section_in_a_kind_is_no_part_of_its_notes() -> None:
    dialogue = (
        "Ana: So we've decided to ship on Monday then.\nBen: Yeah.\nBen: I'll email the client tomorrow."
    )
    meeting = notes(dialogue, MEETING)
    assert meeting.decisions
    assert meeting.actions
    podcast = notes(dialogue, STANDARD.by_name["podcast"])
    assert not (podcast.decisions or podcast.actions)


QUOTED = replace(
    part("Ana: Um, a toaster is is honest.\nBen: I think so too, mostly."), notes=STANDARD.by_name["podcast"]
)


@pytest.mark.parametrize(
    ("text", "cites", "reason"),
    [
        ("A toaster is honest.", ("0",), None),
        ("Um, a toaster is is honest.", ("0",), None),
        ("A toaster is an honest thing.", ("0",), "It is not, word for word, in the lines that it cites."),
        ("A toaster is honest.", ("0", "1"), "It cites lines of several people, and must be of one."),
    ],
)
def test_quotes_are_word_for_word_and_of_one_person(text: str, cites: tuple[str, ...], reason: str) -> None:
    assert objection(QUOTED, Item(Kind.ENTRY, text, cites, section="quotes")) == reason


def test_a_name_may_be_short_and_must_have_been_said() -> None:
    assert objection(QUOTED, Item(Kind.ENTRY, "Toaster", ("0",), section="mentioned")) is None
    assert objection(QUOTED, Item(Kind.ENTRY, "Kettle", ("0",), section="mentioned")) is not None


def test_own_sections_are_joined_but_not_what_two_people_say_of_themselves() -> None:
    session = STANDARD.by_name["session"]
    names = ("Hask", "Hask the ferryman", "Lady Vire", "lady Vire")
    people = tuple(Item(Kind.ENTRY, name, ("0",), section="characters") for name in names)
    made = replace(make(QUOTED, BuiltIn(), BuiltIn()), items=people)
    minutes = join([made], sum_up([], [], BuiltIn(), BuiltIn()), session)
    assert texts(minutes, "characters") == ["Hask the ferryman", "Lady Vire"]

    standup = STANDARD.by_name["standup"]
    stuck = tuple(
        Item(Kind.ENTRY, "I am waiting for the key.", (cite,), section="blocked") for cite in ("0", "1")
    )
    minutes = join([replace(made, items=stuck)], sum_up([], [], BuiltIn(), BuiltIn()), standup)
    assert minutes.entries == stuck


def test_every_own_section_can_be_filled_by_the_built_in_writer_or_only_holds_names() -> None:
    for kind in BUILT_IN:
        for section in kind.sections:
            if section.name not in OF_A_MEETING:
                assert section.cues or section.form in (Form.QUOTES, Form.LINE), section.name
