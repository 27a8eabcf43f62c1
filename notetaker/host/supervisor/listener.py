"""An event listener of supervisor: the pipes, socket and XML-RPC around ``watchdog``.

supervisor starts it and sends events to its standard input, for changes of processes and every five seconds; it
expects a result on standard output (http://supervisord.org/events.html). The listener binds the NOTIFY_SOCKET of the
other processes. It asks supervisor which of them are running, and reads their timeouts (WATCHDOG_USEC) from their
environment.
"""

import logging
import os
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Error, Fault, ServerProxy

from supervisor import childutils  # type: ignore[import-untyped]
from supervisor.states import ProcessStates  # type: ignore[import-untyped]
from supervisor.xmlrpc import Faults  # type: ignore[import-untyped]

from notetaker.host.errors import SettingsError
from notetaker.host.supervisor.watchdog import Action, Process, Say, Signal, Stop, Watchdog

log = logging.getLogger(__name__)

ANSWER_S = 5.0
"""Timeout for requests to supervisor."""

NO_ANSWER = OSError, HTTPException, Error, ExpatError

MESSAGE_BYTES = 4096

CREDENTIALS = struct.Struct("=3i")
"""``struct ucred`` of unix(7): the sender's process, user and group."""


def run(address: Path) -> None:
    """Listen on the Unix socket ``address`` until supervisor closes our standard input.

    Raises SettingsError if it cannot start.
    """
    if not os.environ.get("SUPERVISOR_SERVER_URL"):
        raise SettingsError(
            "supervisor-watchdog must be started by supervisor, as in deploy/supervisor/notetaker.conf; supervisor "
            "needs a [unix_http_server]"
        )
    socket.setdefaulttimeout(ANSWER_S)  # the only way to set it for supervisor's client
    with _bound(address) as notifications:
        _Listener(address, notifications).run()


@contextmanager
def _bound(address: Path) -> Iterator[socket.socket]:
    """Bind a datagram socket that reports the sender. Every user with access to its folder can send."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as notifications:
        notifications.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        mask = os.umask(0)
        try:
            if address.is_socket() and not address.is_symlink():
                address.unlink()  # left by a listener that died
            notifications.bind(str(address))
        except OSError as error:
            raise SettingsError(
                f"supervisor-watchdog cannot listen on {address} ({error.strerror or error}); change the path in the "
                "configuration of supervisor"
            ) from None
        finally:
            os.umask(mask)
        yield notifications


class _Listener:
    def __init__(self, address: Path, notifications: socket.socket) -> None:
        self._address = os.fsencode(address)
        self._notifications = notifications
        self._watchdog = Watchdog()
        self._unreadable: set[int] = set()
        """Processes whose environment we cannot read."""
        self._input = bytearray()

    def run(self) -> None:
        self._look()
        _answer(b"READY\n")
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
            selector.register(self._notifications, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(self._wait_s())}
                if sys.stdin in ready and not self._events():
                    return
                self._listen()
                if self._wait_s() == 0.0:
                    self._look()  # a process may have been replaced by a new one
                    self._perform(self._watchdog.check(time.monotonic()))

    def _wait_s(self) -> float | None:
        deadline = self._watchdog.deadline
        return None if deadline is None else max(0.0, deadline - time.monotonic())

    def _events(self) -> bool:
        """Handle the events received. Return False at the end of input."""
        received = os.read(sys.stdin.fileno(), 65536)
        self._input += received
        self._listen()  # messages that a process sent before it ended come first
        while (length := _event_length(self._input)) <= len(self._input):
            del self._input[:length]
            self._look()
            _answer(b"RESULT 2\nOKREADY\n")
        return bool(received)

    def _listen(self) -> None:
        """Receive all pending notifications."""
        while True:
            try:
                message, sender, _, _ = self._notifications.recvmsg(
                    MESSAGE_BYTES, socket.CMSG_SPACE(CREDENTIALS.size)
                )
            except BlockingIOError:
                return
            for level, kind, value in sender:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid, _, _ = CREDENTIALS.unpack(value)
                    if pid not in self._watchdog:
                        self._look()  # it may be new
                    self._perform(self._watchdog.heard(pid, message, time.monotonic()))

    def _look(self) -> None:
        """Ask supervisor for the running processes."""
        try:
            with _supervisor() as supervisor:
                found = supervisor.getAllProcessInfo()
        except NO_ANSWER as error:
            if isinstance(error, Fault) and error.faultCode == Faults.SHUTDOWN_STATE:
                return  # it stops all processes itself
            log.warning("Cannot get the list of processes from supervisor: %s", error)
            return
        self._perform(self._watchdog.running(list(self._watched(found)), time.monotonic()))

    def _watched(self, found: Iterable[dict[str, Any]]) -> Iterator[Process]:
        for info in found:
            if info["pid"]:
                pid, name = info["pid"], f"{info['group']}:{info['name']}"
                try:
                    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                except PermissionError:
                    if pid not in self._unreadable:
                        log.warning("Cannot watch %s: run the watchdog as root or as the same user", name)
                    self._unreadable.add(pid)
                except (FileNotFoundError, ProcessLookupError):
                    continue  # it has just ended
                else:
                    variables = dict(line.split(b"=", 1) for line in environment if b"=" in line)
                    limit = variables.get(b"WATCHDOG_USEC", b"")
                    if variables.get(b"NOTIFY_SOCKET") == self._address and limit.isdigit() and int(limit):
                        yield Process(
                            name,
                            pid,
                            timeout_s=int(limit) / 1e6,
                            age_s=info["now"] - info["start"],
                            stopping=info["state"] == ProcessStates.STOPPING,
                            logs_in=variables.get(b"DISCORD_TOKEN") != b"",  # the worker's is empty
                        )

    def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            try:
                match action:
                    case Say(text, urgent):
                        log.log(logging.CRITICAL if urgent else logging.INFO, text)
                    case Signal(name, number):
                        with _supervisor() as supervisor:
                            supervisor.signalProcess(name, number.name.removeprefix("SIG"))
                    case Stop(name):
                        with _supervisor() as supervisor:
                            supervisor.stopProcess(name, False)  # without waiting for its end
            except NO_ANSWER as error:
                log.warning("Request to supervisor failed: %s", error)


@contextmanager
def _supervisor() -> Iterator[Any]:
    """Connect to supervisor's XML-RPC. Each call gets a new connection, since supervisor may have been reloaded."""
    transport = childutils.getRPCTransport(os.environ)
    try:
        # A placeholder: the transport has the real address.
        yield ServerProxy("http://127.0.0.1", transport).supervisor
    finally:
        transport.close()


def _event_length(received: bytearray) -> int:
    """Return the length of the first event: a line of ``name:value`` pairs, and a payload of length ``len``.

    If the event is incomplete, the result is greater than the length of ``received``.
    """
    header, end, _ = received.partition(b"\n")
    if not end:
        return len(received) + 1
    length = next(field for field in header.split() if field.startswith(b"len:"))
    return len(header) + 1 + int(length.removeprefix(b"len:"))


def _answer(text: bytes) -> None:
    os.write(sys.stdout.fileno(), text)
