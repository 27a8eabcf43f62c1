"""The watchdog as an event listener of supervisor: the pipes, socket and XML-RPC around ``supervisor_watchdog``.

supervisor starts it, tells it on standard input that something has happened to a process or that five seconds have
passed, and wants an answer on standard output (http://supervisord.org/events.html). It is the NOTIFY_SOCKET of the
other processes. Which of them run is asked of supervisor; how long each may be silent is in its own environment,
where systemd would have put it.
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
"""For each answer of supervisor."""

NO_ANSWER = OSError, HTTPException, Error, ExpatError

MESSAGE_BYTES = 4096

CREDENTIALS = struct.Struct("=3i")
"""``struct ucred`` of unix(7): the sender's process, user and group."""


def run(address: Path) -> None:
    """Listens at the unix socket ``address`` until supervisor closes our standard input.

    Raises SettingsError when it cannot even begin.
    """
    if not os.environ.get("SUPERVISOR_SERVER_URL"):
        raise SettingsError(
            "supervisor-watchdog is for supervisor to start, as in deploy/supervisor/notetaker.conf; supervisor "
            "itself needs a [unix_http_server]"
        )
    socket.setdefaulttimeout(ANSWER_S)  # supervisor's own client knows no other way
    with _bound(address) as notifications:
        _Listener(address, notifications).run()


@contextmanager
def _bound(address: Path) -> Iterator[socket.socket]:
    """A datagram socket that says who sends. Whoever can reach its folder may send."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as notifications:
        notifications.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        mask = os.umask(0)
        try:
            if address.is_socket() and not address.is_symlink():
                address.unlink()  # of one that died
            notifications.bind(str(address))
        except OSError as error:
            raise SettingsError(
                f"supervisor-watchdog cannot listen at {address} ({error.strerror or error}): give it another "
                "place in the configuration of supervisor"
            ) from None
        finally:
            os.umask(mask)
        yield notifications


class _Listener:
    def __init__(self, address: Path, notifications: socket.socket) -> None:
        self._address = os.fsencode(address)
        self._notifications = notifications
        self._watchdog = Watchdog()
        self._closed: set[int] = set()
        """Processes that do not let us see their environment."""
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
                    self._look()  # so that nobody is punished for what its predecessor did
                    self._perform(self._watchdog.check(time.monotonic()))

    def _wait_s(self) -> float | None:
        deadline = self._watchdog.deadline
        return None if deadline is None else max(0.0, deadline - time.monotonic())

    def _events(self) -> bool:
        """False: there will be no more."""
        received = os.read(sys.stdin.fileno(), 65536)
        self._input += received
        self._listen()  # what a process said before it ended comes before its end
        while (length := _event_length(self._input)) <= len(self._input):
            del self._input[:length]
            self._look()
            _answer(b"RESULT 2\nOKREADY\n")
        return bool(received)

    def _listen(self) -> None:
        """To everything that has been sent until now."""
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
                        self._look()  # it may have been started since
                    self._perform(self._watchdog.heard(pid, message, time.monotonic()))

    def _look(self) -> None:
        """At the processes that run now."""
        try:
            with _supervisor() as supervisor:
                found = supervisor.getAllProcessInfo()
        except NO_ANSWER as error:
            if isinstance(error, Fault) and error.faultCode == Faults.SHUTDOWN_STATE:
                return  # and ends everything itself
            log.warning("supervisor does not say which processes run: %s", error)
            return
        self._perform(self._watchdog.running(list(self._watched(found)), time.monotonic()))

    def _watched(self, found: Iterable[dict[str, Any]]) -> Iterator[Process]:
        for info in found:
            if info["pid"]:
                pid, name = info["pid"], f"{info['group']}:{info['name']}"
                try:
                    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                except PermissionError:
                    if pid not in self._closed:
                        log.warning("%s is not watched: run the watchdog as root, or as its user", name)
                    self._closed.add(pid)
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
                log.warning("supervisor does not do what it is asked: %s", error)


@contextmanager
def _supervisor() -> Iterator[Any]:
    """Its XML-RPC. A connection each time: supervisor may have been reloaded."""
    transport = childutils.getRPCTransport(os.environ)
    try:
        # The address is only for show: the transport knows where to go.
        yield ServerProxy("http://127.0.0.1", transport).supervisor
    finally:
        transport.close()


def _event_length(received: bytearray) -> int:
    """Of the first event: a line of ``name:value``, with the length of what follows under ``len``.

    More than what is here if it is not complete.
    """
    header, end, _ = received.partition(b"\n")
    if not end:
        return len(received) + 1
    length = next(field for field in header.split() if field.startswith(b"len:"))
    return len(header) + 1 + int(length.removeprefix(b"len:"))


def _answer(text: bytes) -> None:
    os.write(sys.stdout.fileno(), text)
