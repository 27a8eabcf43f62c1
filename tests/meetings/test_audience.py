"""Whether to record, as a table."""

from dataclasses import replace
from itertools import product

import pytest

from notetaker.discordbot import replies
from notetaker.meetings.audience import Decision, End, Enter, Facts, Keep, Pause, Record, decide
from notetaker.model.room import Room
from notetaker.model.transcript import EMPTY, MOVED, PAUSES, UNSHOWN, paused_by

HERE, ELSEWHERE = 2, 3
ROOM = Room(HERE, "Standup", frozenset({42}), chat=True)
FACTS = Facts(ROOM, HERE)
SECRET = replace(ROOM, chat=False)
OTHER = replace(ROOM, channel_id=ELSEWHERE)
HELD = paused_by("Ada")
NO_CONNECT = "I need the Connect permission."


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        (FACTS, Record()),
        (replace(FACTS, room=None), Keep()),
        (replace(FACTS, room=replace(ROOM, bots=frozenset({666}))), Record()),
        # nobody is there
        (replace(FACTS, room=replace(ROOM, people=frozenset()), empty_s=59.9), Pause(EMPTY)),
        (replace(FACTS, room=replace(ROOM, people=frozenset()), empty_s=60), End(replies.ROOM_EMPTY)),
        (
            replace(FACTS, room=replace(ROOM, people=frozenset(), bots=frozenset({666})), empty_s=60),
            End(replies.ROOM_EMPTY),
        ),
        (replace(FACTS, room=replace(OTHER, people=frozenset()), empty_s=1), Pause(EMPTY)),
        (
            replace(FACTS, room=replace(ROOM, people=frozenset()), grace_s=0),
            End(replies.ROOM_EMPTY),
        ),
        # it has to be shown
        (replace(FACTS, room=replace(SECRET, seen=True)), Record()),
        (replace(FACTS, room=SECRET), Pause(UNSHOWN, replies.cannot_show(HERE))),
        (replace(FACTS, room=replace(SECRET, markable=True)), Enter()),
        (replace(FACTS, room=replace(SECRET, markable=True), marked=True), Record()),
        (replace(FACTS, room=SECRET, marked=True), Pause(UNSHOWN, replies.cannot_show(HERE))),
        (replace(FACTS, unshown=True), Pause(UNSHOWN, replies.cannot_show(HERE))),
        (replace(FACTS, untold=True), Enter()),
        (replace(FACTS, untold=True, unshown=True), Pause(UNSHOWN, replies.cannot_show(HERE))),
        (replace(FACTS, untold=True, room=replace(SECRET, seen=True)), Record()),
        # somebody has paused it
        (replace(FACTS, held=HELD), Pause(HELD)),
        (replace(FACTS, held=HELD, room=None), Pause(HELD)),
        (replace(FACTS, held=HELD, room=OTHER), Pause(HELD)),
        (replace(FACTS, held=HELD, room=replace(ROOM, people=frozenset()), empty_s=1), Pause(EMPTY)),
        (
            replace(FACTS, held=HELD, room=replace(ROOM, people=frozenset()), empty_s=60),
            End(replies.ROOM_EMPTY),
        ),
        (replace(FACTS, held=HELD, room=replace(ROOM, failure=NO_CONNECT)), End(NO_CONNECT)),
        (replace(FACTS, held=HELD, length_s=6 * 3600), End(replies.TOO_LONG)),
        # moved
        (replace(FACTS, room=OTHER), Enter()),
        (replace(FACTS, room=OTHER, inside=False), Pause(MOVED)),
        (replace(FACTS, inside=False), Record()),
        (replace(FACTS, room=replace(OTHER, chat=False)), Pause(MOVED, replies.cannot_show(ELSEWHERE))),
        (replace(FACTS, room=OTHER, unshown=True), Pause(MOVED, replies.cannot_show(ELSEWHERE))),
        (replace(FACTS, room=replace(OTHER, failure=NO_CONNECT)), Pause(MOVED, NO_CONNECT)),
        # it may no longer be there
        (replace(FACTS, room=replace(ROOM, failure=NO_CONNECT)), End(NO_CONNECT)),
        (replace(FACTS, room=Room(HERE, failure="gone", gone=True)), End("gone")),
        (replace(FACTS, room=Room(ELSEWHERE, failure="gone", gone=True)), End("gone")),
        # too long
        (replace(FACTS, length_s=6 * 3600), End(replies.TOO_LONG)),
        (replace(FACTS, length_s=6 * 3600, room=None), End(replies.TOO_LONG)),
    ],
)
def test_what_the_facts_call_for(facts: Facts, decision: Decision) -> None:
    assert decide(facts) == decision


def test_nobody_is_recorded_in_secret_or_in_a_room_that_was_not_entered() -> None:
    flags = (True, False)
    for chat, seen, markable, people, marked, unshown, moved, failure in product(flags, repeat=8):
        room = Room(
            ELSEWHERE if moved else HERE,
            people=frozenset({42} if people else ()),
            chat=chat,
            seen=seen,
            markable=markable,
            failure="no" if failure else None,
        )
        decision = decide(Facts(room, HERE, marked=marked, unshown=unshown))
        if decision == Record():
            assert (chat or seen or marked) and people and not moved and not failure
        if isinstance(decision, Pause):
            assert decision.cause in PAUSES
