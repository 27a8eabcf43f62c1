"""Reading what models answer."""

import json
from contextlib import suppress
from itertools import pairwise
from time import thread_time

import pytest

from notetaker.model.minutes import Kind
from notetaker.writing.answer import Draft, Entry, read
from notetaker.writing.server import LONGEST_TEXT
from tests.writing.llm_server import EMPTY, GOOD

TEXT = json.dumps(GOOD)
WHOLE = read(TEXT)


def entries(**sections: object) -> tuple[Entry, ...]:
    return read(json.dumps({**EMPTY, **sections})).entries


def test_sections_of_other_kinds_of_notes_are_read_by_their_names() -> None:
    text = {
        "title": "Toll",
        "Loose threads": [{"lines": [4], "text": "Who paid the guards?"}],
        "tasks": [{"lines": [5], "text": "Buy rope."}],
    }
    found = read(json.dumps(text), ["summary", "loose_threads", "tasks"]).entries
    assert [(entry.kind, entry.section) for entry in found] == [
        (Kind.ENTRY, "loose_threads"),
        (Kind.ENTRY, "tasks"),
    ]


def test_an_answer_in_form_is_read() -> None:
    assert (
        Draft(
            "Launch of billing",
            (
                Entry(Kind.POINT, "Ben would launch on the twelfth of March, not the fifth.", (2,)),
                Entry(Kind.DECISION, "The billing page is launched on the twelfth of March.", (2, 3)),
                Entry(Kind.ACTION, "Caro fixes the rounding of invoices.", (4,), "Caro", "by Friday"),
                Entry(Kind.QUESTION, "Who answers the billing mail at weekends?", (5,)),
            ),
            malformed=0,
        )
        == WHOLE
    )
    assert read(json.dumps(EMPTY)) == Draft("", (), 0)


REPAIRED = {
    "a fence": f"```json\n{TEXT}\n```",
    "a preamble": f"Sure! Here are the minutes:\n\n{TEXT}\n\nLet me know if you need more.",
    "thoughts": f'<think>Perhaps {{"title": "x", "points": []}}?</think>\n{TEXT}',
    "thoughts whose beginning the template said": f"Hm, well.\n</think>{TEXT}",
    "a wrapper": json.dumps({"minutes": GOOD}),
    "a list around it": f"[{TEXT}]",
    "commas too many": TEXT.replace("}]", "},],").replace(",,", ","),
    "single quotes": str(GOOD),
    "line breaks in strings": TEXT.replace("March, not", "March,\nnot"),
    "comments": TEXT.replace('"decisions"', '// what was decided\n"decisions"'),
    "other names": TEXT.replace('"points"', '"Key Points"').replace('"actions"', '"action_items"'),
    "bullets": TEXT.replace('"Caro fixes', '"- **Caro** fixes'),
}


@pytest.mark.parametrize("text", REPAIRED.values(), ids=REPAIRED.keys())
def test_what_is_nearly_right_is_repaired(text: str) -> None:
    assert read(text) == WHOLE


def test_an_answer_that_broke_off_keeps_its_whole_items() -> None:
    items = [read(TEXT[:end], cut=True).entries for end in range(TEXT.index("}") + 1, len(TEXT))]
    assert items[0] == WHOLE.entries[:1]
    assert items[-1] == WHOLE.entries
    for fewer, more in pairwise(items):
        assert more[: len(fewer)] == fewer
    assert read(TEXT, cut=True).cut


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        ([3, 2, 3], (2, 3)), (4, (4,)), ("4", (4,)), ("3-5", (3, 5)), (["[3]", "line 4"], (3, 4)), ([3.0], (3,)),
        ([True, None, {}, []], ()), (None, ()), ([10**30], ()),
        (list(range(99)), tuple(range(12))),
    ],
)  # fmt: skip
def test_lines_however_they_are_given(lines: object, numbers: tuple[int, ...]) -> None:
    [entry] = entries(points=[{"lines": lines, "text": "They launch."}])
    assert entry.numbers == numbers


def test_items_that_are_only_text_may_cite_in_brackets() -> None:
    found = entries(points=["They launch [2, 3].", "They launch (line 4)", "They launch."])
    assert [(entry.text, entry.numbers) for entry in found] == [
        ("They launch.", (2, 3)),
        ("They launch", (4,)),
        ("They launch.", ()),
    ]


def test_what_is_no_item_is_counted() -> None:
    odd: list[object] = [
        None,
        7,
        [],
        {},
        {"text": ""},
        {"text": None},
        {"text": "\0 \n"},
        {"text": "..."},
        {"text": "[1]"},
        {"text": "12"},
        {"text": "no " * 200},
    ]
    found = read(json.dumps({**EMPTY, "decisions": [*odd, {"lines": [1], "text": "Yes."}], "points": "none"}))
    assert [entry.text for entry in found.entries] == ["Yes."]
    assert found.malformed == len(odd)
    many = read(json.dumps({**EMPTY, "points": [{"lines": [1], "text": "Again."}] * 500}))
    assert (len(many.entries), many.malformed) == (12, 488)


def test_text_is_one_line_without_control_characters() -> None:
    [entry] = entries(points=[{"lines": [1], "text": " a\0b\x1b[31m\r\nc\ud800 "}])
    assert entry.text == "a b [31m c"
    assert read(json.dumps({**EMPTY, "title": "x" * 500})).title == ""
    assert read(json.dumps({**EMPTY, "title": ["x"]})).title == ""


NONE = ["", "null", "7", "[]", "{}", "No minutes today.", "<html><body>502</body></html>", '{"error": "no"}',
        '{"points": ', "[" * 20_000, '{"a":' * 4000, "<think>never ends", '"\\ud800"', "1" * 20_000]  # fmt: skip


@pytest.mark.parametrize("text", NONE, ids=range(len(NONE)))
def test_an_answer_without_minutes_is_an_error_that_quotes_nothing(text: str) -> None:
    for cut in (False, True):
        with pytest.raises(ValueError, match=r"^no (JSON|minutes)$"):
            read(text, cut=cut)


@pytest.mark.parametrize(
    "bit", ['"', 'a b "d" ', "\\", ",", ":", "{", '{"a":', "<think>", "[1] ", "</think>"]
)
def test_reading_ends(bit: str) -> None:
    began = thread_time()
    with suppress(ValueError):
        read(('{"points": [' + bit * LONGEST_TEXT)[:LONGEST_TEXT])
    assert thread_time() - began < 30
