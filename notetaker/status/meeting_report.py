"""Meetings in the store as plain values, ready for JSON.

Ids are strings, as in Discord's API: they do not fit into the numbers of JavaScript.
"""

from typing import Any

from notetaker.jobs.so_far import so_far
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.use import Use, uses
from notetaker.model.wording import iso
from notetaker.store.store import Store


def overview(store: Store, limit: int) -> list[dict[str, Any]]:
    """Return the latest meetings, newest first."""
    return [
        _meeting(meeting)
        | {"people": sorted(store.speakers(meeting.id).values()), "words": _words(store, meeting.id)}
        for meeting in store.meetings(limit)
    ]


def detail(store: Store, meeting_id: str) -> dict[str, Any] | None:
    """Return one meeting with all that was said and counts of all packets, or None if there is no such meeting."""
    meeting = store.meeting(meeting_id)
    if meeting is None:
        return None
    names = store.speakers(meeting_id)
    utterances, transcribed = store.utterances(meeting_id), store.transcribed(meeting_id)
    texts = {utterance.id: transcription for utterance, transcription in transcribed}
    coverage = store.coverage(meeting_id)
    used = uses(coverage, [(utterance, texts.get(utterance.id)) for utterance in utterances])
    lines = [
        {
            "user_id": str(utterance.user_id),
            "name": names.get(utterance.user_id),
            "started": iso(utterance.started_ns),
            "ended": iso(utterance.ended_ns),
            "text": transcription.text,
            "error": transcription.error,
            "final": transcription.final,
            "language": transcription.language,
            "engine": transcription.engine,
        }
        for utterance, transcription in transcribed
    ]
    return _meeting(meeting) | {
        "words": _words(store, meeting_id),
        "utterances": len(utterances),
        "waiting_for_transcription": len(store.untranscribed(meeting_id)),
        "waiting_for_final_text": len(store.unfinished(meeting_id)),
        "lag_s": _lag_s(store.lags_ns(meeting_id)),
        "speakers": [
            {
                "user_id": str(one.user_id),
                "name": names.get(one.user_id),
                **counts(one),
                "uses": {use.value: used[one.user_id][use] for use in Use},
            }
            for one in coverage
        ],
        "places": [
            {
                "started": iso(place.started_ns),
                "voice_channel_id": str(place.channel_id),
                "voice_channel": place.name,
            }
            for place in store.places(meeting)
        ],
        "gaps": [
            {
                "started": iso(gap.started_ns),
                "ended": iso(gap.ended_ns),
                "cause": gap.cause,
                "user_id": None if gap.user_id is None else str(gap.user_id),
            }
            for gap in store.gaps(meeting_id)
        ],
        "minutes": _minutes(store, meeting),
        "lines": lines,
        "refusals": [
            {"user_id" if place == meeting.started_by else "channel_id": str(place), "reason": reason}
            for place, reason in store.refusals(meeting_id).items()
        ],
    }


def _minutes(store: Store, meeting: Meeting) -> dict[str, Any]:
    """Return what the notes say, or will say as far as they are written."""
    minutes, until = store.notes(meeting.id), None
    if minutes is None:
        known = so_far(store, meeting, "UTC")
        minutes, until = known.minutes, iso(known.until_ns)
    return {
        "until": until,  # null when they are complete
        "title": minutes.title,
        "topics": [{"started": iso(part.started_ns), "title": part.title} for part in minutes.parts],
        "items": [
            {"kind": item.kind.value, "text": item.text, "owner": item.owner, "due": item.due}
            for item in (*minutes.summary, *minutes.decisions, *minutes.actions, *minutes.questions)
        ],
    }


def _lag_s(lags_ns: list[int]) -> dict[str, float] | None:
    """Seconds from the end of an utterance to its first text: the median and the 95th percentile."""
    if not lags_ns:
        return None
    lags_ns.sort()
    return {
        name: round(lags_ns[len(lags_ns) * share // 100] / 1e9, 3)
        for name, share in (("p50", 50), ("p95", 95))
    }


def _meeting(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "state": meeting.state.value,
        "guild_id": str(meeting.guild_id),
        "voice_channel_id": str(meeting.voice_channel_id),
        "voice_channel": meeting.voice_channel_name,
        "text_channel_id": str(meeting.text_channel_id),
        "started": iso(meeting.started_ns),
        "ended": None if meeting.ended_ns is None else iso(meeting.ended_ns),
        "language": meeting.language,
    }


def counts(coverage: Coverage) -> dict[str, Any]:
    """Count a speaker's packets by what became of them."""
    return {
        "received": coverage.received,
        "heard": coverage.heard,
        "stored": coverage.stored,
        "dropped": {o.value: n for o, n in coverage.outcomes.items() if n and o is not Outcome.HEARD},
        "lost": coverage.lost,
    }


def _words(store: Store, meeting_id: str) -> int:
    return sum(len(transcription.text.split()) for _, transcription in store.transcribed(meeting_id))
