"""The judge finds what is wrong, and nothing else."""

from tests.campaigns.chaos.judge import Evidence, Judgement, judge
from tests.campaigns.chaos.truth import Delivered, Gap, Sent, Stored, opus, read_opus

ADA, BEN = 11, 22
SSRC = {ADA: 1, BEN: 2}
START = 1_700_000_000.0


def time_of(number: int) -> float:
    return START + 0.02 * number


def said(user: int, numbers: range) -> Evidence:
    """All that happens when everything goes well."""
    return Evidence(
        sent=[Sent(user, n, time_of(n)) for n in numbers],
        delivered=[Delivered(SSRC[user], n, time_of(n)) for n in numbers],
        stored=[stored(user, n) for n in numbers],
    )


def stored(user: int, number: int) -> Stored:
    return Stored(SSRC[user], number, time_of(number), user, user, number)


def lose(evidence: Evidence, numbers: range, *, delivered: bool = False) -> None:
    evidence.stored = [packet for packet in evidence.stored if packet.number not in numbers]
    if not delivered:
        evidence.delivered = [packet for packet in evidence.delivered if packet.sequence not in numbers]


def test_what_was_sent_and_stored_is_no_loss() -> None:
    assert judge(said(ADA, range(1, 200))) == Judgement(0.0, 0, 0, 0.0, 0, ())


def test_a_packet_that_reached_the_bot_and_is_nowhere_is_lost_though_received() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 53), delivered=True)
    found = judge(evidence)
    assert (found.lost_though_received, found.lost_without_session) == (3, 0)


def test_silence_has_no_number_and_is_accounted_for_all_the_same() -> None:
    evidence = said(ADA, range(1, 50))
    evidence.delivered.append(Delivered(SSRC[ADA], 50, time_of(50)))
    assert judge(evidence).lost_though_received == 1
    evidence.stored.append(Stored(SSRC[ADA], 50, time_of(50), ADA, None, 0))
    assert judge(evidence).lost_though_received == 0


def test_what_the_bot_counts_as_of_no_use_is_not_lost_without_a_word() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 60), delivered=True)
    evidence.dropped = 8
    found = judge(evidence)
    assert (found.lost_though_received, found.lost_without_session) == (2, 8)


def test_what_is_stored_after_the_window_is_stored() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 60), delivered=True)
    evidence.late = [stored(ADA, n) for n in range(50, 60)]
    assert judge(evidence) == Judgement(0.0, 0, 0, 0.0, 0, ())


def test_a_gap_that_begins_while_people_speak_is_counted() -> None:
    evidence = said(ADA, range(10, 200))
    gap = Gap(time_of(50), time_of(60), "2 packets never arrived", ADA)
    before, after = gap._replace(started=time_of(5)), gap._replace(started=time_of(210))
    evidence.gaps = [gap, gap._replace(user_id=None), gap._replace(user_id=BEN), before, after]
    assert judge(evidence).gaps == 2


def test_a_stream_that_begins_again_repeats_numbers_and_no_packet() -> None:
    evidence = said(ADA, range(1, 200))
    evidence.stored += [stored(ADA, n)._replace(sequence=n - 199) for n in range(200, 300)]
    assert judge(evidence).wrong == ()


def test_a_packet_for_a_closed_socket_did_not_reach_the_bot() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(100, 150), delivered=True)
    evidence.gaps = [Gap(time_of(100), time_of(149), "voice session lost", None)]
    found = judge(evidence)
    assert (found.lost_though_received, found.lost_without_session) == (0, 50)


def test_a_packet_just_before_the_session_ended_did_reach_the_bot() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(99, 150), delivered=True)
    evidence.gaps = [Gap(time_of(100), time_of(149), "voice session lost", None)]
    assert judge(evidence).lost_though_received == 1


def test_a_gap_of_one_person_excuses_no_packet() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(100, 150), delivered=True)
    evidence.gaps = [Gap(time_of(100), time_of(149), "could not be decrypted", ADA)]
    assert judge(evidence).lost_though_received == 50


def test_a_killed_process_reads_nothing_until_the_next_one_hears() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(100, 150), delivered=True)
    evidence.killed_at = time_of(102)
    assert judge(evidence).lost_though_received == 0
    evidence.killed_at = time_of(120) - 0.01
    assert judge(evidence).lost_though_received == 15  # a tenth of a second may be unread
    lose(evidence, range(160, 161), delivered=True)
    assert judge(evidence).lost_though_received == 16


def test_the_time_without_audio_is_from_the_last_packet_stored_to_the_next() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 100))
    lose(evidence, range(120, 125))
    assert round(judge(evidence).without_audio_s, 3) == 1.02
    assert judge(evidence).lost_without_session == 55


def test_silence_is_no_time_without_audio() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 60))
    evidence.sent = [p if p.number < 55 else p._replace(time=p.time + 9.0) for p in evidence.sent]
    assert round(judge(evidence).without_audio_s, 3) == 0.22


def test_people_do_not_stand_in_for_each_other() -> None:
    evidence, ben = said(ADA, range(1, 200)), said(BEN, range(1, 200))
    lose(ben, range(50, 100))
    evidence.sent += ben.sent
    evidence.stored += ben.stored
    evidence.delivered += ben.delivered
    found = judge(evidence)
    assert found.lost_without_session == 50
    assert round(found.without_audio_s, 3) == 1.02


def test_speech_that_never_comes_back_is_without_audio_to_its_end() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(100, 200))
    assert round(judge(evidence).without_audio_s, 2) == 2.0


def test_a_long_stretch_has_to_be_marked() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 100))
    assert round(judge(evidence).unmarked_s, 2) == 1.0
    evidence.gaps = [Gap(time_of(50), time_of(99), "packets never arrived", BEN)]
    assert round(judge(evidence).unmarked_s, 2) == 1.0
    evidence.gaps = [Gap(time_of(50), time_of(99), "packets never arrived", ADA)]
    assert judge(evidence).unmarked_s == 0.0


def test_a_short_stretch_needs_no_mark() -> None:
    evidence = said(ADA, range(1, 200))
    lose(evidence, range(50, 70))
    assert judge(evidence).unmarked_s == 0.0


def test_a_mark_that_covers_half_of_it_is_not_enough() -> None:
    evidence = said(ADA, range(1, 300))
    lose(evidence, range(50, 250))
    evidence.gaps = [Gap(time_of(50), time_of(150), "voice session lost", None)]
    assert 1.5 < judge(evidence).unmarked_s < 2.0


def test_words_in_the_journal_as_somebody_elses_are_wrong() -> None:
    evidence = said(ADA, range(1, 50))
    evidence.stored[7] = evidence.stored[7]._replace(user_id=BEN)
    evidence.stored[8] = evidence.stored[8]._replace(user_id=None)
    assert judge(evidence).wrong == ("2 packets are in the journal as somebody else's.",)


def test_words_in_the_journal_twice_are_wrong() -> None:
    evidence = said(ADA, range(1, 50))
    evidence.stored.insert(30, evidence.stored[29])
    assert judge(evidence).wrong == ("1 packets are in the journal twice.",)


def test_words_in_another_order_are_wrong() -> None:
    evidence = said(ADA, range(1, 50))
    evidence.stored[20:22] = reversed(evidence.stored[20:22])
    assert judge(evidence).wrong == ("1 packets are in the journal out of order.",)


def test_a_packet_tells_who_sent_it_and_which_it_is() -> None:
    assert read_opus(opus(2**63 + 1, 4711)) == (2**63 + 1, 4711)
    assert read_opus(b"\xf8\xff\xfe") is None
    assert read_opus(bytes(18)) is None
