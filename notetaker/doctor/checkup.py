"""Checks and their results."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Check:
    """Something to check."""

    name: str
    """Its name in JSON."""
    title: str
    """Its name for people."""
    timeout_s: float
    advice: str
    """What to do if there is no answer within ``timeout_s``."""
    needs: tuple["Check", ...] = ()
    """Checks that must have passed before this one."""


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a check."""

    check: Check
    state: State
    text: str
    """What was found, or why the check failed or was skipped."""
    advice: str | None
    """What to do, if the check failed."""
    seconds: float


class CheckFailed(Exception):
    """A check failed. The message is the reason."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


class CheckSkipped(Exception):
    """A check does not apply. The message is the reason."""


class Watcher:
    """Is notified while the checks run. This one does nothing."""

    def begins(self, check: Check) -> None:
        """A check begins."""

    def ended(self, result: Result) -> None:
        """A check has ended, or was skipped."""


class Checkup:
    """Runs checks. Each gets exactly one result, in the order of ``results``."""

    def __init__(self, watcher: Watcher) -> None:
        self.results: list[Result] = []
        self._watcher = watcher
        self._began = 0.0
        self._roots: dict[str, Check] = {}  # the check that a skipped one was waiting for, by name

    async def make(self, check: Check, look: Callable[[], Awaitable[str]]) -> None:
        """Run a check: ``look`` returns what it found, or raises ``CheckFailed`` or ``CheckSkipped``."""
        if self._skipped(check):
            return
        self.begin(check)
        try:
            async with asyncio.timeout(check.timeout_s):
                found = await look()
        except CheckFailed as failure:
            self.fail(check, str(failure), failure.advice)
        except CheckSkipped as reason:
            self.skip(check, str(reason))
        except TimeoutError:
            self.fail(check, f"no answer within {check.timeout_s:g} s", check.advice)
        else:
            self.succeed(check, found)

    def passed(self, check: Check) -> bool:
        return any(result.check is check and result.state is State.PASSED for result in self.results)

    def skip_rest(self, checks: Iterable[Check]) -> None:
        """Skip the remaining checks, each of which needs one that did not pass."""
        made = {result.check.name for result in self.results}
        for check in checks:
            if check.name not in made:
                skipped = self._skipped(check)
                assert skipped, check.name

    def _skipped(self, check: Check) -> bool:
        for needed in check.needs:
            if not self.passed(needed):
                root = self._roots[check.name] = self._roots.get(needed.name, needed)
                self.skip(check, f"skipped, needs: {root.title}")
                return True
        return False

    # For a check that is not a call

    def begin(self, check: Check) -> None:
        self._began = time.monotonic()
        self._watcher.begins(check)

    def succeed(self, check: Check, found: str) -> None:
        self._end(check, State.PASSED, found, None)

    def fail(self, check: Check, reason: str, advice: str) -> None:
        self._end(check, State.FAILED, reason, advice)

    def skip(self, check: Check, reason: str) -> None:
        """Skip a check. It needs no ``begin``."""
        self._began = time.monotonic()
        self._end(check, State.SKIPPED, reason, None)

    def _end(self, check: Check, state: State, text: str, advice: str | None) -> None:
        result = Result(check, state, text, advice, round(time.monotonic() - self._began, 3))
        self.results.append(result)
        self._watcher.ended(result)
