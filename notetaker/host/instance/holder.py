"""The process that holds a lock, as a second bot reports it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from notetaker import __version__
from notetaker.host.users import user_name
from notetaker.model.printable import printable

UNKNOWN = "an unknown process"
MAX_BYTES = 16384
"""Maximum size of the JSON."""


class Taken(Exception):
    """Another process holds the lock. The message describes it."""


class Holder(BaseModel):
    """The process that holds a lock. It is JSON in the lock files and on the socket."""

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

    def __str__(self) -> str:
        """``process 4711 of ada, version 0.1.0 in /opt/notetaker, since 2026-11-22 14:30:05 UTC``"""
        return printable(
            f"process {self.pid} of {self.user}, version {self.version} in {self.checkout}, since {self.started}"
        )
