"""What a connection hears before it is known to be ours: kept, and then passed on in order."""

from notetaker.model.audio import AudioFrame
from notetaker.voice.connection import Listener
from notetaker.wire.losses import Loss


class Arrivals:
    """Listens to a connection while it is being established."""

    def __init__(self) -> None:
        self._kept: list[AudioFrame | Loss | tuple[int, float]] = []  # the last one is who left and when

    @property
    def any_sound(self) -> bool:
        return any(isinstance(kept, AudioFrame) for kept in self._kept)

    def pass_on(self, listener: Listener) -> None:
        """``listener`` has been told of everyone who has a name."""
        for kept in self._kept:
            if isinstance(kept, AudioFrame):
                listener.frame(kept)
            elif isinstance(kept, Loss):
                listener.lost(kept)
            else:
                listener.speaker_left(*kept)

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        """Nothing to keep: the session knows everyone's name."""

    def speaker_left(self, user_id: int, now: float) -> None:
        self._kept.append((user_id, now))

    def frame(self, frame: AudioFrame) -> None:
        self._kept.append(frame)

    def lost(self, loss: Loss) -> None:
        self._kept.append(loss)
