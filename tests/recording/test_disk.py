"""Real accidents: a disk that refuses in the middle of a record, and kill -9."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.recording.recovery import scan

# RLIMIT_FSIZE makes write() return short, then fail with EFBIG, just as ENOSPC does (setrlimit(2));
# Python ignores SIGXFSZ.
DISK_FULL = """
import resource, sys
from pathlib import Path
from notetaker.model.audio import AudioFrame
from notetaker.recording.recorder import Recorder

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

folder = Path(sys.argv[1])
utterances = []
recorder = Recorder(folder, "m", utterances.append)
limit(20)
try:
    recorder.open_session(0.0, 10**18)
except OSError:
    assert list((folder / "journal").iterdir()) == []
else:
    raise AssertionError("the header cannot have been written")
limit(int(sys.argv[2]))
recorder.open_session(0.0, 10**18)
written, refused = [], []
for number in range(60):
    if number == 40:
        limit(resource.RLIM_INFINITY)
    try:
        recorder.write(AudioFrame(7, 70, number, number * 960, bytes(44), number / 50))
        written.append(number)
    except OSError as error:
        refused.append(number)
        size = (folder / "journal" / "0001.pcap").stat().st_size
        assert size <= int(sys.argv[2]), size
recorder.close_session(2.0)
print(len(written), len(refused), utterances[0].packets)
"""

WRITER = """
import itertools, sys
from pathlib import Path
from notetaker.model.audio import AudioFrame
from notetaker.recording.recorder import Recorder

recorder = Recorder(Path(sys.argv[1]), "m", lambda _: None)
recorder.open_session(0.0, 10**18)
for number in itertools.count():
    recorder.write(AudioFrame(7, 70, number % 2**16, number * 960 % 2**32, bytes(100), number / 50))
    print(number, flush=True)
"""


def test_when_the_disk_is_full_everything_before_and_after_is_readable(tmp_path: Path) -> None:
    first_records = 24 + (16 + 28 + 12)  # file header and the SDES that names the speaker
    for torn_by in (0, 1, 15, 16, 60, 99):  # bytes of the last record that still fit; a record takes 100
        folder = tmp_path / str(torn_by)
        full_at = first_records + 10 * 100 + torn_by
        done = subprocess.run(
            [sys.executable, "-c", DISK_FULL, str(folder), str(full_at)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.split() == ["30", "30", "30"], done.stderr
        ((_, path),) = journal_files(folder)
        reader = JournalReader(path)
        sequences = [event.sequence for event in reader if isinstance(event, Packet)]
        assert sequences == [*range(10), *range(40, 60)]
        assert reader.damage is None
        assert [utterance.packets for utterance in scan(folder, "m")] == [30]


def test_after_kill_9_every_packet_that_was_written_is_readable(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    for line in writer.stdout:
        if int(line) == 2000:
            break
    os.kill(writer.pid, signal.SIGKILL)
    confirmed = 2001 + sum(1 for _ in writer.stdout)
    writer.stdout.close()
    assert writer.wait(10) == -signal.SIGKILL
    ((_, path),) = journal_files(tmp_path)
    reader = JournalReader(path)
    count = sum(isinstance(event, Packet) for event in reader)
    assert confirmed <= count <= confirmed + 1
    assert sum(utterance.packets for utterance in scan(tmp_path, "m")) == count
