"""What is done to an installation, in this order. Each step brings about what it needs, so it can run alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from tests.systemd import calm, ending, failing, installing, operating, starting
from tests.systemd.stage import Stage


class Step(NamedTuple):
    name: str
    run: Callable[[Stage], Awaitable[str]]
    """Returns what was seen, in a few words. Raises Wrong."""

    @property
    def about(self) -> str:
        return (self.run.__doc__ or "").split("\n")[0]


STEPS = [
    Step("install", installing.install),
    Step("no-token", starting.no_token),
    Step("bad-token", starting.bad_token),
    Step("wrong-setting", starting.wrong_setting),
    Step("start", starting.start),
    Step("second-bot", starting.second_bot),
    Step("idle", calm.idle),
    Step("status", operating.status),
    Step("reload", operating.reload),
    Step("kill", failing.kill),
    Step("stopped", failing.stopped),
    Step("blocked-loop", failing.blocked_loop),
    Step("stuck-lock", failing.stuck_lock),
    Step("journal-unwritable", failing.journal_unwritable),
    Step("hung-stop", failing.hung_stop),
    Step("worker", failing.worker),
    Step("restart", operating.restart),
    Step("upgrade", operating.upgrade),
    Step("outage", calm.outage),
    Step("4006", calm.refused),
    Step("explains", operating.explains),
    Step("notes", ending.notes),
    Step("backup", ending.backup),
    Step("stop", ending.stop),
    Step("uninstall", ending.uninstall),
]
