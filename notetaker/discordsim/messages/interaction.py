"""One interaction: what a person did, and what the application has answered so far.

Source: Discord docs, Interactions / Receiving and Responding.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from notetaker.discordsim.messages.component_schema import each
from notetaker.discordsim.world.entities import Channel, Json, Message, MessageFlag

NOT_RESPONDED = "The application did not respond"
"""What Discord's client shows when there is no answer in time."""
NO_CHOICES = "Loading options failed"
"""The same for autocomplete."""


class Kind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    """A person is typing an option, and needs choices."""
    MODAL = 5
    """A person has filled in a modal."""


class Callback(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE_MESSAGE = 7
    CHOICES = 8
    MODAL = 9


MESSAGES = {Callback.MESSAGE, Callback.DEFERRED_MESSAGE}
UPDATES = {Callback.DEFERRED_UPDATE, Callback.UPDATE_MESSAGE}


@dataclass
class Interaction:
    id: int
    token: str
    kind: Kind
    application_id: int
    user_id: int
    channel: Channel
    data: Json
    created: float
    source: Message | None = None
    """The message whose component was used, or opened the modal."""
    answered: bool = False
    failed: bool = False
    """Whether there was no answer in time."""
    original: Message | None = None
    """The message ``@original``."""
    choices: list[Json] | None = None
    """The answer to autocomplete."""
    modal: Json | None = None
    """The answer that is a form to fill in."""
    messages: list[Message] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def failure(self) -> str:
        """What Discord's client shows when there is no answer in time."""
        return NO_CHOICES if self.kind is Kind.AUTOCOMPLETE else NOT_RESPONDED

    @property
    def name(self) -> str:
        """What the person used: the name of a command, the label of a component, the custom id of a modal."""
        if self.kind is Kind.COMPONENT and self.source is not None:
            for component in each(self.source.components):
                if component.get("custom_id") == self.data["custom_id"] and component.get("label"):
                    return str(component["label"])
        return str(self.data.get("name") or self.data.get("custom_id"))

    @property
    def allowed(self) -> set[Callback]:
        """The callbacks that may answer it (docs, Interaction Callback Type)."""
        if self.kind is Kind.AUTOCOMPLETE:
            return {Callback.CHOICES}
        updates = UPDATES if self.source is not None else set()
        return MESSAGES | updates | (set() if self.kind is Kind.MODAL else {Callback.MODAL})

    @property
    def event(self) -> str:
        """Its name in the event log."""
        return "autocomplete" if self.kind is Kind.AUTOCOMPLETE else "interaction"

    @property
    def loading(self) -> bool:
        return self.original is not None and bool(self.original.flags & MessageFlag.LOADING)

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds. Return False if time is up, or the interaction failed."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    if self.failed:
                        return False
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True
