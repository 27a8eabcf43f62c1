import json

import pytest

from notetaker.speech.engine import Word
from notetaker.speech.files.formats import FORMATS
from notetaker.speech.files.transcript import Segment

SEGMENTS = (
    Segment(
        0.5,
        1.25,
        "Yes & no.",
        (Word(" Yes", 0.5, 0.75, 0.91239), Word(" &", 0.75, 1, 1), Word(" no.", 1, 1.25, 1)),
    ),
    Segment(3599.9996, 3601.5, "<b>Grüße</b> --> \x1b[31m"),
)


def written(name: str, *segments: Segment) -> str:
    document = FORMATS[name]()
    parts = [document.head(), *map(document.segment, segments)]
    parts.append(document.tail(file="talk.mp3", length_s=3602.0001, language="en", engine="whisper-base"))
    return "".join(parts)


def test_text_has_a_line_for_each_segment() -> None:
    assert written("text", *SEGMENTS) == "Yes & no.\n<b>Grüße</b> --> \\x1b[31m\n"


def test_srt() -> None:
    assert written("srt", *SEGMENTS) == (
        "1\n00:00:00,500 --> 00:00:01,250\nYes & no.\n\n"
        "2\n01:00:00,000 --> 01:00:01,500\n<b>Grüße</b> → \\x1b[31m\n\n"
    )


def test_vtt() -> None:
    assert written("vtt", *SEGMENTS) == (
        "WEBVTT\n\n"
        "00:00:00.500 --> 00:00:01.250\nYes &amp; no.\n\n"
        "01:00:00.000 --> 01:00:01.500\n&lt;b&gt;Grüße&lt;/b&gt; --&gt; \\x1b[31m\n\n"
    )


def test_json() -> None:
    text = written("json", *SEGMENTS)
    assert text.isascii()
    assert all(line.isprintable() for line in text.splitlines())
    document = json.loads(text)
    assert list(document) == ["file", "duration_s", "language", "engine", "segments"]
    assert (document["file"], document["duration_s"], document["engine"]) == (
        "talk.mp3",
        3602.0,
        "whisper-base",
    )
    first, second = document["segments"]
    assert first["words"][0] == {"text": "Yes", "start_s": 0.5, "end_s": 0.75, "confidence": 0.912}
    assert second == {"start_s": 3600.0, "end_s": 3601.5, "text": SEGMENTS[1].text, "words": []}


@pytest.mark.parametrize(("name", "text"), [("text", ""), ("srt", ""), ("vtt", "WEBVTT\n\n")])
def test_a_file_in_which_nobody_speaks(name: str, text: str) -> None:
    assert written(name) == text


@pytest.mark.parametrize("name", ["text", "srt", "vtt"])
def test_letters_are_written_as_they_are_and_nothing_steers_the_terminal(name: str) -> None:
    persian = "می\u200cخواهم"
    shown = written(name, Segment(0, 5, f"{persian} \u202eevil\x07 \x9b2J"))
    assert persian in shown
    assert "\\u202eevil\\x07 \\x9b2J" in shown
