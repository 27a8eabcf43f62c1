"""A name that one process of a host can have: an abstract Unix socket, which also says who has it.

It needs no file and no permission, so other users, other folders and the file systems that systemd gives its units
make no difference. It belongs to a network namespace (network_namespaces(7)): a container with a network of its own
does not see it.
Any local user may take a name first, on purpose too. Of one that lets others connect, the refusal says which user it
is; of one that does not, the kernel tells root alone.
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
"""Before each try: a process that begins at this instant has the name before it answers."""
ANSWER_S = 1.0
ANSWER_EVERY_S = 0.005
"""Whoever asks all the time must not cost this process more than that. With a full queue of 128, everyone is answered
within ``ANSWER_S``.
"""
CREDENTIALS = struct.Struct("iII")
"""Process, user and group: struct ucred (unix(7))."""
OVERFLOW_UID = 65534
"""What the kernel calls a user of another user namespace (user_namespaces(7))."""


@contextmanager
def named(name: str, holder: Holder) -> Iterator[None]:
    """Has the name, and tells everyone who asks of the holder. Raises Taken."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        _bind(listening, name)
        listening.listen()
        # The event loop may be busy or stuck when somebody asks.
        thread = threading.Thread(
            target=_answer, args=(listening, holder.json_bytes()), name=name, daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closing would not
            thread.join()


def ask(name: str) -> str | None:
    """Who has the name, for a person; None if nobody listens.

    A stopped process does not answer; the kernel knows it nevertheless.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(ANSWER_S)
        try:
            client.connect(_address(name))
        except ConnectionRefusedError:
            return None
        except BlockingIOError:  # many others wait for an answer
            return _unnamed(name)
        pid, uid, _ = CREDENTIALS.unpack(
            client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        )
        try:
            holder = Holder.read(client.recv(MAX_BYTES))
        except (TimeoutError, ConnectionResetError, ValueError):
            process = f"process {pid} of {user_name(uid)}" if pid else "a process of another container"
            return f"{process}, which does not answer"
    # Anybody may say anything, so the kernel's word counts where these are of our namespaces.
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
    return f"{UNKNOWN}; as root, `ss -xap | grep {name}` shows it"


def _answer(listening: socket.socket, answer: bytes) -> None:
    """Until the socket is shut down. The answer fits into any socket's buffer, so nobody can hold this up."""
    while True:
        try:
            client, _ = listening.accept()
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: shut down
                log.warning("A second bot will not be told which one is the first: %s", error)
            return
        with client, suppress(BrokenPipeError, ConnectionResetError):  # unless it did not wait
            client.send(answer)
        time.sleep(ANSWER_EVERY_S)
