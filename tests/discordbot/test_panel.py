"""The panel in words, within Discord's limits."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordbot import consent
from notetaker.discordbot import panel as words
from notetaker.model.meeting import Meeting
from notetaker.model.panel import Hearing, Panel, PanelState, Participant
from tests.notes import strategies

MEETING = Meeting("20261122-143005-k3f9qz", 1, 2, "Standup", 3, 4, 1_795_357_805 * 10**9, language="de")
ADA, BEN = Participant("Ada", Hearing.HEARD), Participant("*Ben*", Hearing.UNHEARD)


def test_the_panel_while_recording() -> None:
    panel = Panel(MEETING, PanelState.RECORDING, (ADA, BEN), words=1204, behind_s=7.2, live_text=9)
    assert words.text(panel).split("\n") == [
        "🔴 **Recording** <#2> · started <t:1795357805:R>",
        "🟢 Ada  🟠 \\*Ben\\*, speaks but cannot be heard",
        "⏳ The text is 7 s behind. The sound is safe.",
        "Live text: <#9> · Notes will be in <#3>",
        "-# Started by <@4>, in German · 1,204 words",
    ]


def test_in_a_crowd_only_those_with_a_problem_are_named() -> None:
    crowd = tuple(Participant(f"P{n}", Hearing.QUIET if n % 2 else Hearing.HEARD) for n in range(9))
    panel = Panel(MEETING, PanelState.RECORDING, (*crowd, BEN))
    assert words.text(panel).split("\n")[1] == (
        "🟢 5 heard · ⚪ 4 quiet · 🟠 \\*Ben\\*, speaks but cannot be heard"
    )


def test_the_end_has_no_buttons() -> None:
    done = Panel(replace(MEETING, ended_ns=MEETING.started_ns + 90 * 10**9), PanelState.DONE)
    assert words.text(done).split("\n")[0] == "✅ **Notes are ready** · <#2>, 1 min 30 s"
    assert words.buttons(done) == []


def actions(panel: Panel) -> list[str]:
    """What the buttons do, which all are for the same meeting."""
    ids = [button["custom_id"] for row in words.buttons(panel) for button in row["components"]]
    found = [words.action_of(one) or ("", "") for one in ids]
    assert {meeting_id for _, meeting_id in found} == {MEETING.id}
    return [action for action, _ in found]


def test_who_is_not_recorded_is_named_and_where_only_some_are_the_panel_says_so() -> None:
    refused = Participant("Dee", Hearing.REFUSED)
    lines = words.text(Panel(MEETING, PanelState.RECORDING, (ADA, refused), opt_in=True)).split("\n")
    assert lines[1] == "🟢 Ada  🚫 Dee, not recorded"
    assert lines[3] == "-# Only those who agree are recorded."


def test_buttons_say_which_meeting_they_are_for() -> None:
    panel = Panel(MEETING, PanelState.RECORDING)
    assert actions(panel) == [words.STOP, words.PAUSE, words.MARK, consent.REFUSE]
    assert actions(replace(panel, held=True))[1] == words.RESUME
    assert actions(replace(panel, opt_in=True))[3:] == [consent.ALLOW, consent.REFUSE]
    assert [words.action_of(other) for other in ("", "stop", "notes:", "notes:stop:", "notes:eat:1")] == [
        None
    ] * 5


participants = st.builds(Participant, strategies.names, st.sampled_from(Hearing))


@given(
    st.sampled_from(PanelState),
    st.lists(participants, max_size=30).map(tuple),
    st.integers(0, 10**7),
    st.floats(0, 1e6),
    strategies.foreign,
)
def test_every_panel_fits(
    state: PanelState, people: tuple[Participant, ...], number: int, behind_s: float, reason: str
) -> None:
    panel = Panel(MEETING, state, people, number, behind_s, live_text=2**63, reason=reason)
    assert 0 < len(words.text(panel).encode("utf-16-le")) // 2 <= 2000
    for row in words.buttons(panel):
        assert 1 <= len(row["components"]) <= 5
        assert all(len(button["label"]) <= 15 for button in row["components"])
        assert all(len(button["custom_id"]) <= 100 for button in row["components"])
