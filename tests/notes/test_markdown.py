"""Discord's syntax: Discord help center, "Markdown Text 101"; mentions: Discord docs, Message Formatting."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.notes.markdown import escape, length
from tests.notes.strategies import foreign


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain words, isn't it? (yes) 50 % & more", "plain words, isn't it? (yes) 50 % & more"),
        ("*a* _b_ ~~c~~ `d` ||e||", r"\*a\* \_b\_ \~\~c\~\~ \`d\` \|\|e\|\|"),
        ("[click](http://x.example)", r"\[click](http\://x.example)"),
        ("back\\slash", r"back\\slash"),
        ("<#12> <:x:1> <t:1:R>", r"\<#12> \<:x:1> \<t:1:R>"),
        ("&lt;", r"\&lt;"),
        ("# heading", r"\# heading"),
        ("-# small", r"\-# small"),
        ("> quote", r"\> quote"),
        ("12. list", r"12\. list"),
        ("at 12:30", "at 12:30"),
        ("two\nlines\tand\x00more", "two lines and more"),
        ("\u202egnp.exe", "gnp.exe"),
        ("👩‍💻 你好", "👩‍💻 你好"),
    ],
)
def test_syntax_is_shown_and_not_obeyed(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize(
    "text", ["@everyone", "@\u200beveryone", "@\u202eeveryone", "<@123>", "<@&123>", "<@!123>"]
)
def test_mentions_are_taken_apart(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"@(?!\u200b)", escaped)
    assert "everyone" in escaped or "123" in escaped


@given(st.one_of(foreign, st.text()))
def test_whatever_comes_is_one_line_without_live_syntax(text: str) -> None:
    escaped = escape(text)
    assert len(escaped.splitlines()) <= 1
    assert not re.search(r"@(?!\u200b)", escaped)
    assert not re.search(r"[*_~`|<\[]", re.sub(r"\\.", "", escaped))
    assert not re.match(r"[-+#>]|\d+[.)]", escaped)
    assert length(escaped) <= len(text.encode("utf-16-le", "surrogatepass"))  # twice as long at most


def test_length_counts_as_javascript_does() -> None:
    assert length("a😀") == 3
