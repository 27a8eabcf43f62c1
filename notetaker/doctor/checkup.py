"""A check, what became of it, and the list of all that were made."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    """For programs."""
    title: str
    """For people."""
    timeout_s: float
    mend: str
    """What to do when there was no answer within ``timeout_s``."""
    needs: tuple["Check", ...] = ()
    """Checks without which this one cannot be made."""


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    check: Check
    state: State
    text: str
    """What was found, what is wrong, or why it was not tried."""
    mend: str | None
    """A sentence, when it failed."""
    seconds: float


class Trouble(Exception):
    """A check has failed: ``str()`` says what is wrong."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.mend = mend


class NotTried(Exception):
    """A check cannot be made, which is nobody's fault: ``str()`` says why."""


class Watcher(Protocol):
    """Who is told while the checks are made."""

    def begins(self, check: Check) -> None: ...

    def ended(self, result: Result) -> None: ...


class Checkup:
    """Every check ends with exactly one result, in the order of ``results``."""

    def __init__(self, watcher: Watcher) -> None:
        self.results: list[Result] = []
        self._watcher = watcher
        self._began = 0.0
        self._roots: dict[str, Check] = {}  # by name of a skipped check: the one for want of which it was

    async def make(self, check: Check, look: Callable[[], Awaitable[str]]) -> None:
        """``look`` returns what it found, or raises ``Trouble`` or ``NotTried``."""
        if self._skipped_for_want(check):
            return
        self.begin(check)
        try:
            async with asyncio.timeout(check.timeout_s):
                found = await look()
        except Trouble as trouble:
            self.fail(check, str(trouble), trouble.mend)
        except NotTried as reason:
            self.skip(check, str(reason))
        except TimeoutError:
            self.fail(check, f"no answer within {check.timeout_s:g} s", check.mend)
        else:
            self.succeed(check, found)

    def passed(self, check: Check) -> bool:
        return any(result.check is check and result.state is State.PASSED for result in self.results)

    def skip_rest(self, checks: Iterable[Check]) -> None:
        """Skips what has not been made, each for want of another."""
        made = {result.check.name for result in self.results}
        for check in checks:
            if check.name not in made:
                skipped = self._skipped_for_want(check)
                assert skipped, check.name

    def _skipped_for_want(self, check: Check) -> bool:
        for needed in check.needs:
            if not self.passed(needed):
                root = self._roots[check.name] = self._roots.get(needed.name, needed)
                self.skip(check, f"not tried without: {root.title}")
                return True
        return False

    # A check that is not made by a call, but by listening

    def begin(self, check: Check) -> None:
        self._began = time.monotonic()
        self._watcher.begins(check)

    def succeed(self, check: Check, found: str) -> None:
        self._end(check, State.PASSED, found, None)

    def fail(self, check: Check, problem: str, mend: str) -> None:
        self._end(check, State.FAILED, problem, mend)

    def skip(self, check: Check, why: str) -> None:
        """Needs no ``begin``."""
        self._began = time.monotonic()
        self._end(check, State.SKIPPED, why, None)

    def _end(self, check: Check, state: State, text: str, mend: str | None) -> None:
        result = Result(check, state, text, mend, round(time.monotonic() - self._began, 3))
        self.results.append(result)
        self._watcher.ended(result)
