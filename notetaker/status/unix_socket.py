"""How ``notetaker status`` asks the running bot: connect to a Unix socket, and read one JSON document to its end."""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from notetaker.host.instance import single
from notetaker.host.sd_notify import runtime_directory

log = logging.getLogger(__name__)

NAME = "notetaker.sock"
ANSWER_S = 5.0
"""How long either side waits for the other."""


class NotRunning(Exception):
    """No bot is running. The message is one sentence."""


class NoAnswer(Exception):
    """A bot is running, but cannot be asked or does not answer. The message is one sentence."""


def socket_path(state_dir: Path) -> Path:
    """Return the path in systemd's ``RuntimeDirectory=``, or in the state folder if there is none."""
    return (runtime_directory() or state_dir) / NAME


def ask(state_dir: Path, *, answer_s: float = ANSWER_S) -> dict[str, Any]:
    """Return the document of the bot that uses the state folder. Raises NotRunning or NoAnswer."""
    for path in dict.fromkeys((socket_path(state_dir), state_dir / NAME)):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(answer_s)
            try:
                client.connect(str(path))
                with client.makefile("rb") as stream:
                    answer: dict[str, Any] = json.load(stream)
                return answer
            except (FileNotFoundError, ConnectionRefusedError):
                continue
            except PermissionError:
                raise NoAnswer(
                    f"permission denied for {path}: run this as the user that runs the bot, or as root."
                ) from None
            except TimeoutError:
                raise NoAnswer(
                    f"the bot at {path} has not answered within {answer_s:g} s: it is stuck; its log may say "
                    "why, and restarting it helps."
                ) from None
            except (OSError, ValueError) as error:  # ValueError: it ended in the middle of the answer
                raise NoAnswer(f"the bot at {path} gave no valid answer ({error}).") from None
    busy = single.user_of_folder(state_dir)
    if busy is not None:
        raise NoAnswer(
            f"a bot is starting or stopping there ({busy}): try again in a moment; its log says what it waits for."
        )
    remedy = "start one with `notetaker bot`, or name its folder in NOTETAKER_STATE_DIR"
    if runtime_directory() is not None:
        remedy = "`systemctl start notetaker-bot` starts it"
    raise NotRunning(f"no bot is running with the state folder {state_dir}: {remedy}.")


class StatusServer:
    """Sends ``snapshot()`` as JSON to each client. Only this user may connect."""

    def __init__(
        self, path: Path, snapshot: Callable[[], dict[str, Any]], *, answer_s: float = ANSWER_S
    ) -> None:
        """``snapshot`` is called on the event loop, once for each connection."""
        self._path = path
        self._answer_s = answer_s
        self._snapshot = snapshot

    async def run(self) -> None:
        """Serve until cancelled. If the socket cannot be made, log it and return: the bot works without it."""
        try:
            listening = self._listen()
        except OSError as error:
            log.warning("notetaker status will not work: cannot create the socket %s: %s", self._path, error)
            return
        clients: set[asyncio.Transport] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            lambda: _Client(self._snapshot, clients, self._answer_s), sock=listening, start_serving=False
        )
        try:
            await server.start_serving()
            await loop.create_future()
        finally:
            server.close()
            self._path.unlink(missing_ok=True)
            for client in list(clients):
                client.abort()

    def _listen(self) -> socket.socket:
        """Listen, replacing the socket of a bot that was killed: there is one bot per folder, see ``instance``."""
        listening = socket.socket(socket.AF_UNIX)
        try:
            os.fchmod(listening.fileno(), 0o600)  # before bind(2), which gives the file the socket's mode
            self._path.unlink(missing_ok=True)
            listening.bind(str(self._path))
        except OSError:
            listening.close()
            raise
        return listening


class _Client(asyncio.Protocol):
    """Writes the document and hangs up. A client that does not read it is cut off."""

    def __init__(
        self, snapshot: Callable[[], dict[str, Any]], clients: set[asyncio.Transport], answer_s: float
    ) -> None:
        self._snapshot = snapshot
        self._clients = clients
        self._answer_s = answer_s

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._clients.add(transport)
        self._patience = asyncio.get_running_loop().call_later(self._answer_s, transport.abort)
        try:
            answer = json.dumps(self._snapshot(), ensure_ascii=False, allow_nan=False)
            transport.write(answer.encode() + b"\n")
        finally:
            transport.close()  # once everything is written

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        self._clients.discard(self._transport)
