"""Each benchmark once, with numbers too small to mean anything; and that what they rest on is true."""

import socket
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from tests.campaigns.bench import capacity, disk, join, memory, node, receive
from tests.campaigns.bench.sound import speech
from tests.campaigns.bench.studio import udp_sockets

SO_RXQ_OVFL = 40
"""socket(7); Python has no name for it."""


def quietly(text: str) -> None:
    """Progress that nobody watches."""


async def test_receive_measures_everyone_on_the_same_packets(tmp_path: Path) -> None:
    result = await receive.run(tmp_path, quietly, rounds=1, packets=200, alone=20)
    bursts = result.figures[f"us_per_packet_{receive.BURST}_at_once"]
    assert min(bursts.values()) > 0
    assert bursts["floor, XChaCha20"] < bursts["py-cord, XChaCha20"]
    assert ("@discordjs/voice, AES-GCM" in bursts) == (node.command() is not None)
    assert (node.MISSING in result.notes) == (node.command() is None)
    assert [row[-1] for row in result.rows if row[1] == "notetaker"] == ["100%"] * 2


async def test_capacity_finds_every_packet_in_the_journals(tmp_path: Path) -> None:
    result = await capacity.run(tmp_path, quietly, rooms=2, people=2, seconds=0.2, paces=(1, 2))
    assert [step["people"] for step in result.figures["steps"]] == [4, 8]
    assert result.figures["sent"] == result.figures["stored"] == 4 * 10 + 4 * 20
    assert result.figures["dropped"] == 0


async def test_join_is_timed_up_to_the_first_stored_packet(tmp_path: Path) -> None:
    result = await join.run(tmp_path, quietly, rounds=1)
    assert 0 < result.figures["notetaker"]["median_ms"] < 10_000


async def test_memory_is_read_from_the_bot_process(tmp_path: Path) -> None:
    result = await memory.run(tmp_path, quietly, channels=(0, 2), minutes=1, talkers=1)
    assert result.figures["resident_mb"].keys() == {"0", "2"}
    assert all(20 < megabytes < 1000 for megabytes in result.figures["resident_mb"].values())


async def test_disk_counts_what_is_on_disk(tmp_path: Path) -> None:
    result = await disk.run(tmp_path, quietly, seconds=30)
    for name in ("without a pause", "a quarter of the meeting"):
        sizes = result.figures[name]
        assert sizes["journal"] > sizes["track"] > sizes["payload"] > 100_000


async def test_a_result_shows_as_a_table(tmp_path: Path) -> None:
    console = Console(record=True, width=100)
    (await disk.run(tmp_path, quietly, seconds=10)).show(console)
    shown = console.export_text()
    assert "a quarter of the meeting" in shown
    assert "reached: without a pause" in shown


def test_speech_is_what_discord_clients_send() -> None:
    packets = speech()
    kilobits = 8 * sum(map(len, packets)) / len(packets) / 20
    assert 50 < kilobits < 70
    assert any(one != other for one, other in pairwise(map(len, packets)))


def test_drops_are_those_that_so_rxq_ovfl_tells() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        address = receiver.getsockname()
        assert udp_sockets()[address[1]] == (0, 0)
        for _ in range(100):
            sender.sendto(bytes(200), address)
        assert udp_sockets()[address[1]].queued > 0
        with pytest.raises(BlockingIOError):
            while True:
                receiver.recv(2048)
        sender.sendto(b"tell me", address)
        _, [(_, kind, told)], _, _ = receiver.recvmsg(2048, 64)
        assert kind == SO_RXQ_OVFL
        assert udp_sockets()[address[1]] == (0, int.from_bytes(told, "little"))
        assert int.from_bytes(told, "little") > 0
