"""libopus's decoder, to 16 kHz mono signed 16-bit PCM, with the loss recovery that FFmpeg does not use.

PyAV's wheels include the library; if PyAV was built from source, the system's is used (any since 1.0).
Reference: https://opus-codec.org/docs/opus_api-1.5/group__opus__decoder.html
"""

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ctypes.util import find_library
from functools import cache
from importlib import metadata

SAMPLE_RATE = 16_000
"""Sample rate of the output in hertz. libopus also supports 8, 12, 24 and 48 kHz."""

_CHANNELS = 1
_STEP = SAMPLE_RATE // 400
"""Samples in 2.5 ms. Only multiples of it can be concealed or recovered."""
_LONGEST = SAMPLE_RATE * 120 // 1000
"""Samples in the longest possible packet (RFC 6716 section 3.2.5, requirement R5)."""
_MOST_FRAMES = 48
"""Most frames in one packet: 120 ms of 2.5 ms each."""
_CELT, _STEREO = 0x80, 0x04
"""Bits of a packet's first byte (RFC 6716 section 3.1): CELT alone, as for music and silence; two channels."""


class LibopusMissingError(RuntimeError):
    """libopus is not installed. The message is a sentence for the administrator."""


class CorruptPacketError(ValueError):
    """The bytes are not an Opus packet."""


class Decoder:
    """Decodes one stream, whose packets depend on each other. Only one thread may use it at a time.

    Stereo is mixed down. If decoding starts in the middle of speech, the first 80 ms are distorted (RFC 7845 section
    4.6).
    """

    def __init__(self) -> None:
        """Raises LibopusMissingError."""
        self._library = _library()
        # Python owns the memory, so there is no decoder to destroy
        self._state = ctypes.create_string_buffer(self._library.opus_decoder_get_size(_CHANNELS))
        error = self._library.opus_decoder_init(self._state, SAMPLE_RATE, _CHANNELS)
        assert error == 0
        self._pcm = (ctypes.c_int16 * (_CHANNELS * _LONGEST))()
        self._celt = False  # whether the last packet was CELT alone

    def decode(self, packet: bytes) -> bytes:
        """Decode the next packet. Raises CorruptPacketError."""
        if not packet:
            raise CorruptPacketError("The packet is empty.")  # libopus would treat it as lost
        sound = self._decode(packet, _LONGEST, fec=False)
        self._celt = _is_celt(packet)
        return sound

    def recoverable(self, packet: bytes) -> int:
        """Return how many samples right before the next packet :meth:`recover` can rebuild: one frame, or 0.

        It is 0 right after a packet of CELT alone, where libopus ignores the redundancy and conceals instead.
        """
        return 0 if self._celt else redundancy(packet)

    def recover(self, packet: bytes) -> bytes:
        """Rebuild the lost frame right before the next packet, ``packet``, which must be decoded afterwards.

        Call this only if :meth:`recoverable` is not 0.
        """
        return self._decode(packet, self.recoverable(packet), fec=True)

    def conceal(self, samples: int) -> bytes:
        """Guess lost ``samples`` (at most 120 ms) from the sound before them. The result fades with each call."""
        steps = -(-samples // _STEP)
        return self._decode(None, steps * _STEP, fec=False)[: 2 * _CHANNELS * samples] if steps else b""

    def _decode(self, packet: bytes | None, samples: int, *, fec: bool) -> bytes:
        size = 0 if packet is None else len(packet)
        decoded = self._library.opus_decode(self._state, packet, size, self._pcm, samples, fec)
        if decoded < 0:  # an error code of opus_defines.h
            raise CorruptPacketError(f"libopus rejected the packet (error {decoded}).")
        return ctypes.string_at(self._pcm, 2 * _CHANNELS * decoded)


def redundancy(packet: bytes) -> int:
    """Return how many samples of the frame before it a packet repeats in lower quality; 0 if it is corrupt.

    Only SILK has such redundancy, alone or in hybrid frames (RFC 6716 section 4.2.4, low bit-rate redundancy).
    ``opus_packet_has_lbrr`` would detect it, but only exists since libopus 1.5.
    """
    library = _library()
    sizes = (ctypes.c_int16 * _MOST_FRAMES)()
    start = ctypes.c_int()
    frames = library.opus_packet_parse(packet, len(packet), None, None, sizes, ctypes.byref(start))
    if frames < 1 or sizes[0] == 0 or _is_celt(packet):
        return 0
    samples: int = library.opus_packet_get_samples_per_frame(packet, SAMPLE_RATE)
    # The first frame begins, for each channel, with a bit per 20 ms for speech and one for redundancy (section 4.2.3)
    bits = packet[start.value]
    bits_per_channel = max(samples // (SAMPLE_RATE // 50), 1) + 1
    mid = bits >> (8 - bits_per_channel) & 1
    side = bits >> (8 - 2 * bits_per_channel) & 1 if packet[0] & _STEREO else 0
    return samples if mid or side else 0


def _is_celt(packet: bytes) -> bool:
    return bool(packet[0] & _CELT)


@cache
def _library() -> ctypes.CDLL:
    return load(candidates())


def load(paths: Iterable[str]) -> ctypes.CDLL:
    """Load the first path that works. Raises LibopusMissingError."""
    for path in paths:
        with suppress(OSError):  # such as a file for another C library
            return _declare(ctypes.CDLL(path))
    raise LibopusMissingError(
        "libopus is missing; install PyAV from a wheel, which has it, or the system's package (Debian: libopus0)."
    )


def candidates() -> Iterator[str]:
    """Yield paths where libopus may be: in PyAV's wheel (on Linux ``av.libs/``), then the system's."""
    with suppress(metadata.PackageNotFoundError):
        for file in metadata.files("av") or ():
            if file.name.startswith("libopus"):
                yield str(file.locate())
    if system := find_library("opus"):
        yield system


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Declare the argument types from opus.h to ctypes. All functions return an int."""
    size, number, data, pointer = ctypes.c_int32, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p
    numbers = ctypes.POINTER(ctypes.c_int16)
    library.opus_packet_parse.argtypes = data, size, pointer, pointer, numbers, pointer
    library.opus_packet_get_samples_per_frame.argtypes = data, size
    library.opus_decoder_get_size.argtypes = (number,)
    library.opus_decoder_init.argtypes = pointer, size, number
    library.opus_decode.argtypes = pointer, data, size, numbers, number, number
    return library
