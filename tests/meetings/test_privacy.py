"""Who is recorded, on a real recorder, store and job queue. Voice and Discord are stand-ins."""

import asyncio
from dataclasses import replace

import pytest

from notetaker.discordbot import consent, replies
from notetaker.discordbot.ports import Refused, Standing
from notetaker.meetings import privacy
from notetaker.model.consent import NOTICE, OPT_IN, Answer
from notetaker.model.transcript import EMPTY, paused_by
from notetaker.model.voice import Admission
from tests.harness.bench import ADA, GENERAL, GUILD, STANDUP, Bench
from tests.meetings.test_attendance import BEN, CHLOE, ROBOT, ROOM, begin

HERE = replace(ROOM, people=frozenset({ADA, BEN}), bots=frozenset({ROBOT}))


async def test_an_answer_counts_at_once_in_both_directions(bench: Bench) -> None:
    await begin(bench, HERE)
    assert bench.discord.buttons == ["Don't record me"]
    await bench.privacy.refuse(GUILD, BEN)
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    await bench.privacy.allow(GUILD, BEN)
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    await bench.stop()


async def test_only_who_agreed_is_recorded_where_people_are_asked(bench: Bench) -> None:
    await bench.settings.set(GUILD, "consent", OPT_IN)
    office, meeting = await begin(bench, HERE)
    assert bench.voice.admission == Admission(STANDUP, only=frozenset())
    assert office.said(STANDUP) == [replies.recording_here(meeting, opt_in=True)]
    assert bench.discord.buttons == ["Yes, record me", "No"]
    await bench.privacy.allow(GUILD, ADA)
    assert bench.voice.admission == Admission(STANDUP, only=frozenset({ADA}))
    await bench.privacy.refuse(GUILD, ADA)
    assert bench.voice.admission == Admission(STANDUP, only=frozenset())
    await bench.stop()


async def test_newcomers_are_asked_or_told_as_they_have_answered(bench: Bench) -> None:
    await bench.settings.set(GUILD, "consent", OPT_IN)
    await bench.privacy.allow(GUILD, BEN)
    await bench.privacy.refuse(GUILD, ROBOT + 1)
    office, _ = await begin(bench)
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN, CHLOE, ROBOT + 1})))
    assert office.said(STANDUP)[1:] == [replies.newcomers([BEN]), consent.asked([CHLOE])]
    await bench.stop()


async def test_who_has_refused_is_told_nothing(bench: Bench) -> None:
    await bench.privacy.refuse(GUILD, BEN)
    office, _ = await begin(bench)
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN, CHLOE})))
    assert office.said(STANDUP)[1:] == [replies.newcomers([CHLOE])]
    await bench.stop()


async def test_answers_hold_over_restarts_and_meetings(bench: Bench) -> None:
    await begin(bench, HERE)
    await bench.privacy.refuse(GUILD, BEN)
    await bench.restart()
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    await bench.stop()
    await begin(bench, HERE)
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    await bench.stop()


async def test_the_later_answer_counts_even_if_the_clock_was_set_back(bench: Bench) -> None:
    bench.store.set_answer(GUILD, ADA, Answer(True, 1, 2**62))
    await begin(bench, HERE)
    await asyncio.gather(bench.privacy.allow(GUILD, BEN), bench.privacy.refuse(GUILD, BEN))
    await bench.privacy.refuse(GUILD, ADA)
    assert bench.voice.admission == Admission(STANDUP, frozenset({ADA, BEN, ROBOT}))
    assert {one: said.agreed for one, said in bench.store.answers(GUILD).items()} == {ADA: False, BEN: False}
    await bench.stop()


async def test_an_answer_counts_while_discord_shows_nothing(bench: Bench) -> None:
    await begin(bench, HERE)
    del bench.discord.rooms[STANDUP]
    await bench.privacy.refuse(GUILD, BEN)
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    await bench.stop()


async def test_without_a_database_a_refusal_counts_and_an_agreement_does_not(bench: Bench) -> None:
    await begin(bench, HERE)
    bench.broken.calls = {"set_answer"}
    with pytest.raises(Refused, match="would forget that"):
        await bench.privacy.refuse(GUILD, BEN)
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    with pytest.raises(Refused, match="nothing changes"):
        await bench.privacy.allow(GUILD, BEN)
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    bench.broken.calls = set()
    await bench.privacy.refuse(GUILD, BEN)
    assert not bench.store.answers(GUILD)[BEN].agreed
    await bench.stop()


