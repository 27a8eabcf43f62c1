"""Hypothesis strategies for meetings: hostile names, text in any script, gaps, errors, losses."""

from collections import Counter

from hypothesis import strategies as st

from notetaker.model.languages import LANGUAGES
from notetaker.model.locale import Locale
from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes
from notetaker.model.notes_kind import OF_A_MEETING, NotesKind
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap, Transcript
from tests.notes.builders import Said, at, said, transcript

HOSTILE = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "<#123>",
    "</stop:123>",
    "<t:1700000000:R>",
    "<:x:123>",
    "[click](http://evil.example)",
    "https://evil.example",
    "`code`",
    "```",
    "||spoiler||",
    "**bold**",
    "__under__",
    "~~gone~~",
    "# heading",
    "-# small",
    "> quote",
    "1. one",
    "- item",
    "\\",
    "a\nb",
    "\u202eright to left",
    "@\u200beveryone",
    "\ud800",
    "&lt;b&gt;",
    "<b>",
    "😀" * 40,
)
_WORDS = (
    "we",
    "decided",
    "let us agree",
    "i will send",
    "i'll",
    "the report",
    "by friday",
    "budget",
    "website",
    "so",
    "to",
    "chloe will call",
    "I’ll",
    "İ",
    "你好",
    ".",
    "?",
    "…",
)

speech = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=70).map(" ".join)
foreign = st.one_of(speech, st.sampled_from(HOSTILE), st.text(min_size=1, max_size=300))
names = st.one_of(st.sampled_from(["Ada", "Ben Smith", "Chloe", *HOSTILE]), st.text(max_size=60))
locales = st.builds(
    Locale,
    st.sampled_from([language.code for language in LANGUAGES]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "America/Santiago"]),
)
user_ids = st.sampled_from([101, 102, 103, 2**64 - 1])


@st.composite
def _said(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> Said:
    start = draw(st.integers(0, 20_000))
    error = draw(st.one_of(st.none(), st.none(), foreign))
    undecodable = draw(st.sampled_from([None, 0, 50]))
    end = start + draw(st.integers(1, 30))
    return said(draw(user_ids), start, end, draw(texts), error, undecodable=undecodable)


@st.composite
def _gap(draw: st.DrawFn) -> Gap:
    start = draw(st.integers(0, 20_000))
    return Gap(at(start), at(start + draw(st.integers(0, 10**6))), draw(foreign), draw(st.none() | user_ids))


_counts = st.dictionaries(st.sampled_from(Outcome), st.integers(0, 10**9))
_coverage = st.builds(
    lambda user_id, counts, lost, refused: Coverage(
        user_id, Counter(counts), lost, max(counts.get(Outcome.HEARD, 0) - refused, 0)
    ),
    user_ids | st.just(0),
    _counts,
    st.integers(0, 10**9),
    st.just(0) | st.integers(0, 10**9),
)


def meetings(texts: st.SearchStrategy[str] = foreign, lines: int = 15) -> st.SearchStrategy[Transcript]:
    return st.builds(
        lambda said, names, gaps, coverage: transcript(
            *said, names=names, gaps=tuple(gaps), coverage=tuple(coverage)
        ),
        st.lists(_said(texts), max_size=lines, unique_by=lambda one: one[0].id),
        st.dictionaries(user_ids, names),
        st.lists(_gap(), max_size=30),
        st.lists(_coverage, max_size=5, unique_by=lambda part: part.user_id),
    )


def minutes_of(meeting: Transcript, kind: NotesKind) -> st.SearchStrategy[Minutes]:
    """Notes of a kind, whatever a writer may have put into them."""
    lines = [line.utterance_id for line in meeting.lines]

    def items(of: Kind, section: str = "") -> st.SearchStrategy[tuple[Item, ...]]:
        if not lines:
            return st.just(())
        cites = st.lists(st.sampled_from(lines), min_size=1, max_size=4, unique=True).map(tuple)
        owners = st.none() | names
        one = st.builds(Item, st.just(of), foreign, cites, owners, owners, st.booleans(), st.just(section))
        return st.lists(one, max_size=12).map(tuple)

    own = [items(Kind.ENTRY, one.name) for one in kind.sections if one.name not in OF_A_MEETING]
    reason = st.none() | foreign
    part = st.builds(PartMinutes, names, items(Kind.POINT), st.just(at(0)), names, st.integers(0, 9), reason)
    return st.builds(
        Minutes,
        foreign,
        items(Kind.POINT),
        st.lists(part, max_size=5).map(tuple),
        items(Kind.DECISION),
        items(Kind.ACTION),
        items(Kind.QUESTION),
        st.lists(names, min_size=1, max_size=3).map(tuple),
        st.integers(0, 9),
        reason,
        st.tuples(*own).map(lambda sections: tuple(item for section in sections for item in section)),
        st.just(kind.name),
    )
