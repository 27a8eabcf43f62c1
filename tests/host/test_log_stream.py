"""Readers of the log that are slow: how long they hold up whoever writes, and what they miss."""

import fcntl
import logging
import os
import select
import threading
import time
from collections.abc import Iterator

import pytest

from notetaker.host.logs import stream
from notetaker.host.logs.stream import StreamHandler


class Pipe:
    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.end = os.fdopen(writer, "w")

    def rest(self) -> bytes:
        """All that is left, once nobody writes any more."""
        self.end.close()
        rest = b""
        while part := os.read(self.reader, 1 << 16):
            rest += part
        return rest


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    opened = Pipe()
    yield opened
    opened.end.close()
    os.close(opened.reader)


def a_record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text})


@pytest.mark.parametrize(("lines", "length"), [(1, 400_000), (100, 3_000)])
def test_neither_a_long_text_nor_many_lines_wait_for_a_slow_reader(
    pipe: Pipe, lines: int, length: int
) -> None:
    handler, shown, over = StreamHandler(pipe.end), [b""], threading.Event()

    def read_slowly() -> None:
        while not over.wait(0.05):
            shown.append(os.read(pipe.reader, select.PIPE_BUF))

    reader = threading.Thread(target=read_slowly)
    began = time.monotonic()
    reader.start()
    for _ in range(lines):
        handler.handle(a_record("x" * length))
    took_s = time.monotonic() - began
    over.set()
    reader.join()
    shown.append(os.read(pipe.reader, 1 << 16))
    handler.handle(a_record("When there is room again"))
    shown.append(pipe.rest())
    assert took_s < 1.0, "else it is about four seconds"
    assert b"of this log could not be written in time" in b"".join(shown)


def test_a_reader_that_is_busy_for_a_moment_misses_nothing(pipe: Pipe) -> None:
    handler, size = StreamHandler(pipe.end, most_patience_s=10.0), fcntl.fcntl(pipe.end, fcntl.F_GETPIPE_SZ)
    handler.handle(a_record("x" * (size - 1000)))
    shown: list[bytes] = []
    reader = threading.Timer(0.05, lambda: shown.append(os.read(pipe.reader, size)))
    reader.start()
    handler.handle(a_record("y" * 8000))
    reader.join()
    shown.append(pipe.rest())
    assert b"".join(shown).decode() == "x" * (size - 1000) + "\n" + "y" * 8000 + "\n"


def test_a_slow_reader_is_waited_for_a_share_of_the_time_only(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = StreamHandler(pipe.end)
    handler.handle(a_record("x" * 400_000))  # nobody reads
    os.read(pipe.reader, 1 << 16)
    handler.handle(a_record("a"))
    assert handler.patience_s < 0.01
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 0.5)
    handler.handle(a_record("b"))
    assert handler.patience_s == pytest.approx(0.05, abs=0.01)
    monkeypatch.setattr(time, "monotonic", lambda: now + 60.0)
    handler.handle(a_record("c"))
    assert handler.patience_s == stream.PATIENCE_S
