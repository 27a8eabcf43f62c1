"""A language model as a writer of minutes. What it writes is a draft, which is checked against the lines it cites."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from notetaker.model.minutes import Item, Kind, Part, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.notes.kinds import MEETING
from notetaker.notes.minutes.writer import WriterError
from notetaker.notes.search.answering import Extract, as_part
from notetaker.writing import answer, prompt
from notetaker.writing.answer import Draft, Entry
from notetaker.writing.budget import SMALLEST_CONTEXT, Budget, Message, cut
from notetaker.writing.server import Rejected, Server
from notetaker.writing.settings import LlmSettings

REQUESTS: Final = 3
"""No request is sent for a part after as many timeouts."""
SHORTEST: Final = 8
"""Lines below which no part is cut in two because its minutes are too long."""
MOST_SUMMARY: Final = 7
SHORTEST_ITEM: Final = 20
"""Tokens to which the items of a long meeting are shortened before some are left out."""
FEWEST_ITEMS: Final = 8
"""Items that are not made fewer when the server rejects a question for a summary."""
_WEIGHT: Final = {Kind.DECISION: 0, Kind.ACTION: 1, Kind.POINT: 2, Kind.ENTRY: 3, Kind.QUESTION: 4}
"""Which kinds matter least for a summary is left out first."""


class _Unfinished(WriterError):
    """The answer reached the most tokens before it said anything."""


class LlmWriter:
    """A :class:`~notetaker.notes.minutes.writer.Writer`. Thread-safe."""

    def __init__(
        self,
        settings: LlmSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """Raises :class:`~notetaker.remote.errors.ServerSettingError`."""
        self.name = settings.model
        self._server = Server(settings, clock, wait)
        self._timeout_s = settings.timeout_s
        self._clock = clock

    def close(self) -> None:
        """Close the connections to the server."""
        self._server.close()

    def try_out(self) -> int:
        """Ask for the minutes of nothing. Return how many tokens the model takes. Raises WriterError."""
        budget = self._budget()
        question: list[Message] = [{"role": "user", "content": "Answer with the word ready, as a title."}]
        try:
            self._server.ask(question, prompt.SUMMARY_SCHEMA, budget.answer, self._until())
        except Rejected as failure:
            raise _rejected(failure) from None
        return budget.context

    def write(self, part: Part) -> PartMinutes:
        """Return a draft of the part's minutes. A part that is too long for the model is written in pieces.

        Raises WriterError.
        """
        budget, until = self._budget(), self._until()
        pieces = list(self._pieces(part, range(1, len(part.lines) + 1), budget, until))
        return PartMinutes(
            title=next((piece.title for piece in pieces if piece.title), ""),
            items=tuple(_item(part, entry) for piece in pieces for entry in piece.entries),
            started_ns=part.lines[0].started_ns,
            made_by=self.name,
            dropped=sum(piece.malformed for piece in pieces),
        )

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        """See :class:`~notetaker.notes.minutes.writer.Writer`. Objections that do not fit are left as they are."""
        budget, until = self._budget(), self._until()
        while objections:
            messages = prompt.repair(part, objections, budget.longest_line)
            if budget.room(messages) >= 0:
                try:
                    draft = self._ask_for(part, messages, budget, until)
                except Rejected as failure:
                    raise _rejected(failure) from None
                return tuple(_item(part, entry) for entry in draft.entries)
            objections = objections[: len(objections) // 2]
        return ()

    def sum_up(self, parts: Sequence[PartMinutes], kind: NotesKind = MEETING) -> tuple[str, tuple[Item, ...]]:
        """Return the title and the summary. Of a long meeting, the model is shown what matters most.

        Raises WriterError.
        """
        budget, until = self._budget(), self._until()
        items = [item for part in parts for item in part.items]
        while items:
            messages = prompt.sum_up(items, prompt.LONGEST_ITEM, kind)
            if budget.room(messages) < 0:
                messages = prompt.sum_up(items, SHORTEST_ITEM, kind)
            if budget.room(messages) >= 0:
                try:
                    draft = self._ask(messages, prompt.SUMMARY_SCHEMA, budget, until)
                except Rejected as failure:
                    if len(items) <= FEWEST_ITEMS:
                        raise _rejected(failure) from None
                else:
                    return draft.title, tuple(_summary(items, draft))
            items = _most_important(items, len(items) * 3 // 4)
        return "", ()

    def answer(self, question: str, extracts: Sequence[Extract]) -> tuple[Item, ...]:
        """See :class:`~notetaker.notes.search.answering.Answerer`. The model is shown the first that fit."""
        budget, until = self._budget(), self._until()
        while extracts:
            messages = prompt.answer(question, extracts, budget.longest_line)
            if budget.room(messages) >= 0:
                try:
                    draft = self._ask(messages, prompt.ANSWER_SCHEMA, budget, until)
                except Rejected as failure:
                    raise _rejected(failure) from None
                return tuple(_item(as_part(extracts), entry) for entry in draft.entries)
            extracts = extracts[:-1]
        return ()

    def _pieces(self, part: Part, numbers: range, budget: Budget, until: float) -> Iterator[Draft]:
        """Yield the minutes of some lines of a part: in one piece, or in two if they are too long for the model."""
        messages = prompt.write(part, numbers, budget.longest_line)
        halves: tuple[range, ...] = ()
        if len(numbers) > 1:
            middle = cut(part.lines[numbers[0] - 1 : numbers[-1]])
            halves = numbers[:middle], numbers[middle:]
        # Once only, because there are models that never come to an end.
        can_be_shorter = len(numbers) == len(part.lines) and len(numbers) >= SHORTEST
        if budget.room(messages) >= 0:
            try:
                draft = self._ask_for(part, messages, budget, until)
            except Rejected as failure:
                if not halves:
                    raise _rejected(failure) from None
            except _Unfinished:
                if not can_be_shorter:
                    raise
            else:
                if not (draft.cut and can_be_shorter):
                    yield draft
                    return
        elif not halves:
            raise WriterError("The language model takes too few tokens for what was said.")
        for half in halves:
            yield from self._pieces(part, half, budget, until)

    def _ask_for(self, part: Part, messages: list[Message], budget: Budget, until: float) -> Draft:
        """Ask for items of a part. Raises Rejected and WriterError."""
        kind = part.notes or MEETING
        names = [section.name for section in kind.sections]
        return self._ask(messages, prompt.schema(kind), budget, until, names)

    def _ask(
        self,
        messages: list[Message],
        schema: Mapping[str, Any],
        budget: Budget,
        until: float,
        names: Sequence[str] = (),
    ) -> Draft:
        """Ask, and ask again if the answer is not in form. ``names`` are those of the sections of a kind of notes.

        Raises Rejected and WriterError.
        """
        for _ in range(2):
            found = self._server.ask(messages, schema, budget.answer, until)
            if found.question_tokens > budget.context - budget.answer:
                raise Rejected(
                    "The language model was asked more than it takes."
                )  # and has seen a part of it
            try:
                return answer.read(found.text, names, cut=found.cut)
            except ValueError:
                if found.cut:
                    raise _Unfinished("The language model does not finish its answer.") from None
            said: list[Message] = [{"role": "assistant", "content": found.text[:100]}] if found.text else []
            messages = [*messages, *said, {"role": "user", "content": prompt.NOT_IN_FORM}]
        raise WriterError("The language model does not answer in the form that it is asked for.")

    def _budget(self) -> Budget:
        """Raises WriterError."""
        context = self._server.context()
        if context < SMALLEST_CONTEXT:
            raise WriterError(
                f"The language model takes only {context} tokens; it needs {SMALLEST_CONTEXT} at least."
            )
        return Budget(context)

    def _until(self) -> float:
        return self._clock() + REQUESTS * self._timeout_s


def _item(part: Part, entry: Entry) -> Item:
    """Return an item that cites lines by their ids. A number that no line has stays, for the check to find."""
    ids = {number: line.utterance_id for number, line in enumerate(part.lines, start=1)}
    cites = tuple(ids.get(number, f"line {number}") for number in entry.numbers)
    owner = None if entry.owner is None else _person(part.people, entry.owner)
    action = entry.kind is Kind.ACTION
    return Item(
        entry.kind,
        entry.text,
        cites,
        owner if action else None,
        entry.due if action else None,
        section=entry.section,
    )


def _person(people: Sequence[str], name: str) -> str:
    """Return the display name of somebody whom the model calls so, or as the prompt does, or by the first name."""
    wanted = name.casefold()
    known = {prompt.name(person).casefold(): person for person in people}
    if wanted in known:
        return known[wanted]
    beginning = [person for spelled, person in known.items() if spelled.startswith(f"{wanted} ")]
    return beginning[0] if len(beginning) == 1 else name


def _summary(items: Sequence[Item], draft: Draft) -> Iterator[Item]:
    for entry in draft.entries[:MOST_SUMMARY]:
        rests_on = [items[number - 1] for number in entry.numbers if 0 < number <= len(items)]
        cites = tuple(dict.fromkeys(line for item in rests_on for line in item.cites))
        if cites:
            yield Item(Kind.POINT, entry.text, cites)


def _most_important(items: Sequence[Item], most: int) -> list[Item]:
    """Return the items that matter most for a summary, in their order."""
    ranked = sorted(
        range(len(items)), key=lambda number: (items[number].overturned, _WEIGHT[items[number].kind])
    )
    return [items[number] for number in sorted(ranked[:most])]


def _rejected(failure: Rejected) -> WriterError:
    return WriterError(f"{str(failure)[:-1]}; check NOTES_LLM_MODEL and NOTES_LLM_CONTEXT.")
