"""A session that can no longer decrypt: whose fault it is, and what is done about it."""

from functools import partial

import pytest

from notetaker.discordsim.voice.group import DaveOp
from notetaker.model.failure import Failure, Step
from notetaker.wire.commands import Reconnect
from notetaker.wire.dave import MAX_RECOVERIES, TRANSITION_S
from notetaker.wire.decrypt_watch import CHANCE_S, FRAMES, GRACE_S, SILENT_S
from notetaker.wire.losses import FRAME_S
from notetaker.wire.opcodes import Op
from notetaker.wire.patience import FIRST_S, HELPED_S, MAX_S, Patience
from tests.wire.packets import sealed
from tests.wire.secret_call import ADA, BEN, CARL, SecretCall

DEAF = Failure(
    Step.ESTABLISHED,
    detail="The voices could no longer be decrypted, not even after rejoining the end-to-end encrypted group.",
)


def test_after_a_commit_that_never_came_everyone_is_heard_again() -> None:
    call = SecretCall(ADA, BEN)
    before = len(call.heard)
    call.loses_a_commit()
    call.speaks(ADA, packets=FRAMES - 1)
    assert (call.recoveries, len(call.heard)) == (0, before)
    call.speaks(ADA, BEN, packets=5)
    assert call.recoveries == 1
    call.passes(GRACE_S)
    call.speaks(ADA, BEN, packets=50)
    assert call.recoveries == 1
    assert call.talk.session.dave.recoveries == call.talk.session.dave.undecryptable_runs == 1
    assert call.talk.session.step is Step.ESTABLISHED
    # What was sealed with the keys of the epoch that we were not in stays closed; everything later is heard.
    assert call.heard[-100:] == [b"\xfcpacket %d" % n for n in range(call._packets - 99, call._packets + 1)]


def test_recovering_names_the_last_transition_also_when_that_is_zero() -> None:
    call = SecretCall(ADA)
    call.talk.hears(Op.DAVE_PREPARE_TRANSITION, {"transition_id": 0, "protocol_version": 1})
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    asked = [body for op, body in call.said if op == Op.MLS_INVALID_COMMIT_WELCOME]
    assert asked == [{"transition_id": 0}]
    assert [op for op, _ in call.said if op in (Op.MLS_INVALID_COMMIT_WELCOME, Op.MLS_KEY_PACKAGE)] == [
        31,
        26,
    ]


def test_nothing_is_decided_before_the_websocket_has_proved_that_nothing_is_under_way() -> None:
    call = SecretCall(ADA)
    call.acknowledges = False
    call.speaks(ADA, packets=3 * FRAMES, broken=True)
    assert call.recoveries == 0
    (beat,) = [body for op, body in call.said if op == Op.HEARTBEAT]
    assert isinstance(beat, dict)
    call.talk.hears(Op.HEARTBEAT_ACK, {"t": beat["t"]})
    call.speaks(ADA, packets=1, broken=True)
    assert call.recoveries == 1


def test_a_session_in_which_nobody_can_be_decrypted_ends_if_a_recovery_does_not_help() -> None:
    call = SecretCall(ADA, BEN)
    call.speaks(ADA, BEN, packets=FRAMES + 2, broken=True)
    assert call.recoveries == 1
    call.passes(GRACE_S)
    call.speaks(ADA, BEN, packets=FRAMES - 1, broken=True)
    assert call.talk.session.step is Step.ESTABLISHED
    call.speaks(ADA, BEN, packets=5, broken=True)
    assert call.ended == DEAF
    assert call.recoveries == 1


@pytest.mark.parametrize("silent_s", [0, 300])
def test_somebody_heard_who_is_merely_silent_keeps_a_session_with_two_broken_senders_up(
    silent_s: float,
) -> None:
    call = SecretCall(ADA, BEN, CARL)
    call.speaks(CARL, packets=50)
    call.passes(silent_s)
    call.speaks(ADA, BEN, packets=1500, broken=True, every=0.04)
    assert (call.recoveries, call.ended) == (2, None)
    before = len(call.heard)
    call.speaks(CARL, packets=50)
    assert len(call.heard) == before + 50
    assert call.talk.session.decrypt_watch.undecryptable == (ADA, BEN)


