"""What a connection hears before it is known to be ours: kept, and then passed on in order."""

from notetaker.model.audio import AudioFrame
from notetaker.voice.connection import Listener


class Arrivals:
    """Listens to a connection that is being established; after ``pass_on`` it only forwards."""

    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._kept: list[AudioFrame | tuple[int, float]] = []  # a frame, or who left and when

    @property
    def any_sound(self) -> bool:
        return any(isinstance(kept, AudioFrame) for kept in self._kept)

    def pass_on(self, listener: Listener) -> None:
        """``listener`` has been told of everyone named so far, and now hears the rest."""
        self._listener = listener
        for kept in self._kept:
            if isinstance(kept, AudioFrame):
                listener.frame(kept)
            else:
                listener.speaker_left(*kept)
        self._kept.clear()

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        if self._listener is not None:
            self._listener.speaker_joined(user_id, ssrc, now)

    def speaker_left(self, user_id: int, now: float) -> None:
        if self._listener is not None:
            self._listener.speaker_left(user_id, now)
        else:
            self._kept.append((user_id, now))

    def frame(self, frame: AudioFrame) -> None:
        if self._listener is not None:
            self._listener.frame(frame)
        else:
            self._kept.append(frame)