async def test_without_a_database_nothing_starts_or_resumes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "READ_EVERY", 0.01)
    bench.broken.calls = {"answers"}
    with pytest.raises(Refused):
        await bench.start()
    assert bench.voice.here is None
    bench.broken.calls = set()
    await begin(bench, HERE)
    await bench.privacy.refuse(GUILD, BEN)
    bench.broken.calls = {"answers"}
    asked: list[bool] = []

    def answers(guild_id: int) -> dict[int, Answer]:
        asked.append(bench.voice.sink is None)
        if len(asked) < 3:
            raise bench.broken.error
        return bench.store.answers(guild_id)

    monkeypatch.setattr(bench.broken, "answers", answers, raising=False)
    await bench.restart()
    assert asked == [True] * 3, "nobody was recorded before"
    assert bench.voice.admission == Admission(STANDUP, frozenset({BEN, ROBOT}))
    await bench.stop()


async def test_a_new_policy_asks_again(bench: Bench) -> None:
    await bench.settings.set(GUILD, "consent", OPT_IN)
    bench.store.set_answer(GUILD, ADA, Answer(True, 0, 5))
    bench.store.set_answer(GUILD, BEN, Answer(False, 0, 5))
    await begin(bench, HERE)
    assert bench.voice.admission == Admission(STANDUP, only=frozenset())
    assert await bench.privacy.standing(GUILD, ADA) == Standing(OPT_IN, Answer(True, 0, 5), False, 0)
    assert await bench.privacy.standing(GUILD, BEN) == Standing(OPT_IN, Answer(False, 0, 5), True, 0)
    await bench.stop()


async def test_what_is_known_of_who_never_answered(bench: Bench) -> None:
    assert await bench.privacy.standing(GUILD, ADA) == Standing(NOTICE, None, False, 0)
    assert await bench.privacy.words(GUILD, ADA) == ""


async def test_a_pause_is_no_gap_and_says_who_wanted_it(bench: Bench) -> None:
    office, meeting = await begin(bench, HERE)
    await bench.meetings.pause(GUILD, "Ada")
    await office.settle()
    said = consent.paused(meeting, "Ada")
    assert (office.said(GENERAL), office.said(STANDUP)[1:]) == ([said], [said])
    assert bench.voice.admission == Admission(None)
    with pytest.raises(Refused, match="paused already"):
        await bench.meetings.pause(GUILD, "Ben")
    await office.wait(30)
    await bench.meetings.resume(GUILD)
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    with pytest.raises(Refused, match="aren't paused"):
        await bench.meetings.resume(GUILD)
    await office.wait(30)
    await bench.stop()
    [pause] = bench.store.gaps(meeting.id)
    assert (pause.cause, pause.is_pause) == (paused_by("Ada"), True)
    assert round((pause.ended_ns - pause.started_ns) / 1e9) == 30


async def test_a_pause_outlasts_an_empty_room_an_outage_and_a_restart(bench: Bench) -> None:
    office, meeting = await begin(bench, HERE)
    del bench.discord.rooms[STANDUP]
    await bench.meetings.pause(GUILD, "Ada")
    assert bench.voice.admission == Admission(None)
    await office.wait(20)
    await office.shows(replace(HERE, people=frozenset()))
    await office.wait(20)
    await office.shows(HERE)
    assert bench.voice.admission == Admission(None)
    await bench.tick(office.now)
    await bench.restart()
    assert bench.voice.admission == Admission(None)
    await bench.meetings.resume(GUILD)
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    await bench.stop()
    assert {gap.cause for gap in bench.store.gaps(meeting.id) if gap.is_pause} >= {paused_by("Ada"), EMPTY}
    with pytest.raises(Refused):
        await bench.meetings.pause(GUILD, "Ada")


async def test_a_pause_ends_with_the_meeting(bench: Bench) -> None:
    office, _ = await begin(bench, HERE)
    await bench.meetings.pause(GUILD, "Ada")
    await office.wait(5)
    await bench.stop()
    await begin(bench, HERE)
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    await bench.stop()
