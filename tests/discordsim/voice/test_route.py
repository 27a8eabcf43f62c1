"""A network that loses, delays and duplicates packets on purpose, and reports correctly what it did."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.route import DELAY_S, Route
from tests.discordsim.voice.conftest import House
from tests.discordsim.voice.listener import Listener

PACKETS = 300


def route(
    seed: int = 1, chances: tuple[float, float, float] = (0.1, 0.1, 0.1), *, receiver: int = 2
) -> Route:
    """``chances`` are those of loss, of arriving twice and of being late."""
    loss, duplicate, delay = chances
    faults = Faults(seed=seed, loss_chance=loss, duplicate_chance=duplicate, delay_chance=delay)
    return Route(faults, 1, receiver)


def test_a_network_without_faults_delivers_everything_at_once() -> None:
    way = route(chances=(0, 0, 0))
    assert [way.arrivals(sound=True) for _ in range(PACKETS)] == [[0.0]] * PACKETS
    assert way.noticeable_losses == 0


def test_the_same_seed_treats_sound_the_same_with_any_padding_between() -> None:
    alone, mixed = route(), route()
    expected = [alone.arrivals(sound=True) for _ in range(PACKETS)]
    found = []
    for number in range(PACKETS):
        found.append(mixed.arrivals(sound=True))
        for _ in range(number % 3):
            mixed.arrivals(sound=False)
    assert found == expected
    assert expected != [route(2).arrivals(sound=True) for _ in range(PACKETS)]
    other = route(receiver=3)
    assert expected != [other.arrivals(sound=True) for _ in range(PACKETS)]


@given(
    st.integers(0, 1 << 32),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    st.lists(st.booleans(), max_size=60),
)
def test_losses_between_two_delivered_packets_are_noticeable(
    seed: int, chances: tuple[float, float, float], sounds: list[bool]
) -> None:
    way = route(seed, chances)
    arrivals = [way.arrivals(sound=sound) for sound in sounds]
    delivered = [number for number, times in enumerate(arrivals) if times]
    inside = arrivals[delivered[0] : delivered[-1]] if delivered else []
    assert way.noticeable_losses == sum(not times for times in inside)
    for number in delivered:
        first, *again = arrivals[number]
        assert first == 0.0 or (number != delivered[0] and DELAY_S[0] <= first <= DELAY_S[1])
        assert all(first < later <= first + DELAY_S[1] for later in again)


def way(house: House) -> dict[str, Any]:
    """Return the counts from the speaker to the listener."""
    return next(row for row in house.server.stats() if (row["sender"], row["receiver"]) == (2, 1))


@pytest.mark.parametrize("padding", [0.0, 0.2])
async def test_exactly_the_lost_packets_do_not_arrive(house: House, padding: float) -> None:
    faults = house.faults
    faults.padding_burst_chance = padding
    faults.loss_chance = faults.duplicate_chance = faults.delay_chance = 0.1
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as listener,
        Listener(house.place(2, e2ee=False), house.client_tls) as speaker,
    ):
        await listener.join()
        await speaker.join()
        spoken = [b"\xfc" + number.to_bytes(2) for number in range(PACKETS)]
        for number, opus in enumerate(spoken):
            speaker.udp.sendto(speaker.seal(opus, number, 960 * number))
            await asyncio.sleep(0)  # a socket's buffer is finite
        await listener.until(
            lambda: (
                way(house)["packets_in"] == PACKETS
                and sum(map(len, listener.headers.values())) == way(house)["delivered"]
            )
        )
    counts = way(house)
    lost = counts["lost"]
    assert isinstance(lost, list)
    heard = listener.heard[2]
    assert set(heard) == {opus for number, opus in enumerate(spoken) if number not in lost}
    assert len(lost) > 10
    assert heard != sorted(heard)
    assert len(heard) > len(set(heard))
    sequences = set(listener.headers[2])
    assert counts["noticeable_losses"] == max(sequences) - min(sequences) + 1 - len(sequences)
