"""Answers a question from passages of meetings, with a language model."""

import logging
from collections.abc import Collection, Sequence
from typing import Any

from notetaker.jobs.so_far import transcript_of
from notetaker.model import events
from notetaker.model.locale import ENGLISH_UTC
from notetaker.notes.minutes.writer import WriterError
from notetaker.notes.search.answering import Answerer, Extract, answer
from notetaker.notes.wording import day
from notetaker.store.store import Store

log = logging.getLogger(__name__)


def answer_question(
    store: Store,
    answerer: Answerer | None,
    question: str,
    passages: Sequence[tuple[str, Collection[str]]],
) -> dict[str, Any]:
    """Return who answered (``by``) and the sentences with the lines that each cites (``sentences``).

    If there is no answer because something failed, ``failed`` says what. Each passage is a meeting's id and the ids
    of lines; those that answer best come first.
    """
    if answerer is None:
        return {"failed": "the workers have no language model"}
    extracts = [extract for passage in passages if (extract := _extract(store, *passage)) is not None]
    try:
        items = answer(question, extracts, answerer)
    except WriterError as failure:
        log.warning("A question was not answered: %s", failure)
        return {"failed": str(failure)}
    except Exception as failure:  # noqa: BLE001 - its text, which DBOS would store, may be what people said
        log.error("A question was not answered: %s", type(failure).__name__, extra=events.JOB_FAILED())  # noqa: TRY400
        return {"failed": "something went wrong"}
    return {"by": answerer.name, "sentences": [[item.text, list(item.cites)] for item in items]}


def _extract(store: Store, meeting_id: str, lines: Collection[str]) -> Extract | None:
    meeting = store.meeting(meeting_id)
    if meeting is None:
        return None
    transcript = transcript_of(store, meeting, "UTC")
    said = tuple(line for line in transcript.lines if line.utterance_id in lines)
    name = f"{meeting.voice_channel_name}, {day(meeting.started_ns, ENGLISH_UTC)}"
    return Extract(name, said, transcript.locale.language) if said else None