def test_when_he_who_was_heard_leaves_or_fails_as_well_nobody_is_left_who_could_be_heard() -> None:
    for carl_fails in (False, True):
        call = SecretCall(ADA, BEN, CARL)
        call.speaks(ADA, BEN, packets=500, broken=True)
        assert call.ended is None
        if carl_fails:
            call.speaks(CARL, packets=1, broken=True)
        else:
            call.talk.hears(Op.CLIENT_DISCONNECT, {"user_id": str(CARL)})
        call.speaks(ADA, BEN, packets=FRAMES + 2, broken=True)
        assert call.ended == DEAF


@pytest.mark.parametrize("keyed", [False, True])
def test_a_newcomer_who_is_not_ready_is_no_second_sign_of_deafness(keyed: bool) -> None:
    call = SecretCall(ADA)
    call.speaks(ADA, packets=800, broken=True)
    if keyed:
        call.joins(BEN)
        call.passes(GRACE_S)
    else:
        call.talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(BEN)]})
        call.talk.hears(Op.SPEAKING, {"user_id": str(BEN), "ssrc": BEN, "speaking": 1})
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    call.speaks(ADA, BEN, packets=(FRAMES - 2) if keyed else 1000, broken=True)
    assert call.ended is None


def test_a_recovery_that_nobody_answers_has_its_chance() -> None:
    call = SecretCall(ADA, BEN)
    call.lose = {*DaveOp}
    call.speaks(ADA, BEN, packets=FRAMES + 2, broken=True)
    asked_at = call.talk.now
    while call.ended is None:
        call.speaks(ADA, BEN, packets=1, broken=True)
    assert CHANCE_S < call.talk.now - asked_at < CHANCE_S + (FRAMES + 5) * FRAME_S


def test_a_new_session_that_does_not_help_either_is_not_replaced_at_once() -> None:
    patience = Patience()
    lasted: list[float] = []
    for _ in range(3):
        call = SecretCall(ADA, BEN, patience=patience)
        call.talk.now += sum(lasted)
        began = call.talk.now
        while call.ended is None:
            call.speaks(ADA, BEN, packets=1, broken=True, every=0.1)
        lasted.append(call.talk.now - began)
    assert lasted[0] < 20
    assert FIRST_S - 20 < lasted[1] < FIRST_S + 20
    assert 2 * FIRST_S - 20 < lasted[2] < 2 * FIRST_S + 20


@pytest.mark.parametrize("others", [(), (BEN,)], ids=["alone", "beside somebody"])
def test_a_broken_sender_costs_one_recovery_and_then_long_pauses(others: tuple[int, ...]) -> None:
    call = SecretCall(ADA, *others)
    asked: list[float] = []
    began = call.talk.now
    while call.talk.now < began + 8 * FIRST_S:
        call.speaks(ADA, packets=1, broken=True, every=0.1)
        call.speaks(*others, packets=1, every=0.001)
        if call.recoveries > len(asked):
            asked.append(call.talk.now - began)
    assert [round(at / FIRST_S, 1) for at in asked] == [0.0, 1.0, 3.0, 7.0]
    assert call.ended is None
    assert call.talk.session.decrypt_watch.undecryptable == (ADA,)
    heartbeats = [op for op, _ in call.said].count(Op.HEARTBEAT)
    assert heartbeats < 8 * FIRST_S / 5 + 10


def test_a_broken_sender_among_many_is_marked_until_it_is_decrypted_or_gone() -> None:
    call = SecretCall(ADA, BEN, CARL)
    marked = partial(getattr, call.talk.session.decrypt_watch, "undecryptable")
    call.speaks(ADA, BEN, packets=FRAMES + 2, broken=True)
    call.passes(CHANCE_S)
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    call.speaks(CARL, packets=1)
    call.speaks(BEN, packets=FRAMES + 2, broken=True)
    assert (call.recoveries, call.ended) == (2, None), "one for each"
    call.passes(CHANCE_S)
    call.speaks(ADA, BEN, packets=FRAMES + 2, broken=True)
    assert marked() == (ADA, BEN)
    call.speaks(ADA, packets=1)
    assert marked() == (BEN,)
    call.talk.hears(Op.CLIENT_DISCONNECT, {"user_id": str(BEN)})
    assert marked() == ()
    assert (call.recoveries, call.ended) == (2, None)


