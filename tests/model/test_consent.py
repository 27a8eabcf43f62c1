"""Who may be recorded, as a table."""

from itertools import product

import pytest

from notetaker.model.consent import NOTICE, OPT_IN, Answer, Consent
from notetaker.model.room import Room
from notetaker.model.voice import Admission

YES, NO, NEVER, BOT, STRANGER = 1, 2, 3, 4, 5
ROOM = Room(20, people=frozenset({YES, NO, NEVER}), bots=frozenset({BOT}))
ANSWERS = {YES: Answer(True, 1, 0), NO: Answer(False, 1, 0)}


@pytest.mark.parametrize(
    ("consent", "recorded", "asked"),
    [
        (Consent({}), {YES, NO, NEVER, STRANGER}, set()),
        (Consent(ANSWERS), {YES, NEVER, STRANGER}, set()),
        (Consent(ANSWERS, record_bots=True), {YES, NEVER, BOT, STRANGER}, set()),
        (Consent(ANSWERS, policy=2), {YES, NEVER, STRANGER}, set()),
        (Consent({}, OPT_IN), set(), {YES, NO, NEVER}),
        (Consent(ANSWERS, OPT_IN), {YES}, {NEVER}),
        (Consent(ANSWERS, OPT_IN, record_bots=True), {YES, BOT}, {NEVER}),
        # an agreement is to one version of the policy; a refusal holds until it is taken back
        (Consent(ANSWERS, OPT_IN, policy=2), set(), {YES, NEVER}),
        (Consent({YES: Answer(True, 2, 0)}, OPT_IN, policy=1), set(), {YES, NO, NEVER}),
    ],
)
def test_whom_answers_admit(consent: Consent, recorded: set[int], asked: set[int]) -> None:
    admission = consent.admission(ROOM)
    assert {one for one in (YES, NO, NEVER, BOT, STRANGER) if admission.takes(one)} == recorded
    assert consent.to_ask(ROOM.people) == asked


def test_nobody_is_taken_who_refused_or_has_yet_to_agree() -> None:
    answers = [None, *(Answer(agreed, policy, 0) for agreed, policy in product((True, False), (1, 2)))]
    for answer, mode, policy, bots in product(answers, (NOTICE, OPT_IN), (1, 2), (True, False)):
        consent = Consent({} if answer is None else {NEVER: answer}, mode, policy, bots)
        refused = answer is not None and not answer.agreed
        agreed = answer is not None and answer.agreed and answer.policy == policy
        assert consent.admission(ROOM).takes(NEVER) == (not refused and (agreed or mode == NOTICE))


def test_of_no_channel_nobody_is_taken() -> None:
    assert not Admission(None).takes(YES)
