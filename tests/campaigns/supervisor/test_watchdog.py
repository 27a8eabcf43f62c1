"""What the watchdog decides, told what it hears and the time."""

import signal
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.host.supervisor.watchdog import (
    ABORT_S,
    DAY_S,
    FIRST_SIGN_S,
    STARTS_A_DAY,
    STOPPING_S,
    Process,
    Say,
    Signal,
    Stop,
    Watchdog,
)

BOT = Process("notetaker:notetaker-bot", 41, 30.0)
WORKER = Process("notetaker:notetaker-worker-0", 42, 60.0)
ABORT = [Signal(BOT.name, signal.SIGABRT), Signal(BOT.name, signal.SIGCONT)]
KILL = [Signal(BOT.name, signal.SIGKILL)]


@dataclass
class Scene:
    """A watchdog, and what it has said and done."""

    now: float = 1000.0
    said: list[Say] = field(default_factory=list)
    done: list[Signal | Stop] = field(default_factory=list)
    watchdog: Watchdog = field(default_factory=Watchdog)

    def run(self, *processes: Process) -> None:
        self._done(self.watchdog.running(processes, self.now))

    def hear(self, message: bytes, process: Process = BOT) -> list[Signal | Stop]:
        return self._done(self.watchdog.heard(process.pid, message, self.now))

    def after(self, seconds: float) -> list[Signal | Stop]:
        """What it does then, having slept until there was something to do."""
        done, end = [], self.now + seconds
        while (deadline := self.watchdog.deadline) is not None and deadline <= end:
            self.now = deadline
            done += self._done(self.watchdog.check(self.now))
        self.now = end
        return done + self._done(self.watchdog.check(self.now))

    def _done(self, actions: list[Say | Signal | Stop]) -> list[Signal | Stop]:
        self.said += [action for action in actions if isinstance(action, Say)]
        done = [action for action in actions if not isinstance(action, Say)]
        self.done += done
        return done


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.run(BOT)
    return scene


def test_nothing_happens_while_the_pings_come(scene: Scene) -> None:
    scene.hear(b"READY=1\nSTATUS=Connected to Discord, in 2 servers")
    for _ in range(100):
        assert scene.after(29.9) == []
        scene.hear(b"WATCHDOG=1")
    assert [say.text for say in scene.said] == [
        "Watching notetaker:notetaker-bot (process 41): it must send a ping every 30 s",
        "notetaker:notetaker-bot (process 41) is ready: Connected to Discord, in 2 servers",
    ]
    assert not any(say.urgent for say in scene.said)


@pytest.mark.parametrize("sign", [b"READY=1", b"WATCHDOG=1"])
def test_who_falls_silent_is_asked_for_its_stacks_and_killed_if_that_does_not_end_it(
    scene: Scene, sign: bytes
) -> None:
    scene.hear(b"STATUS=1 meeting, 4 people heard")
    scene.hear(sign)
    assert scene.after(29.9) == []
    assert scene.after(0.1) == ABORT
    assert scene.said[-1] == Say(
        "notetaker:notetaker-bot (process 41) has sent no ping for 30 s (last status: 1 meeting, 4 people heard): "
        "aborting it, see its log for stacks",
        urgent=True,
    )
    assert scene.after(ABORT_S - 0.1) == []
    assert scene.after(0.1) == KILL
    assert scene.said[-1].urgent
    assert scene.after(ABORT_S) == KILL, "supervisor may not have been listening"


def test_what_it_says_after_it_was_aborted_does_not_save_it(scene: Scene) -> None:
    scene.hear(b"READY=1")
    assert scene.after(30) == ABORT
    for sign in (b"WATCHDOG=1", b"READY=1", b"STOPPING=1", b"EXTEND_TIMEOUT_USEC=60000000"):
        scene.hear(sign)
    assert scene.after(ABORT_S) == KILL


def test_a_new_process_of_the_same_name_has_nothing_to_do_with_the_old_one(scene: Scene) -> None:
    scene.hear(b"READY=1")
    assert scene.after(30) == ABORT
    new = Process(BOT.name, 77, 30.0)
    scene.run(new)
    assert scene.hear(b"READY=1", BOT) == []
    assert scene.after(FIRST_SIGN_S - 0.1) == []
    scene.hear(b"READY=1", new)
    assert scene.after(29.9) == []
    assert scene.after(0.1) == ABORT


def test_a_process_that_has_ended_is_left_alone(scene: Scene) -> None:
    scene.hear(b"READY=1")
    scene.run()
    assert scene.watchdog.deadline is None
    assert scene.after(1000) == []


def test_the_first_sign_is_told_even_if_nobody_listened_when_it_was_ready(scene: Scene) -> None:
    scene.hear(b"WATCHDOG=1")
    scene.hear(b"WATCHDOG=1")
    assert [say.text for say in scene.said[1:]] == ["notetaker:notetaker-bot (process 41) is sending pings"]


def test_being_told_again_that_it_runs_is_no_sign_of_life(scene: Scene) -> None:
    scene.hear(b"READY=1")
    assert scene.after(20) == []
    scene.run(BOT)
    assert scene.after(10) == ABORT


def test_the_first_sign_may_take_longer(scene: Scene) -> None:
    assert scene.after(FIRST_SIGN_S - 0.1) == []
    assert scene.after(0.1) == ABORT
    assert "has not sent a ping yet" in scene.said[-1].text


@pytest.mark.parametrize(("age_s", "left_s"), [(100.0, FIRST_SIGN_S - 100.0), (1e6, BOT.timeout_s)])
def test_a_watchdog_that_comes_late_does_not_begin_from_the_beginning(age_s: float, left_s: float) -> None:
    scene = Scene()
    scene.run(replace(BOT, age_s=age_s))
    assert scene.after(left_s - 0.1) == []
    assert scene.after(0.1) == ABORT


