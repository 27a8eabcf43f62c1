"""The figures of a demo, whether they are right, and their table."""

from dataclasses import dataclass
from typing import Any

from rich.table import Table

from notetaker.demo.meeting import DemoMeeting
from notetaker.demo.place import Place
from notetaker.demo.script import Script
from notetaker.demo.wer import word_error_rate


@dataclass(frozen=True, slots=True)
class SpeakerFigures:
    name: str
    packets_sent: int
    packets_stored: int
    packets_dropped: dict[str, int]
    """By reason."""
    word_error_rate: float
    """0 is perfect."""


@dataclass(frozen=True, slots=True)
class Figures:
    speakers: list[SpeakerFigures]
    packets_forwarded: dict[str, int]
    """By speaker: packets that the voice server sent to the bot, including its own padding-only ones."""
    dave_version: int
    close_codes: list[int]
    """With which the local Discord closed the bot's voice websockets."""
    notes_posted: int
    seconds_stop_to_notes: float
    seconds_total: float

    @property
    def failures(self) -> list[str]:
        """What went wrong, one sentence each."""
        failures = []
        for speaker in self.speakers:
            accounted = speaker.packets_stored + sum(speaker.packets_dropped.values())
            if speaker.packets_sent != speaker.packets_stored:
                failures.append(
                    f"{speaker.name} sent {speaker.packets_sent} packets, but {speaker.packets_stored} were stored."
                )
            if accounted != self.packets_forwarded[speaker.name]:
                failures.append(
                    f"The bot was sent {self.packets_forwarded[speaker.name]} packets of {speaker.name}, but "
                    f"accounts for {accounted}."
                )
        if self.dave_version < 1:
            failures.append("End-to-end encryption (DAVE) was not active.")
        if 4006 not in self.close_codes:
            failures.append(
                "Discord did not close the bot's voice websocket with code 4006, as the demo asked."
            )
        if self.notes_posted != 1:
            failures.append(f"The notes were posted {self.notes_posted} times.")
        return failures


def figures(
    demo: DemoMeeting,
    script: Script,
    place: Place,
    found: dict[str, Any],
    forwarded: list[dict[str, Any]],
    total_s: float,
) -> Figures:
    """Return the figures. ``found`` is from ``notetaker meeting --json``, ``forwarded`` from the voice server."""
    covered = {int(row["user_id"]): row for row in found["speakers"]}
    speakers = []
    sent_to_bot = {}
    for person in script.people:
        user = place.person(person.name)
        row = covered.get(user.id, {"stored": 0, "dropped": {}})
        said = " ".join(s.text for s in script.sentences if s.speaker == person.name)
        heard = " ".join(line["text"] for line in found["lines"] if int(line["user_id"]) == user.id)
        speakers.append(
            SpeakerFigures(
                name=person.name,
                packets_sent=demo.speakers[person.name].packets_sent,
                packets_stored=row["stored"],
                packets_dropped=row["dropped"],
                word_error_rate=round(word_error_rate(said, heard), 3),
            )
        )
        sent_to_bot[person.name] = sum(
            row["forwarded"] + row["padding_only"]
            for row in forwarded
            if (int(row["sender"]), int(row["receiver"])) == (user.id, place.bot.id)
        )
    of_bot = [event for event in demo.events if place.is_of_bot(event)]
    versions = [event["version"] for event in of_bot if event["event"] == "dave_version"]
    return Figures(
        speakers=speakers,
        packets_forwarded=sent_to_bot,
        dave_version=versions[-1] if versions else 0,
        close_codes=[event["code"] for event in of_bot if event["event"] == "voice_close"],
        notes_posted=sum(
            1 for event in demo.events if event["event"] == "message_create" and event["attachments"]
        ),
        seconds_stop_to_notes=round(demo.stop_to_notes_s, 2),
        seconds_total=round(total_s, 1),
    )


def table(of: Figures) -> Table:
    """Return a table with a row per speaker."""
    table = Table("speaker", title="Every packet accounted for", title_justify="left")
    for column in ("packets sent", "stored", "dropped", "words right"):
        table.add_column(column, justify="right")
    for one in of.speakers:
        dropped = ", ".join(f"{count} {reason}" for reason, count in one.packets_dropped.items()) or "0"
        right = f"{max(0.0, 1 - one.word_error_rate):.0%}"
        table.add_row(one.name, str(one.packets_sent), str(one.packets_stored), dropped, right)
    return table
