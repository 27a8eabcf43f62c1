"""What the keeper of a guild decides, fact by fact."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.failure import CLOSE_CODES, Failure, Step
from notetaker.voice.decision import (
    ANOTHER_PROCESS,
    COOL_DOWN_S,
    DELETED,
    DISCONNECTED,
    Connect,
    Decision,
    Facts,
    Follow,
    GiveUp,
    Leave,
    Listen,
    Rest,
    Stay,
    after,
    decide,
)
from notetaker.voice.ports import JoinFailed

A, B, C = 1, 2, 3


def lost(code: int | None) -> Failure:
    return Failure(Step.ESTABLISHED, code)


CUT, INVALID, WAIT, LIMITED, NO_DAVE = map(lost, (None, 4006, 4014, 4021, 4017))
HELD_DUPLICATE = (ANOTHER_PROCESS, 0.0)

ROWS: list[tuple[str, Facts, Decision | tuple[Failure, float]]] = [
    # nothing is wanted
    ("no channel is wanted", Facts(), Leave()),
    ("none is wanted, and we are in one", Facts(connected=A, shown=A), Leave()),
    (
        "none is wanted, and everything else is bad",
        Facts(None, None, B, True, True, INVALID, True, True),
        Leave(),
    ),
    # the first time
    ("wanted, and in no channel", Facts(A), Connect(A)),
    ("wanted, and a ghost of ours is there", Facts(A, shown=A), Connect(A)),
    ("wanted, and a ghost of ours is elsewhere", Facts(A, shown=B), Connect(A)),
    ("wanted, and another process is there", Facts(A, shown=A, foreign=True), Connect(A)),
    ("wanted elsewhere", Facts(B, A, A), Connect(B)),
    ("wanted elsewhere, and Discord names another server", Facts(B, A, A, server_changes=True), Connect(B)),
    ("wanted elsewhere, where somebody has put us already", Facts(B, A, B), Connect(B)),
    # all is well, or held back
    ("where we are wanted", Facts(A, A, A), Stay()),
    ("after a failed round", Facts(A, holding=True), Stay()),
    ("after a failed round, with credentials", Facts(A, shown=A, server_changes=True, holding=True), Stay()),
    ("after a failed round, and disconnected", Facts(A, holding=True, displaced=True), Listen()),
    ("moved away and back", Facts(A, A, A, displaced=True), Stay()),
    # the channel is gone
    ("the channel is deleted", Facts(A, A, A, deleted=True), GiveUp(DELETED)),
    ("the channel is deleted before we were in it", Facts(A, deleted=True), GiveUp(DELETED)),
    ("the channel is deleted while we rest", Facts(A, holding=True, deleted=True), GiveUp(DELETED)),
    ("the channel is deleted, and the session lost", Facts(A, lost=WAIT, deleted=True), GiveUp(DELETED)),
    # the connection is up, and Discord says something new
    ("another server", Facts(A, A, A, server_changes=True), Listen()),
    ("another server, heard", Facts(A, A, A, server_changes=True, listened=True), Connect(A)),
    ("another server never came", Facts(A, A, A, listened=True), Connect(A)),
    ("moved", Facts(A, A, B), Listen()),
    ("moved, by somebody", Facts(A, A, B, displaced=True), Listen()),
    ("moved, heard", Facts(A, A, B, listened=True), Follow(B)),
    ("moved, heard, with the new server", Facts(A, A, B, server_changes=True, listened=True), Follow(B)),
    ("disconnected", Facts(A, A), Listen()),
    ("disconnected, heard", Facts(A, A, displaced=True, listened=True), GiveUp(DISCONNECTED)),
    ("another process came", Facts(A, A, A, foreign=True), Stay()),
    ("another process moved", Facts(A, A, B, foreign=True), Listen()),
    ("another process moved, heard", Facts(A, A, B, foreign=True, listened=True), HELD_DUPLICATE),
    # the connection is up, and no sound reaches it
    ("unheard", Facts(A, A, A, lost=CUT), Connect(A)),
    ("unheard, and moved", Facts(A, A, B, lost=CUT), Follow(B)),
    ("unheard, and another process came", Facts(A, A, A, lost=CUT, foreign=True), HELD_DUPLICATE),
    # the connection was lost
    ("lost", Facts(A, shown=A, lost=CUT), Connect(A)),
    ("lost, session invalid", Facts(A, shown=A, lost=INVALID), Connect(A)),
    ("lost, and shown elsewhere", Facts(A, shown=B, lost=INVALID), Follow(B)),
    ("lost, and shown nowhere", Facts(A, lost=INVALID), GiveUp(DISCONNECTED)),
    ("lost to another process", Facts(A, shown=A, lost=INVALID, foreign=True), HELD_DUPLICATE),
    ("lost, and the other process has left", Facts(A, lost=INVALID, foreign=True), HELD_DUPLICATE),
    ("lost, and somebody's doing", Facts(A, lost=INVALID, displaced=True), Listen()),
    ("lost, Discord will say more", Facts(A, shown=A, lost=WAIT), Listen()),
    ("... it has said nothing", Facts(A, shown=A, lost=WAIT, listened=True), Connect(A)),
    ("... we were moved", Facts(A, shown=B, lost=WAIT, displaced=True, listened=True), Follow(B)),
    ("... we were kicked", Facts(A, lost=WAIT, displaced=True, listened=True), GiveUp(DISCONNECTED)),
    ("... it was another process", Facts(A, lost=WAIT, foreign=True, listened=True), HELD_DUPLICATE),
    ("lost for good", Facts(A, shown=A, lost=NO_DAVE), GiveUp(NO_DAVE, leave=True)),
    ("lost for good, kicked", Facts(A, lost=NO_DAVE, displaced=True), GiveUp(NO_DAVE, leave=True)),
    ("lost, rate limited", Facts(A, shown=A, lost=LIMITED), (LIMITED, COOL_DOWN_S)),
    ("lost, rate limited, and kicked", Facts(A, lost=LIMITED, displaced=True), Listen()),
    ("... heard", Facts(A, lost=LIMITED, displaced=True, listened=True), GiveUp(DISCONNECTED)),
    # there is no connection, and somebody has moved us while we made one
    ("kicked during an attempt", Facts(A, displaced=True), Listen()),
    ("kicked during an attempt, heard", Facts(A, displaced=True, listened=True), GiveUp(DISCONNECTED)),
    ("moved during an attempt, heard", Facts(A, shown=B, displaced=True, listened=True), Follow(B)),
]


@pytest.mark.parametrize(("facts", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_each_combination_of_facts_has_its_decision(
    facts: Facts, expected: Decision | tuple[Failure, float]
) -> None:
    decision = decide(facts)
    if isinstance(decision, Rest):
        assert not decision.failure.final
        assert (decision.failure.failure, decision.failure.pause_s) == expected
    else:
        assert decision == expected


def test_a_failed_round_is_followed_by_a_rest_or_by_giving_up() -> None:
    failed = JoinFailed(LIMITED, pause_s=COOL_DOWN_S)
    assert after(failed) == Rest(failed)
    assert after(JoinFailed(NO_DAVE, final=True)) == GiveUp(NO_DAVE, leave=True)


channels = st.sampled_from((None, A, B, C))
some_facts = st.builds(
    Facts,
    wanted=channels,
    connected=channels,
    shown=channels,
    lost=st.none() | st.sampled_from([None, *CLOSE_CODES, 4999]).map(lost),
    **{field.name: st.booleans() for field in fields(Facts) if field.type in (bool, "bool")},
)


@given(some_facts)
def test_every_combination_has_a_decision_that_people_would_want(facts: Facts) -> None:
    decision = decide(facts)
    assert isinstance(decision, Decision)
    assert isinstance(decision, Leave) == (facts.wanted is None)
    match decision:
        case Connect(channel_id):
            assert channel_id == facts.wanted
            assert not facts.deleted
        case Follow(channel_id):
            assert channel_id == facts.shown != facts.wanted
            assert not facts.foreign
        case Listen():
            assert not facts.listened, "Discord is given time once"
        case Stay():
            assert facts.holding or facts.connected == facts.wanted
        case GiveUp(failure, leave):
            assert leave == (failure == facts.lost)
        case Rest(failed):
            assert not failed.final