def test_when_a_recovery_has_helped_the_next_fault_waits_only_a_little() -> None:
    call = SecretCall(ADA, BEN)
    for times in (1, 2):
        call.lose = {DaveOp.ANNOUNCE_COMMIT}
        call.joins(CARL + times)
        call.lose = set()
        call.passes(HELPED_S)
        call.speaks(ADA, packets=FRAMES + 2)
        assert call.recoveries == times
        call.passes(GRACE_S)
        heard = len(call.heard)
        call.speaks(ADA, packets=10)
        assert len(call.heard) == heard + 10
    assert call.talk.session.decrypt_watch.undecryptable == ()


def test_pauses_grow_to_an_hour_and_begin_anew_when_all_was_well_for_long() -> None:
    patience, now, lengths = Patience(), 1000.0, []
    for _ in range(7):
        assert patience.over(ADA, now)
        patience.begin(ADA, now)
        assert not patience.over(ADA, now)
        began = now
        while not patience.over(ADA, now):
            now += 10.0
        lengths.append(now - began)
    assert lengths == [120, 240, 480, 960, 1920, MAX_S, MAX_S]
    now += 2 * MAX_S
    patience.begin(ADA, now)
    assert patience.over(ADA, now + FIRST_S)
    assert patience.over(BEN, now)


def test_a_frame_that_is_decrypted_begins_that_speakers_count_anew() -> None:
    call = SecretCall(ADA, BEN)
    for _ in range(4):
        call.speaks(ADA, packets=FRAMES - 1, broken=True)
        call.speaks(ADA, packets=1)
    assert call.recoveries == 0
    call.speaks(ADA, packets=FRAMES - 1, broken=True)
    call.speaks(BEN, packets=1)
    call.speaks(ADA, packets=5, broken=True)
    assert call.recoveries == 1


def test_silence_that_the_server_injects_is_no_sign_of_hearing() -> None:
    call = SecretCall(ADA)
    for n in range(2 * FRAMES):
        call.speaks(ADA, packets=1, broken=True)
        silence = sealed(b"\xf8\xff\xfe", sequence=40_000 + n, nonce=n, ssrc=ADA)
        call.talk.session.receive_datagram(silence, call.talk.now)
    assert call.recoveries == 1


def test_right_after_new_keys_nothing_counts() -> None:
    call = SecretCall(ADA)
    call.joins(BEN)
    call.speaks(ADA, packets=round(GRACE_S / FRAME_S) - 1, broken=True)
    call.passes(GRACE_S)
    assert call.talk.session.dave.undecryptable_runs == 0
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    assert call.talk.session.dave.undecryptable_runs == call.recoveries == 1


def is_resumed(call: SecretCall, meanwhile: int, before: int = 0) -> None:
    """The websocket is lost and resumed, while Ada says something that cannot be decrypted."""
    call.talk.session.websocket_closed(None, call.talk.now)
    call.talk.does(Reconnect)
    call.speaks(ADA, packets=meanwhile, broken=True)
    assert call.recoveries == before
    call.talk.opens()
    call.talk.hears(Op.HELLO, {"heartbeat_interval": 13750})
    call.talk.hears(Op.RESUMED, None)
    call.passes(FRAME_S)


@pytest.mark.parametrize("meanwhile", [0, 2 * FRAMES])
def test_after_a_resume_a_few_failures_are_enough(meanwhile: int) -> None:
    call = SecretCall(ADA, BEN)
    is_resumed(call, meanwhile)
    asked = 0
    while not call.recoveries:
        call.speaks(ADA, packets=1, broken=True)
        asked += 1
    assert asked <= (1 if meanwhile else 6)
    call.passes(CHANCE_S)
    call.speaks(ADA, packets=FRAMES - 1, broken=True)
    assert call.recoveries == 1, "it is no resume any more"


def test_after_a_resume_few_failures_are_not_enough_while_somebody_is_heard() -> None:
    call = SecretCall(ADA, BEN)
    is_resumed(call, 0)
    for _ in range(FRAMES - 1):
        call.speaks(ADA, packets=1, broken=True)
        call.speaks(BEN, packets=1, every=0.0)
    assert call.recoveries == 0


def test_after_a_resume_few_failures_are_not_enough_of_one_who_was_never_heard() -> None:
    call = SecretCall()
    call.joins(ADA)
    call.passes(GRACE_S)
    is_resumed(call, 0)
    call.speaks(ADA, packets=FRAMES - 1, broken=True)
    assert call.recoveries == 0


