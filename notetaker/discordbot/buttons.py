"""The buttons of panels, and the modals that they open. Whatever is pressed is answered, also after a restart.

What a button is for stands in its custom id, so that nothing about it has to be remembered.
"""

import logging
from collections.abc import Sequence
from typing import Any

import discord

from notetaker.discordbot import consent, panel, replies
from notetaker.discordbot.ports import Meetings, Privacy, Refused
from notetaker.discordbot.publish import Undelivered, delivering
from notetaker.discordbot.rights import refuse_outsider
from notetaker.model import events

log = logging.getLogger(__name__)


class Buttons:
    def __init__(self, meetings: Meetings, privacy: Privacy) -> None:
        self._meetings = meetings
        self._privacy = privacy

    async def used(self, interaction: discord.Interaction) -> None:
        """Answer a button that was pressed, or a modal that was filled in. Those of others are left alone."""
        data: dict[str, Any] = dict(interaction.data or {})
        found = panel.action_of(str(data.get("custom_id", "")))
        if found is None:
            return
        action, meeting_id = found
        try:
            try:
                await self._do(interaction, action, meeting_id, data)
            except Refused as refused:
                await _answer(interaction, str(refused))
            except Undelivered:
                raise
            except Exception as error:
                shown = events.without_text(error)
                log.exception("The button %s failed", action, exc_info=shown, extra=events.BUG())
                await _answer(interaction, replies.INTERNAL_FAILURE)
        except Undelivered as failed:
            log.warning("Cannot answer the button %s: %s", action, failed)

    async def _do(
        self, interaction: discord.Interaction, action: str, meeting_id: str, data: dict[str, Any]
    ) -> None:
        guild_id, user = interaction.guild_id or 0, interaction.user
        assert user is not None, "whoever presses a button is somebody"
        if action in (consent.REFUSE, consent.ALLOW):  # which hold in all meetings of the server
            with delivering():
                await interaction.response.defer(ephemeral=True, invisible=False)
            await (self._privacy.refuse if action == consent.REFUSE else self._privacy.allow)(
                guild_id, user.id
            )
            said = consent.REFUSED if action == consent.REFUSE else consent.ALLOWED
            await _answer(interaction, said, consent.again(action, meeting_id))
            return
        meeting = self._meetings.meeting(guild_id)
        if meeting is None or meeting.id != meeting_id:
            raise Refused(replies.MEETING_OVER)
        refuse_outsider(self._meetings, interaction, meeting)
        if action == panel.STOP:
            with delivering():
                await interaction.response.defer(ephemeral=False, invisible=False)
            stopped = await self._meetings.stop(guild_id, interaction.id)
            await _answer(interaction, replies.NOT_RUNNING if stopped is None else replies.stopped(stopped))
        elif action in (panel.PAUSE, panel.RESUME):
            with delivering():
                await interaction.response.defer(ephemeral=True, invisible=False)
            if action == panel.PAUSE:
                await self._meetings.pause(guild_id, user.display_name)
            else:
                await self._meetings.resume(guild_id)
            await _answer(interaction, consent.PAUSED if action == panel.PAUSE else consent.RESUMED)
        elif interaction.type is discord.InteractionType.modal_submit:
            with delivering():
                await interaction.response.defer(ephemeral=True, invisible=False)
            mark = await self._meetings.mark(guild_id, user.id, user.display_name, _text(data))
            await _answer(interaction, replies.marked(mark))
        else:
            with delivering():
                await interaction.response.send_modal(panel.mark_modal(meeting_id))


async def _answer(interaction: discord.Interaction, text: str, buttons: Sequence[Any] = ()) -> None:
    """Answer, or edit the deferred answer. Raises Undelivered."""
    with delivering():
        if interaction.response.is_done():
            await interaction.edit_original_response(content=text, view=_view(buttons))
        else:
            await interaction.response.send_message(text, ephemeral=True)


def _view(buttons: Sequence[Any]) -> discord.ui.View | None:
    """Return buttons as py-cord takes them. It is stopped: ``Buttons`` answers whoever presses them."""
    if not buttons:
        return None
    view = discord.ui.View.from_dict([*buttons])
    view.stop()
    return view


def _text(data: dict[str, Any]) -> str:
    """Return what was entered in the modal's only field."""
    fields = [field for row in data.get("components", ()) for field in row.get("components", ())]
    return " ".join(str(field.get("value") or "") for field in fields).strip()