def test_who_needs_even_longer_at_the_start_says_so(scene: Scene) -> None:
    scene.hear(b"EXTEND_TIMEOUT_USEC=600000000")
    assert scene.after(599.9) == []
    assert scene.after(0.1) == ABORT


def test_an_extension_never_shortens_a_deadline(scene: Scene) -> None:
    scene.hear(b"EXTEND_TIMEOUT_USEC=1")
    assert scene.after(FIRST_SIGN_S - 0.1) == []


def test_who_is_up_cannot_talk_itself_out_of_pinging(scene: Scene) -> None:
    scene.hear(b"READY=1")
    scene.hear(b"EXTEND_TIMEOUT_USEC=600000000")
    assert scene.after(30) == ABORT


def test_who_stops_need_not_ping_but_must_come_to_an_end(scene: Scene) -> None:
    scene.hear(b"READY=1")
    scene.hear(b"STOPPING=1\nSTATUS=Leaving voice channels")
    assert scene.said[-1].text.endswith("is stopping: Leaving voice channels")
    assert scene.after(STOPPING_S - 1) == []
    scene.run(BOT)
    scene.hear(b"WATCHDOG=1")  # one that was on its way
    scene.hear(b"EXTEND_TIMEOUT_USEC=20000000")
    assert scene.after(19.9) == []
    assert scene.after(0.1) == ABORT
    assert "does not stop" in scene.said[-1].text


def test_whom_supervisor_stops_need_not_ping_either(scene: Scene) -> None:
    scene.hear(b"READY=1")
    assert scene.after(20) == []
    scene.run(replace(BOT, stopping=True))
    assert scene.after(20) == []
    scene.run(replace(BOT, stopping=True))
    scene.hear(b"WATCHDOG=1")
    assert scene.after(STOPPING_S - 20.1) == []
    assert scene.after(0.1) == ABORT
    assert "does not stop" in scene.said[-1].text
    scene.run(replace(BOT, stopping=True))
    assert scene.after(ABORT_S) == KILL


def test_a_reload_is_told_and_the_pings_go_on(scene: Scene) -> None:
    scene.hear(b"READY=1")
    scene.hear(b"RELOADING=1\nMONOTONIC_USEC=123")
    scene.hear(b"READY=1\nSTATUS=Fresh")
    assert [say.text.partition(") ")[2] for say in scene.said[1:]] == [
        "is ready",
        "is reloading its settings",
        "is ready: Fresh",
    ]
    assert scene.after(30) == ABORT


def test_each_process_has_its_own_limit() -> None:
    scene = Scene()
    scene.run(BOT, WORKER)
    scene.hear(b"READY=1", BOT)
    scene.hear(b"READY=1", WORKER)
    for _ in range(2):
        assert scene.after(29) == []
        scene.hear(b"WATCHDOG=1", BOT)
    assert scene.after(2) == [Signal(WORKER.name, signal.SIGABRT), Signal(WORKER.name, signal.SIGCONT)]


def test_strangers_do_not_count(scene: Scene) -> None:
    scene.hear(b"READY=1")
    assert scene.watchdog.heard(4711, b"WATCHDOG=1\nREADY=1\nSTATUS=trust me", scene.now) == []
    assert scene.after(30) == ABORT


def test_a_status_cannot_forge_log_lines(scene: Scene) -> None:
    scene.hear(b"READY=1\nSTATUS=fine\r\x1b[2J\xff" + b"x" * 4000)
    text = scene.said[-1].text
    assert text.isprintable()
    assert len(text) < 300


def start_again(scene: Scene, times: int, program: Process = BOT, *, ready: bool = False) -> None:
    for number in range(times):
        process = replace(program, pid=1000 + number)
        scene.run(process)
        scene.run(process)  # the same one
        if ready:
            scene.hear(b"READY=1", process)
            scene.hear(b"READY=1", process)  # a reload is no start


@pytest.mark.parametrize("ready", [False, True])
def test_a_bot_that_logs_in_again_and_again_is_stopped_before_discord_resets_its_token(ready: bool) -> None:
    scene = Scene()
    start_again(scene, STARTS_A_DAY, ready=ready)
    assert scene.done == []
    scene.run(BOT)
    assert scene.done == [Stop(BOT.name)]
    [alarm] = [say.text for say in scene.said if say.urgent]
    assert alarm.endswith("supervisorctl start notetaker:notetaker-bot")
    start_again(scene, STARTS_A_DAY, ready=ready)
    assert scene.done == [Stop(BOT.name)], "who starts it then gets a new chance"


def test_a_worker_may_start_as_often_as_it_needs() -> None:
    scene = Scene()
    start_again(scene, STARTS_A_DAY + 1, replace(WORKER, logs_in=False))
    assert scene.done == []


def test_starts_of_yesterday_are_forgotten() -> None:
    scene = Scene()
    start_again(scene, STARTS_A_DAY)
    scene.run()
    scene.after(DAY_S)
    start_again(scene, STARTS_A_DAY)
    assert scene.done == []


LINES = st.sampled_from(
    [
        b"READY=1",
        b"WATCHDOG=1",
        b"STOPPING=1",
        b"RELOADING=1",
        b"STATUS=x",
        b"EXTEND_TIMEOUT_USEC=99999999999999999999",
    ]
)


@given(st.lists(st.one_of(st.binary(max_size=50), LINES), max_size=30))
def test_whatever_it_hears_only_silence_is_punished(messages: list[bytes]) -> None:
    scene = Scene()
    scene.run(BOT)
    for message in messages:
        assert scene.hear(message) == []
        deadline = scene.watchdog.deadline
        assert deadline is not None
        assert deadline >= scene.now + BOT.timeout_s
