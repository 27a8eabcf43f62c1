"""A message as a client sends it: read from JSON or multipart, and checked against Discord's limits.

Source: Discord docs, Resources / Message (Create Message, Embed Limits) and Reference / Uploading Files.
"""

import mimetypes
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError, InvalidField
from notetaker.discordsim.http import body_of, decode_object
from notetaker.discordsim.messages import component_schema, mentions
from notetaker.discordsim.world.entities import Attachment, Json, Message
from notetaker.discordsim.world.world import World

MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_EMBED_TOTAL = 6000
MAX_FIELDS = 25
MAX_FILES = 10
MIB = 1024 * 1024
MAX_FILE_BYTES = (10 * MIB, 10 * MIB, 50 * MIB, 100 * MIB)
"""Per file, by the guild's premium tier (docs, Reference / Uploading Files)."""
MAX_REQUEST_BYTES = 25 * MIB
"""Of all files together, unless the guild takes a larger one (docs, Create Message)."""

EMBED_TEXTS = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
UPLOAD = re.compile(r"files?\[(\d+)\]")


@dataclass
class Upload:
    filename: str
    content_type: str | None
    data: bytes = field(repr=False)


@dataclass
class Draft:
    body: Json
    """The JSON part of the request."""
    uploads: dict[int, Upload] = field(default_factory=dict)
    """By the n in ``files[n]``."""

    def of(self, name: str, default: Any) -> Any:
        """Return a field of the body, or the default if it is missing or null."""
        value = self.body.get(name)
        return default if value is None else value


async def read(request: web.Request) -> Draft:
    """Read the body of a request. Raises DiscordError if that fails.

    A form without files need not be multipart: py-cord sends a single ``payload_json``, URL-encoded.
    """
    if request.content_type == "application/x-www-form-urlencoded":
        return Draft(decode_object(str((await request.post()).get("payload_json", ""))))
    if not request.content_type.startswith("multipart/"):
        return Draft(await body_of(request))
    draft = Draft({})
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise DiscordError(400, 50035, "Invalid Form Body")
        data = bytes(await part.read(decode=True))
        upload = UPLOAD.fullmatch(part.name or "")
        if part.name == "payload_json":
            draft.body = decode_object(data)
        elif upload is not None or part.name == "file":
            number = int(upload.group(1)) if upload else 0
            draft.uploads[number] = Upload(part.filename or "unknown", part.headers.get("Content-Type"), data)
    return draft


def within(draft: Draft, name: str) -> Draft:
    """Return the message inside another object, such as ``data`` of an interaction callback."""
    return Draft(draft.of(name, {}), draft.uploads)


def max_file_bytes(world: World, guild_id: int | None) -> int:
    return MAX_FILE_BYTES[0 if guild_id is None else world.guilds[guild_id].premium_tier]


def check(draft: Draft, max_file_bytes: int) -> None:
    """Raise DiscordError with every limit that is broken."""
    invalid = []
    if len(draft.of("content", "")) > MAX_CONTENT:
        invalid.append(errors.too_long("content", MAX_CONTENT))
    embeds = draft.of("embeds", [])
    if len(embeds) > MAX_EMBEDS:
        invalid.append(errors.too_long("embeds", MAX_EMBEDS))
    for index, embed in enumerate(embeds):
        invalid += _check_embed(f"embeds.{index}", embed)
    if sum(_embed_size(embed) for embed in embeds) > MAX_EMBED_TOTAL:
        invalid.append(
            ("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TOTAL}")
        )
    invalid += component_schema.check_message(draft.of("components", []))
    invalid += mentions.check(draft.of("allowed_mentions", {}))
    if invalid:
        raise errors.invalid_form(*invalid)
    if len(draft.uploads) > MAX_FILES:
        raise DiscordError(400, 30015, "Maximum number of attachments reached (10)")
    sizes = [len(upload.data) for upload in draft.uploads.values()]
    if max(sizes, default=0) > max_file_bytes or sum(sizes) > max(MAX_REQUEST_BYTES, max_file_bytes):
        raise DiscordError(413, 40005, "Request entity too large")


def apply(world: World, draft: Draft, message: Message) -> None:
    """Change the fields of the message that the draft has. Raises DiscordError if nothing would be left of it."""
    check(draft, max_file_bytes(world, message.guild_id))
    if "content" in draft.body:
        message.content = draft.of("content", "").strip()
    if "embeds" in draft.body:
        message.embeds = [{"type": "rich", **embed} for embed in draft.of("embeds", [])]
    if "components" in draft.body:
        message.components = component_schema.number(draft.of("components", []))
    if "attachments" in draft.body:
        kept = {str(entry.get("id")) for entry in draft.of("attachments", [])}
        message.attachments = [a for a in message.attachments if str(a.id) in kept]
    mentions.ping(world, message, draft.of("allowed_mentions", None))
    described = {str(entry.get("id")): entry for entry in draft.of("attachments", [])}
    for number, upload in sorted(draft.uploads.items()):
        entry = described.get(str(number), {})
        message.attachments.append(_attachment(world, message, upload, entry))
    if not (message.content or message.embeds or message.attachments or message.components):
        raise DiscordError(400, 50006, "Cannot send an empty message")


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
    """Return every text of an embed that counts towards the limits, by its path."""
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


def _check_embed(path: str, embed: Json) -> list[InvalidField]:
    invalid = []
    limits = {"name": 256, "value": 1024}
    for name, value in _texts(embed).items():
        limit = EMBED_TEXTS.get(name) or limits[name.rpartition(".")[2]]
        if len(value) > limit:
            invalid.append(errors.too_long(f"{path}.{name}", limit))
        elif not value and name.startswith("fields."):
            invalid.append(errors.required(f"{path}.{name}"))
    if len(embed.get("fields") or []) > MAX_FIELDS:
        invalid.append(errors.too_long(f"{path}.fields", MAX_FIELDS))
    return invalid
