"""The decoder of libopus, to 16 kHz mono signed 16-bit PCM, with the loss recovery that FFmpeg never asks it for.

PyAV's wheels bring the library along; where PyAV was built from source, the system's is used (any since 1.0).
Reference: https://opus-codec.org/docs/opus_api-1.5/group__opus__decoder.html
"""

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ctypes.util import find_library
from functools import cache
from importlib import metadata

SAMPLE_RATE = 16_000
"""Hertz, of all sound that is decoded. The others that libopus can do are 8, 12, 24 and 48 kHz."""

_CHANNELS = 1
_STEP = SAMPLE_RATE // 400
"""Samples in 2.5 ms: only multiples of it can be concealed or recovered."""
_LONGEST = SAMPLE_RATE * 120 // 1000
"""Samples in the longest packet there is (RFC 6716 section 3.2.5, requirement R5)."""
_MOST_FRAMES = 48
"""In one packet: 120 ms of 2.5 ms each."""
_CELT, _STEREO = 0x80, 0x04
"""In a packet's first byte (RFC 6716 section 3.1): CELT alone, as music and silence are; two channels."""


class LibopusMissingError(RuntimeError):
    """There is no libopus on this computer. The message is a sentence for the administrator."""


class CorruptPacketError(ValueError):
    """The bytes are not an Opus packet."""


class Decoder:
    """Decodes one stream, whose packets depend on each other. To be used by one thread at a time.

    Stereo is mixed down. The first 80 ms are distorted if they are from the middle of speech (RFC 7845 section 4.6).
    """

    def __init__(self) -> None:
        """Raises LibopusMissingError."""
        self._library = _library()
        # the memory is Python's, so there is no decoder to destroy
        self._state = ctypes.create_string_buffer(self._library.opus_decoder_get_size(_CHANNELS))
        error = self._library.opus_decoder_init(self._state, SAMPLE_RATE, _CHANNELS)
        assert error == 0
        self._pcm = (ctypes.c_int16 * (_CHANNELS * _LONGEST))()
        self._celt = False  # the last packet

    def decode(self, packet: bytes) -> bytes:
        """The sound of the next packet. Raises CorruptPacketError."""
        if not packet:
            raise CorruptPacketError("The packet is empty.")  # libopus would take it for a lost one
        sound = self._decode(packet, _LONGEST, fec=False)
        self._celt = _is_celt(packet)
        return sound

    def recoverable(self, packet: bytes) -> int:
        """How many samples right before the next packet :meth:`recover` can rebuild: one frame, or none.

        None right after a packet of CELT alone, where libopus ignores the redundancy and conceals instead.
        """
        return 0 if self._celt else redundancy(packet)

    def recover(self, packet: bytes) -> bytes:
        """The lost frame right before the next packet, ``packet``, which must be decoded afterwards.

        Only if :meth:`recoverable` says that there is one.
        """
        return self._decode(packet, self.recoverable(packet), fec=True)

    def conceal(self, samples: int) -> bytes:
        """A guess at lost ``samples`` (at most 120 ms) from the sound before them. It fades with each call."""
        steps = -(-samples // _STEP)
        return self._decode(None, steps * _STEP, fec=False)[: 2 * _CHANNELS * samples] if steps else b""

    def _decode(self, packet: bytes | None, samples: int, *, fec: bool) -> bytes:
        size = 0 if packet is None else len(packet)
        decoded = self._library.opus_decode(self._state, packet, size, self._pcm, samples, fec)
        if decoded < 0:  # an error code of opus_defines.h
            raise CorruptPacketError(f"libopus refuses the packet (error {decoded}).")
        return ctypes.string_at(self._pcm, 2 * _CHANNELS * decoded)


def redundancy(packet: bytes) -> int:
    """How many samples of the frame before it a packet repeats, at a lower quality; 0 when it is corrupt.

    Only SILK has this, alone or in hybrid frames: RFC 6716 section 4.2.4, low bit-rate redundancy.
    ``opus_packet_has_lbrr`` says whether there is any, but only since libopus 1.5.
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
    """The first of them that is a library for this computer. Raises LibopusMissingError."""
    for path in paths:
        with suppress(OSError):  # made for another C library, for example
            return _declare(ctypes.CDLL(path))
    raise LibopusMissingError(
        "libopus is missing: install PyAV from its wheel, which has it, or the system's package (Debian: libopus0)."
    )


def candidates() -> Iterator[str]:
    """Where libopus may be: in PyAV's wheel (on Linux ``av.libs/``), then the system's."""
    with suppress(metadata.PackageNotFoundError):
        for file in metadata.files("av") or ():
            if file.name.startswith("libopus"):
                yield str(file.locate())
    if system := find_library("opus"):
        yield system


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """Tells ctypes the types of the arguments, from opus.h; all functions return an int."""
    size, number, data, pointer = ctypes.c_int32, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p
    numbers = ctypes.POINTER(ctypes.c_int16)
    library.opus_packet_parse.argtypes = data, size, pointer, pointer, numbers, pointer
    library.opus_packet_get_samples_per_frame.argtypes = data, size
    library.opus_decoder_get_size.argtypes = (number,)
    library.opus_decoder_init.argtypes = pointer, size, number
    library.opus_decode.argtypes = pointer, data, size, numbers, number, number
    return library