@pytest.mark.parametrize(("speak", "recoveries"), [((), 1), ((BEN,), 0)], ids=["silence", "heard"])
def test_when_nobody_is_heard_after_a_resume_we_make_sure_of_our_place(
    speak: tuple[int, ...], recoveries: int
) -> None:
    call = SecretCall(ADA, BEN)
    is_resumed(call, 0)
    call.speaks(*speak, packets=1, every=SILENT_S - 2 * FRAME_S)
    assert call.recoveries == 0
    call.passes(2 * FRAME_S)
    assert call.recoveries == recoveries
    call.passes(60)
    call.speaks(ADA, BEN, packets=10)
    assert call.heard[-20:] == [b"\xfcpacket %d" % n for n in range(call._packets - 19, call._packets + 1)]
    assert call.recoveries == recoveries


def test_many_resumes_while_everybody_is_silent_cost_few_recoveries() -> None:
    call = SecretCall(ADA, BEN)
    asked: list[float] = []
    began = call.talk.now
    for _ in range(60):
        is_resumed(call, 0, before=len(asked))
        for _ in range(10):
            call.passes(1)
            if call.recoveries > len(asked):
                asked.append(call.talk.now - began)
    assert [round(at / FIRST_S) for at in asked] == [0, 1, 3]


def test_a_place_that_is_lost_again_in_silence_is_asked_for_when_the_pause_is_over() -> None:
    call = SecretCall(ADA)
    is_resumed(call, 0)
    call.passes(SILENT_S)
    assert call.recoveries == 1
    is_resumed(call, 0, before=1)
    call.passes(FIRST_S - 1)
    assert call.recoveries == 1
    call.passes(1)
    assert call.recoveries == 2
    call.speaks(ADA, packets=1)  # so it has helped
    is_resumed(call, 0, before=2)
    call.passes(HELPED_S - 1)
    assert call.recoveries == 2
    call.passes(1)
    assert call.recoveries == 3


def test_alone_there_is_no_place_to_make_sure_of_after_a_resume() -> None:
    call = SecretCall()
    is_resumed(call, 0)
    call.passes(10 * SILENT_S)
    assert call.recoveries == 0


def test_until_a_transition_is_executed_nothing_counts_but_it_has_to_be_some_day() -> None:
    call = SecretCall(ADA, BEN)
    call.lose = {DaveOp.EXECUTE_TRANSITION}
    call.joins(CARL)
    call.speaks(ADA, packets=round(TRANSITION_S / FRAME_S), broken=True)
    assert call.recoveries == call.talk.session.dave.undecryptable_runs == 0
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    assert call.recoveries == 1


def test_frames_without_a_key_wait_and_are_no_sign_of_deafness() -> None:
    call = SecretCall(ADA)
    call.talk.hears(Op.SPEAKING, {"user_id": str(BEN), "ssrc": BEN, "speaking": 1})
    call.speaks(BEN, packets=3 * FRAMES, broken=True)
    assert call.recoveries == call.talk.session.dave.undecryptable_runs == 0


def test_who_has_no_key_for_long_costs_one_recovery_and_cannot_be_decrypted() -> None:
    call = SecretCall(ADA)
    call.talk.hears(Op.SPEAKING, {"user_id": str(BEN), "ssrc": BEN, "speaking": 1})
    call.speaks(BEN, packets=round(3 * CHANCE_S / FRAME_S), broken=True)
    assert call.recoveries == 1
    assert call.talk.session.decrypt_watch.undecryptable == (BEN,)


@pytest.mark.parametrize("up", [True, False])
def test_a_group_that_cannot_be_joined_ends_the_session(up: bool) -> None:
    call = SecretCall()
    talk = call.talk
    if not up:
        talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(ADA)]})  # who does not let us in
        talk.session.step = Step.GROUP
    for n in range(MAX_RECOVERIES):
        talk.hears_binary(Op.MLS_WELCOME, n.to_bytes(2, "big") + b"broken")
        pause_s = 2.0**n if n else 0.0  # the first one at once, and no bursts after it
        call.passes(pause_s - 0.3 if n else 0.0)
        assert call.recoveries == n
        call.passes(0.3)
        assert call.recoveries == n + 1
    assert (call.recoveries, call.ended) == (MAX_RECOVERIES, None)
    talk.hears_binary(Op.MLS_WELCOME, b"\0\0broken")
    call.passes(FRAME_S)
    assert call.recoveries == MAX_RECOVERIES
    assert call.ended == Failure(
        Step.ESTABLISHED if up else Step.GROUP,
        detail="Joining the end-to-end encrypted group failed 6 times in a row.",
    )
