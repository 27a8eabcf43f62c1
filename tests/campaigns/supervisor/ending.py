"""The end of the processes, and what they leave."""

from __future__ import annotations

from tests.campaigns.supervised.patience import expect
from tests.campaigns.supervisor.stage import SUPERVISOR_LOG, WATCHDOG_LOG, Stage


async def logs(stage: Stage) -> str:
    """The watchdog did nothing that it had no reason for, and no log has the token"""
    alarms = [line for line in stage.host.log(WATCHDOG_LOG).splitlines() if "aborting it" in line]
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
