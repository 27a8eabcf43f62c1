"""What goes wrong on purpose, and how lively the RTP traffic is. Seeded: the same seed, the same meeting."""

from dataclasses import dataclass, field
from random import Random


@dataclass
class Refusal:
    """The next `times` identifies of a user are answered with this close code."""

    code: int
    times: int


@dataclass
class Faults:
    """Scripted faults and knobs of one voice server. The defaults are what live traffic looks like."""

    seed: int = 1
    offer_aes_gcm: bool = True
    """aead_aes256_gcm_rtpsize in op 2; Discord may leave it out (Discord docs, "Transport Encryption Modes")."""
    extension_chance: float = 0.95
    """Share of forwarded packets that carry a header extension."""
    extension_words: tuple[int, ...] = (2, 2, 2, 2, 2, 1, 3, 0)
    """Lengths of extensions in 32-bit words, each as likely as it stands here; at most 3."""
    padding_chance: float = 0.1
    """Share of forwarded packets with RTP padding (discord.js#11449)."""
    padding_burst_chance: float = 0.005
    """Chance, per forwarded packet, of a burst of padding-only packets right behind it (Discord.Net#3262)."""
    padding_burst_packets: tuple[int, int] = (5, 50)
    """Fewest and most packets in such a burst."""
    loss_chance: float = 0.0
    """Share of RTP packets, padding-only ones too, that get lost on their way to a receiver."""
    duplicate_chance: float = 0.0
    """Share of those delivered that arrive twice."""
    delay_chance: float = 0.0
    """Share of those delivered that are overtaken by later ones."""
    random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self._refusals: dict[int, Refusal] = {}

    def refuse_identify(self, user_id: int, code: int = 4006, times: int = 1) -> None:
        """The user's next `times` identifies close with `code`; the token they came with is spent."""
        self._refusals[user_id] = Refusal(code, times)

    def refusal(self, user_id: int) -> int | None:
        """The close code this identify is to be refused with, and one refusal less to come."""
        refusal = self._refusals.get(user_id)
        if refusal is None:
            return None
        refusal.times -= 1
        if refusal.times <= 0:
            del self._refusals[user_id]
        return refusal.code

    def hits(self, chance: float) -> bool:
        return self.random.random() < chance


DELAY_S = (0.03, 0.12)
"""Shortest and longest delay: one to six packets of 20 ms overtake."""


class Route:
    """The network between the SFU and one receiver, for one sender's packets, in the order they are sent.

    What becomes of the nth packet of sound depends on the seed, the two users and n alone, whatever else goes on.
    """

    def __init__(self, faults: Faults, sender: int, receiver: int) -> None:
        self.holes = 0
        """Packets lost with a delivered one before and after them: all that the receiver can know of."""
        self._faults = faults
        self._sound = Random(f"{faults.seed} {sender} {receiver} sound")
        self._padding = Random(f"{faults.seed} {sender} {receiver} padding")
        self._delivered_any = False
        self._lost_since = 0

    def arrivals(self, *, sound: bool) -> list[float]:
        """Seconds after which the next packet arrives: once, twice, or never.

        The first one delivered is not delayed: DAVE decryptors refuse every frame that is older than the first one
        they have seen (libdave, `CryptorManager::CanProcessNonce`), so nobody could decrypt it.
        """
        faults = self._faults
        random = self._sound if sound else self._padding
        loss, duplicate, late = (random.random() for _ in range(3))
        delay, again = (random.uniform(*DELAY_S) for _ in range(2))
        if loss < faults.loss_chance:
            self._lost_since += self._delivered_any
            return []
        self.holes += self._lost_since
        self._lost_since = 0
        first = delay if late < faults.delay_chance and self._delivered_any else 0.0
        self._delivered_any = True
        return [first, first + again] if duplicate < faults.duplicate_chance else [first]
