"""What tshark and we count in a journal, and that a difference is found."""

from pathlib import Path

import pytest

from notetaker.model.audio import AudioFrame
from notetaker.recording.journal import journal_files
from notetaker.recording.recorder import Recorder
from tests.campaigns.interop.journals import Journals, counts

pytestmark = pytest.mark.skipif(Journals().referee is None, reason="tshark is not installed")

WALL_NS = 1_790_000_000_000_000_000


def journal(folder: Path, numbers: list[int]) -> Path:
    """Packets of one stream, numbered so, in the order in which they arrive."""
    recorder = Recorder(folder, "m", lambda _: None)
    recorder.open_session(0.0, WALL_NS)
    for place, number in enumerate(numbers):
        frame = AudioFrame(
            user_id=7,
            ssrc=70,
            sequence=number & 0xFFFF,
            timestamp=960 * number,
            opus=b"\xfc",
            arrival=0.02 * place,
        )
        recorder.write(frame)
    recorder.close_session(10.0)
    ((_, path),) = journal_files(folder)
    return path


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [
        ([1, 2, 3, 4], 0),
        ([1, 2, 5, 7], 3),
        ([1, 3, 2, 6, 5], 0),
        ([1, 2, 5, 4, 3], -2),
        ([65534, 65535, 65536, 65538], 1),
        ([65534, 65536, 65535, 65537], 0),
        ([65534, 65537, 65536, 65535, 65538, 65540], 1),
    ],
    ids=["all", "lost", "late", "last late", "wrap", "late at the wrap", "later at the wrap"],
)
def test_tshark_counts_as_we_do(tmp_path: Path, numbers: list[int], lost: int) -> None:
    path = journal(tmp_path, numbers)
    assert counts(path) == {70: (len(numbers), lost & 0xFFFF)}
    journals = Journals()
    journals.check([path])
    assert (journals.files, journals.wrong) == (1, [])


def test_a_difference_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = journal(tmp_path, [1, 2, 4])
    monkeypatch.setattr("tests.campaigns.interop.journals.counts", lambda path: {70: (3, 0)})
    journals = Journals()
    journals.check([path])
    [sentence] = journals.wrong
    assert "tshark counts {70: (3, 1)}" in sentence
