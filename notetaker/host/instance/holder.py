"""Who holds a lock that only one bot can have: what the second one says of the first."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from notetaker import __version__
from notetaker.host.users import user_name
from notetaker.model.printable import printable

UNKNOWN = "a process that does not say who it is"
MAX_BYTES = 16384
"""Of the JSON."""


class Taken(Exception):
    """Another process has the lock. The message says which one, for a person."""


class Holder(BaseModel):
    """In the lock files, and said over the socket, as JSON."""

    model_config = ConfigDict(frozen=True, strict=True)

    pid: int
    user: str
    version: str
    checkout: str
    started: str

    @classmethod
    def this_process(cls) -> Self:
        return cls(
            pid=os.getpid(),
            user=user_name(os.geteuid()),
            version=__version__,
            checkout=printable(str(Path(__file__).parents[3])),
            started=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        )

    @classmethod
    def read(cls, json: bytes) -> Self:
        """Raises ValueError."""
        return cls.model_validate_json(json)

    def json_bytes(self) -> bytes:
        return self.model_dump_json().encode()

    def __str__(self) -> str:
        """``process 4711 of ada, version 0.1.0 in /opt/notetaker, since 2026-11-22 14:30:05 UTC``"""
        return printable(
            f"process {self.pid} of {self.user}, version {self.version} in {self.checkout}, since {self.started}"
        )
