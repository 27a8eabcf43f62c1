"""A name that only one process on a host can hold: an abstract Unix socket, which also answers who holds it.

It needs no file and no permission, so it works across users, folders, and the mount namespaces of systemd units. It
belongs to a network namespace (network_namespaces(7)): a container with its own network does not see it.

Any local user can take a name, even on purpose. If that process accepts connections, the error says which user it is;
otherwise only root can find out.
"""

import errno
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from notetaker.host.instance.holder import MAX_BYTES, UNKNOWN, Holder, Taken
from notetaker.host.users import user_name

log = logging.getLogger(__name__)

PAUSES_S = (0.0, 0.02, 0.05, 0.1, 0.2)
"""Pauses before each try: a process that is just starting holds the name before it answers."""
ANSWER_S = 1.0
ANSWER_EVERY_S = 0.005
"""Pause between answers, so that a client that keeps asking costs little. Even a full queue of 128 is answered within
``ANSWER_S``.
"""
CREDENTIALS = struct.Struct("iII")
"""``struct ucred`` of unix(7): process, user and group."""
OVERFLOW_UID = 65534
"""The uid of users from another user namespace (user_namespaces(7))."""


@contextmanager
def named(name: str, holder: Holder) -> Iterator[None]:
    """Hold the name, and answer with ``holder``. Raises Taken if another process holds it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        _bind(listening, name)
        listening.listen()
        # A thread, because the event loop may be busy or stuck.
        thread = threading.Thread(
            target=_answer, args=(listening, holder.model_dump_json().encode()), name=name, daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closing would not
            thread.join()


def ask(name: str) -> str | None:
    """Describe the process that holds the name, or return None.

    A stopped process does not answer, but the kernel knows its id and user.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(ANSWER_S)
        try:
            client.connect(_address(name))
        except ConnectionRefusedError:
            return None
        except BlockingIOError:  # too many clients are waiting for an answer
            return _unnamed(name)
        pid, uid, _ = CREDENTIALS.unpack(
            client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        )
        try:
            holder = Holder.model_validate_json(client.recv(MAX_BYTES))
        except (TimeoutError, ConnectionResetError, ValueError):
            process = f"process {pid} of {user_name(uid)}" if pid else "a process in another container"
            return f"{process}, not responding"
    # The answer may be forged, so prefer what the kernel reports, if it is of our namespaces.
    if pid != 0:
        holder = holder.model_copy(update={"pid": pid})
    if uid != OVERFLOW_UID:
        holder = holder.model_copy(update={"user": user_name(uid)})
    return str(holder)


def _address(name: str) -> bytes:
    return b"\0" + name.encode()


def _bind(listening: socket.socket, name: str) -> None:
    for pause_s in PAUSES_S:
        time.sleep(pause_s)
        try:
            listening.bind(_address(name))
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        if (first := ask(name)) is not None:
            raise Taken(first)
    raise Taken(_unnamed(name))


def _unnamed(name: str) -> str:
    return f"{UNKNOWN}; to find it, run as root: ss -xap | grep {name}"


def _answer(listening: socket.socket, answer: bytes) -> None:
    """Answer until the socket is shut down. Answers fit into any socket buffer, so sending does not block."""
    while True:
        try:
            client, _ = listening.accept()
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: shut down
                log.warning("Cannot answer other bots that ask for the running one: %s", error)
            return
        with client, suppress(BrokenPipeError, ConnectionResetError):  # the client is gone
            client.send(answer)
        time.sleep(ANSWER_EVERY_S)
