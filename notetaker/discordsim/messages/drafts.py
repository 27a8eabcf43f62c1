"""What a client wants a message to be: read from JSON or multipart, checked against Discord's limits.

Source: Discord docs, Resources / Message (Create Message, Embed Limits) and Reference / Uploading Files.
"""

from __future__ import annotations

import json
import mimetypes
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.rest.frame import body_of
from notetaker.discordsim.world.entities import Attachment, Json, Message
from notetaker.discordsim.world.world import World

CONTENT_LIMIT = 2000
EMBEDS_LIMIT = 10
EMBED_TOTAL_LIMIT = 6000
FIELDS_LIMIT = 25
FILES_LIMIT = 10
FILE_SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes per file without boosts, since 2024."""

EMBED_TEXTS = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
MENTION = re.compile(r"<@!?(\d+)>")
UPLOAD = re.compile(r"files?\[(\d+)\]")


@dataclass
class Upload:
    filename: str
    content_type: str | None
    data: bytes = field(repr=False)


@dataclass
class Draft:
    body: Json
    """The JSON part, as sent."""
    uploads: dict[int, Upload] = field(default_factory=dict)
    """By the number in `files[n]`."""

    def of(self, name: str, default: Any) -> Any:
        """A field; null counts as not given."""
        value = self.body.get(name)
        return default if value is None else value


async def read(request: web.Request) -> Draft:
    """The body of a request; raises DiscordError if it cannot be read.

    A form without files need not be multipart: py-cord sends a bare `payload_json` url-encoded.
    """
    if request.content_type == "application/x-www-form-urlencoded":
        return Draft(_payload_json(str((await request.post()).get("payload_json", ""))))
    if not request.content_type.startswith("multipart/"):
        return Draft(await body_of(request))
    draft = Draft({})
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise DiscordError(400, 50035, "Invalid Form Body")
        data = bytes(await part.read(decode=True))
        upload = UPLOAD.fullmatch(part.name or "")
        if part.name == "payload_json":
            draft.body = _payload_json(data)
        elif upload is not None or part.name == "file":
            number = int(upload.group(1)) if upload else 0
            draft.uploads[number] = Upload(part.filename or "unknown", part.headers.get("Content-Type"), data)
    return draft


def _payload_json(text: str | bytes) -> Json:
    try:
        body = json.loads(text)
    except ValueError:
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from None
    if not isinstance(body, dict):
        raise DiscordError(400, 50035, "Invalid Form Body")
    return body


def within(draft: Draft, name: str) -> Draft:
    """The message inside another object, as an interaction callback has it in `data`."""
    return Draft(draft.of(name, {}), draft.uploads)


def check(draft: Draft) -> None:
    """Raises DiscordError with every limit that is broken."""
    problems = []
    if len(draft.of("content", "")) > CONTENT_LIMIT:
        problems.append(errors.too_long("content", CONTENT_LIMIT))
    embeds = draft.of("embeds", [])
    if len(embeds) > EMBEDS_LIMIT:
        problems.append(("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS_LIMIT} or fewer in length."))
    for index, embed in enumerate(embeds):
        problems += _check_embed(f"embeds.{index}", embed)
    if sum(_embed_size(embed) for embed in embeds) > EMBED_TOTAL_LIMIT:
        problems.append(
            ("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL_LIMIT}")
        )
    if problems:
        raise errors.invalid_form(*problems)
    if len(draft.uploads) > FILES_LIMIT:
        raise DiscordError(400, 30015, "Maximum number of attachments reached (10)")
    if any(len(upload.data) > FILE_SIZE_LIMIT for upload in draft.uploads.values()):
        raise DiscordError(413, 40005, "Request entity too large")


def require_something(message: Message) -> None:
    if not (message.content or message.embeds or message.attachments or message.components):
        raise DiscordError(400, 50006, "Cannot send an empty message")


def apply(world: World, draft: Draft, message: Message) -> None:
    """Put what the draft names into the message; the rest stays as it was."""
    check(draft)
    if "content" in draft.body:
        message.content = draft.of("content", "").strip()
        named = dict.fromkeys(int(i) for i in MENTION.findall(message.content))
        message.mention_ids = [i for i in named if i in world.users]
    if "embeds" in draft.body:
        message.embeds = [{"type": "rich", **embed} for embed in draft.of("embeds", [])]
    if "components" in draft.body:
        message.components = draft.of("components", [])
    if "attachments" in draft.body:
        kept = {str(entry.get("id")) for entry in draft.of("attachments", [])}
        message.attachments = [a for a in message.attachments if str(a.id) in kept]
    described = {str(entry.get("id")): entry for entry in draft.of("attachments", [])}
    for number, upload in sorted(draft.uploads.items()):
        entry = described.get(str(number), {})
        message.attachments.append(_attachment(world, message, upload, entry))


def _attachment(world: World, message: Message, upload: Upload, entry: Json) -> Attachment:
    filename = re.sub(r"[^\w.\-]", "_", entry.get("filename") or upload.filename)
    attachment_id = world.snowflakes.next()
    guessed = mimetypes.guess_type(filename)[0]
    if guessed is not None and guessed.startswith("text/"):
        guessed += "; charset=utf-8"
    return Attachment(
        attachment_id,
        filename,
        guessed or upload.content_type,
        entry.get("description"),
        f"{world.cdn_url}/attachments/{message.channel_id}/{attachment_id}/{filename}",
        upload.data,
    )


def _texts(embed: Json) -> dict[str, str]:
    """Every text of an embed that counts, by its path."""
    texts: dict[str, str] = {}
    for path in EMBED_TEXTS:
        node: Any = embed
        for part in path.split("."):
            node = (node or {}).get(part)
        if node is not None:
            texts[path] = str(node)
    for index, entry in enumerate(embed.get("fields") or []):
        texts[f"fields.{index}.name"] = str(entry.get("name") or "")
        texts[f"fields.{index}.value"] = str(entry.get("value") or "")
    return texts


def _embed_size(embed: Json) -> int:
    return sum(len(value) for value in _texts(embed).values())


def _check_embed(path: str, embed: Json) -> list[tuple[str, str, str]]:
    problems = []
    limits = {"name": 256, "value": 1024}
    for name, value in _texts(embed).items():
        limit = EMBED_TEXTS.get(name) or limits[name.rpartition(".")[2]]
        if len(value) > limit:
            problems.append(errors.too_long(f"{path}.{name}", limit))
        elif not value and name.startswith("fields."):
            problems.append(errors.required(f"{path}.{name}"))
    if len(embed.get("fields") or []) > FIELDS_LIMIT:
        problems.append(errors.too_long(f"{path}.fields", FIELDS_LIMIT))
    return problems
