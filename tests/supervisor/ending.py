"""The end of a meeting, and of the processes."""

from __future__ import annotations

from notetaker.model.meeting import MeetingState
from notetaker.model.outcome import Outcome
from tests.supervisor.stage import SUPERVISOR_LOG, WATCHDOG_LOG, Stage
from tests.systemd.patience import expect

NOTES_S = 60.0


async def notes(stage: Stage) -> str:
    """/stopnotes: the notes are posted once, with all that was said and every gap"""
    await stage.meeting()
    await stage.ben_speaks()
    stage.ada.hush()
    said = await stage.office.says("stopnotes")
    expect("The notes are on the way" in said, f"/stopnotes was answered with: {said}")
    await stage.host.until(lambda: _state(stage) is MeetingState.POSTED, NOTES_S)
    files = [m for m in stage.office.messages() for a in m.attachments if stage.meeting_id in a.filename]
    expect(len(files) == 1, f"The notes were posted {len(files)} times.")
    gaps = len(stage.gaps())
    expect(gaps >= stage.absences, f"{stage.absences} absences, and only {gaps} gaps.")
    with stage.store() as store:
        of_ben = [c for c in store.coverage(stage.meeting_id) if c.user_id == stage.office.user("Ben").id]
    stored = sum(coverage.outcomes[Outcome.STORED] for coverage in of_ben)
    expect(stored >= stage.spoken, f"{stage.spoken} packets were spoken, {stored} are stored.")
    stage.meeting_id = ""
    return f"{gaps} gaps are marked"


async def logs(stage: Stage) -> str:
    """The watchdog did nothing that it had no reason for, and no log has the token"""
    alarms = [line for line in stage.host.log(WATCHDOG_LOG).splitlines() if "no sign of life" in line]
    expect(len(alarms) == stage.hangs, f"{stage.hangs} processes fell silent:\n" + "\n".join(alarms))
    for log in stage.host.logs():
        told = stage.office.bot.token in log.read_text(errors="replace")
        expect(not told, f"{log.name} has the bot's token.")
    return f"{len(alarms)} times with a reason"


async def shutdown(stage: Stage) -> str:
    """`supervisorctl shutdown`: all of it ends, at once"""
    await stage.running()
    before = len(stage.host.log(SUPERVISOR_LOG))
    code = await stage.host.shut_down()
    expect(code == 0, f"supervisord ended with {code}.")
    end = stage.host.log(SUPERVISOR_LOG)[before:]
    expect("SIGKILL" not in end, f"Not all of it ends by itself:\n{end}")
    return ""


def _state(stage: Stage) -> MeetingState | None:
    with stage.store() as store:
        meeting = store.meeting(stage.meeting_id)
    return None if meeting is None else meeting.state
