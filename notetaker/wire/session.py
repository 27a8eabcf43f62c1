"""One voice session: the machine that the shell drives with bytes and time.

The shell calls ``websocket_opened``, ``receive_text``, ``receive_binary``, ``receive_datagram``,
``websocket_closed`` and ``handle_timeout``. After each call it carries out ``take_commands``, deals with
``take_events``, and calls ``handle_timeout`` again at ``next_timeout``.

The steps of the handshake, each with its deadline, are in ``handshake``.
"""

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from notetaker.model.failure import ABNORMAL, Failure, Rung, Step
from notetaker.wire import dave_messages, discovery, handshake_messages, messages, speaker_messages
from notetaker.wire.commands import Command, OpenUdp, Reconnect, SendBinary, SendDatagram, SendText
from notetaker.wire.dave import IN_FLIGHT_S, MAX_RECOVERIES, TRANSITION_S, DaveGroup, Outgoing
from notetaker.wire.decrypt_watch import Advice, DecryptWatch
from notetaker.wire.events import Ended, Established, Event, PathDead, Resumed, SpeakerLeft
from notetaker.wire.handshake import DEADLINES_S, LASTING_S, OTHERS_S, RESUME_DELAYS_S
from notetaker.wire.heartbeat import Heartbeat
from notetaker.wire.messages import Message, Numbers
from notetaker.wire.opcodes import Op
from notetaker.wire.path import PACES, Paces, PathWatch
from notetaker.wire.patience import Patience
from notetaker.wire.receiver import Receiver
from notetaker.wire.silence import Silence
from notetaker.wire.transport import MODES, choose_mode
from notetaker.wire.whereabouts import Credentials


class VoiceSession:
    def __init__(
        self, credentials: Credentials, now: float, patience: Patience | None = None, paces: Paces = PACES
    ) -> None:
        """``patience`` is that of earlier sessions in the same guild."""
        self.credentials = credentials
        self.dave = DaveGroup(credentials.user_id, credentials.channel_id)
        self.receiver = Receiver(self.dave)
        self.decrypt_watch = DecryptWatch(self.dave, patience or Patience())
        self.heartbeat = Heartbeat()
        self.path = PathWatch(paces)
        self.step = Step.CONNECT
        self.mode: str | None = None
        self.ssrc: int | None = None
        self.resumes = 0
        """How often the session has continued over a new websocket."""
        self.malformed = 0
        """Messages from the server that could not be understood."""
        self.repeated = 0
        """Messages that were ignored, because their number had been seen. Resumes bring some."""
        self._deadline: float | None = now + DEADLINES_S[Step.CONNECT]
        self._others_due: float | None = None  # until when opcode 11 is awaited
        self._numbers = Numbers()
        self._resume_tries = 0  # since a websocket lasted
        self._lasts_at = now
        self._silence: Silence | None = None
        self._commands: list[Command] = []
        self._events: list[Event] = []
        self._handlers: dict[int, Callable[[Any, float], None]] = {
            Op.HELLO: self._on_hello,
            Op.READY: self._on_ready,
            Op.SESSION_DESCRIPTION: self._on_session_description,
            Op.HEARTBEAT: self._on_heartbeat,
            Op.HEARTBEAT_ACK: self._on_heartbeat_ack,
            Op.RESUMED: self._on_resumed,
            Op.SPEAKING: partial(self._on_named, speaker_messages.speaking),
            Op.VIDEO: partial(self._on_named, speaker_messages.video),
            Op.CLIENTS_CONNECT: self._on_clients_connect,
            Op.CLIENT_DISCONNECT: self._on_client_disconnect,
            **{op: partial(self._on_dave, handle) for op, handle in dave_messages.HANDLERS.items()},
        }

    # Driven by the shell

    def websocket_opened(self, now: float) -> None:
        if self.step is Step.ENDED:
            return
        if self.step is Step.RESUME:
            self._enter(Step.RESUME, now)
            self._send(Op.RESUME, handshake_messages.resume(self.credentials, self._numbers.last))
        else:
            self._enter(Step.IDENTIFY, now)
            self._send(Op.IDENTIFY, handshake_messages.identify(self.credentials))

    def websocket_closed(self, code: int | None, now: float) -> None:
        """Take note that the server closed it with ``code``, or that it was cut (None)."""
        self._lose_websocket(Failure(self.step, code or ABNORMAL), now)

    def websocket_failed(self, detail: str, now: float) -> None:
        """Take note that it could not be opened; ``detail`` is a sentence."""
        timed_out = self._deadline is not None and now >= self._deadline
        self._lose_websocket(Failure(self.step, timed_out=timed_out, detail=detail), now)

    def receive_text(self, text: str, now: float) -> None:
        self._receive(messages.parse_text(text), binary=False, now=now)

    def receive_binary(self, data: bytes, now: float) -> None:
        self._receive(messages.parse_binary(data), binary=True, now=now)

    def receive_datagram(self, data: bytes, now: float) -> None:
        established = self.step is Step.ESTABLISHED
        if not established and self._is_discovery(data, now):
            return
        if data[:1] < b"\x80" and self.path.answer(data, now):  # all of RTP begins with its version, 2
            return
        frame = self.receiver.receive(data, now)
        if frame is not None:
            self._events.append(frame)
        elif (refused := self.receiver.take_refused()) is not None:
            self._on_refused(refused, now)
        if not established:
            self._establish(now)  # that a frame was decrypted is proof enough
            if self.step is Step.ENDED:  # what the socket still had
                self._events += self.receiver.give_up_all()

    def handle_timeout(self, now: float) -> None:
        if self.step is Step.ENDED:
            return
        if self._deadline is not None and now >= self._deadline:
            if self.step is not Step.GROUP:
                self._lose_websocket(Failure(self.step, timed_out=True), now)
                return
            self._let_in(now)
            self._established(now)
        if self.heartbeat.due is not None and now >= self.heartbeat.due:
            if self.heartbeat.dead:
                detail = "The voice server stopped acknowledging heartbeats."
                self._lose_websocket(Failure(self.step, timed_out=True, detail=detail), now)
                return
            self._beat(now)
        if self._others_due is not None and now >= self._others_due:
            self._others_due = None
            self._establish(now)
        if self.path.due is not None and now >= self.path.due:
            self._probe(now)
        if self.decrypt_watch.due is not None and now >= self.decrypt_watch.due:
            self._follow(self.decrypt_watch.handle_timeout(now), now)
        if self.dave.recovery_due is not None and now >= self.dave.recovery_due:
            self._dave(self.dave.recover(now), now)
        self._events += self.receiver.expire(now)

    def next_timeout(self) -> float | None:
        if self.step is Step.ENDED:
            return None
        times = (
            self._deadline,
            self._others_due,
            self.heartbeat.due,
            self.path.due,
            self.decrypt_watch.due,
            self.receiver.next_expiry,
            self.dave.recovery_due,
        )
        return min([time for time in times if time is not None], default=None)

    def take_commands(self) -> list[Command]:
        commands, self._commands = self._commands, []
        return commands

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call. When the session ends, all losses come before the end."""
        events, self._events = self._events, []
        return events

    @property
    def unproven_since(self) -> float | None:
        """Until when sound could reach us over UDP, as far as we know; None if it still seems to."""
        since = self.path.unproven_since
        return None if since is None or self.receiver.heard_at > since else since

    def end(self, detail: str) -> None:
        """End the session ourselves."""
        self._end(Failure(self.step, detail=detail))

    # Steps

    def _enter(self, step: Step, now: float) -> None:
        self.step = step
        self._deadline = now + DEADLINES_S[step] if step in DEADLINES_S else None

    def _lose_websocket(self, failure: Failure, now: float) -> None:
        """Resume where that can help: UDP, keys and DAVE state do not depend on the websocket (eris#1448)."""
        tries = self._resume_tries
        up = self.step in (Step.ESTABLISHED, Step.RESUME)
        resumable = failure.close_code is None or failure.rung is Rung.RESUME
        if not up or not resumable or tries == len(RESUME_DELAYS_S):
            self._end(failure)
            return
        self._resume_tries += 1
        self.decrypt_watch.severed()
        self.heartbeat.stop()
        self.step, self._deadline = Step.RESUME, None  # the shell limits the time that opening takes
        self._commands.append(Reconnect(RESUME_DELAYS_S[tries]))

    def _on_resumed(self, data: Any, now: float) -> None:
        if self.step is not Step.RESUME:
            return
        self.resumes += 1
        self._lasts_at = now + LASTING_S
        self._enter(Step.ESTABLISHED, now)
        self._send_silence()
        self.decrypt_watch.resumed(now)
        self.path.resumed()
        self._events.append(Resumed())

    def _end(self, failure: Failure) -> None:
        if self.step is Step.ENDED:
            return
        self.step = Step.ENDED
        self._events += self.receiver.give_up_all()
        self._events.append(Ended(failure))

    def _on_hello(self, data: Any, now: float) -> None:
        self.heartbeat.start(handshake_messages.hello(data), now)

    def _on_ready(self, data: Any, now: float) -> None:
        if self.step is not Step.IDENTIFY:
            raise ValueError
        ssrc, host, port, modes = handshake_messages.ready(data)
        self.ssrc = ssrc
        self.mode = choose_mode(modes)
        if self.mode is None:
            self.end(
                f"The voice server offers no encryption mode that we know (it offers {', '.join(modes)[:200]})."
            )
            return
        self._enter(Step.DISCOVER, now)
        self._commands.append(OpenUdp(host, port))
        self.path.discover(ssrc, now)

    def _is_discovery(self, data: bytes, now: float) -> bool:
        """Return True for the answer to IP discovery, after having used it."""
        if self.step is not Step.DISCOVER or self.ssrc is None:
            return False
        seen_as = discovery.parse_response(data, self.ssrc)
        if seen_as is not None:
            self.path.begin(seen_as, now)
            self._select_protocol(*seen_as, now)
        return seen_as is not None

    def _select_protocol(self, address: str, port: int, now: float) -> None:
        self._enter(Step.SELECT, now)
        data = {"address": address, "port": port, "mode": self.mode}
        self._send(Op.SELECT_PROTOCOL, {"protocol": "udp", "data": data})

    def _on_session_description(self, data: Any, now: float) -> None:
        if self.step is not Step.SELECT or self.ssrc is None:
            raise ValueError
        mode, key, version = handshake_messages.description(data)
        cipher = MODES[mode](key)
        self.mode = mode
        self._silence = Silence(self.ssrc, cipher)
        self.receiver.set_cipher(cipher)
        self.receiver.early_until = inf if version else -inf
        self._dave(self.dave.session_description(version), now)
        # Discord sends no audio to a client that has not spoken up, by opcode 5 and packets of its own.
        self._send(Op.SPEAKING, {"speaking": 0, "delay": 0, "ssrc": self.ssrc})
        self._send(Op.MEDIA_SINK_WANTS, {"any": 0})  # no video: a camera would fill our socket's buffer
        self._enter(Step.VERIFY, now)
        self.heartbeat.beat_now(now)

    def _on_heartbeat_ack(self, data: Any, now: float) -> None:
        nonce = data.get("t") if isinstance(data, dict) else data
        answers_newest = self.heartbeat.ack(nonce, now)
        if self.step is Step.ESTABLISHED and now >= self._lasts_at:
            self._resume_tries = 0
        if self.step is Step.VERIFY and answers_newest:
            self._enter(Step.GROUP, now)
            self._send_silence()
            self._others_due = now + OTHERS_S
            self._establish(now)

    def _establish(self, now: float) -> None:
        if self.step is Step.GROUP and self.dave.can_hear(sure=self._others_due is None):
            self._established(now)

    def _established(self, now: float) -> None:
        if self.dave.decrypted() and not self.dave.executed:
            self._let_in(now)  # others may be slower: from now on that is a loss
        self._enter(Step.ESTABLISHED, now)
        self.path.established(now)
        self._events.append(Established())

    def _send_silence(self) -> None:
        if self._silence is not None:
            self._commands += self._silence.next_frames()

    def _on_heartbeat(self, data: Any, now: float) -> None:
        self.heartbeat.alive()
        self._beat(now)

    # Speakers

    def _on_named(self, parse: Callable[[Any], tuple[int, int]], data: Any, now: float) -> None:
        user_id, ssrc = parse(data)
        if ssrc == 0 or user_id == self.credentials.user_id:
            return
        if "speaking" in data:  # opcode 5
            self.path.mark(user_id, now, self.receiver.heard_at, speaking=bool(data["speaking"]))
        self.dave.user_connected([user_id])
        self._events += self.receiver.name_speaker(ssrc, user_id, now)

    def _on_clients_connect(self, data: Any, now: float) -> None:
        users = speaker_messages.clients_connect(data)
        self.dave.user_connected(users)
        for user_id in users:
            self.receiver.user_is_back(user_id)

    def _on_client_disconnect(self, data: Any, now: float) -> None:
        user_id = speaker_messages.client_disconnect(data)
        if user_id == self.credentials.user_id:
            raise TypeError
        self.dave.user_disconnected(user_id)
        self.decrypt_watch.left(user_id)
        self.path.mark(user_id, now, self.receiver.heard_at, speaking=False)
        self.receiver.user_left(user_id, now)
        self._establish(now)
        self._events.append(SpeakerLeft(user_id, now))

    # DAVE

    def _on_dave(self, handle: dave_messages.Handler, data: Any, now: float) -> None:
        self._dave(handle(self.dave, data), now)

    def _on_refused(self, user_id: int, now: float) -> None:
        proved = self.heartbeat.proved if self.step is Step.ESTABLISHED else -inf
        self._follow(self.decrypt_watch.refused(user_id, now, proved), now)

    def _follow(self, advice: Advice | None, now: float) -> None:
        match advice:
            case Advice.PROBE if self.heartbeat.due is not None:
                self.heartbeat.beat_now(now)
            case Advice.RECOVER:
                self._dave(self.dave.recover(now), now)
            case Advice.END:
                self.end(
                    "The voices could no longer be decrypted, not even after rejoining the end-to-end encrypted"
                    " group."
                )

    def _dave(self, outgoing: list[Outgoing], now: float) -> None:
        for op, body in outgoing:
            if isinstance(body, bytes):
                self._commands.append(SendBinary(messages.binary(op, body)))
            else:
                self._send(op, body)
        if self.receiver.dave_generation != self.dave.generation:
            self._events += self.receiver.keys_changed()
            self.decrypt_watch.restart(now)
        if self.dave.epochs:
            self._let_in(now + (IN_FLIGHT_S if self.dave.executed else TRANSITION_S))
        if self.dave.beyond_recovery:
            self.end(f"Joining the end-to-end encrypted group failed {MAX_RECOVERIES + 1} times in a row.")
        self._establish(now)

    def _let_in(self, at: float) -> None:
        """From then on, others encrypt for us, too. The first time that they do counts."""
        self.receiver.early_until = min(self.receiver.early_until, at)

    # Inside

    def _receive(self, message: Message | None, *, binary: bool, now: float) -> None:
        if self.step is Step.ENDED:
            return
        if message is None:
            self.malformed += 1
            return
        if not self._numbers.take(message):
            self.repeated += 1
            return
        handler = self._handlers.get(message.op)
        if handler is None:
            return  # opcodes that do not concern a receiver, or new ones
        if binary != (Op.MLS_EXTERNAL_SENDER <= message.op <= Op.MLS_WELCOME):
            self.malformed += 1
            return
        try:
            handler(message.data, now)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self.malformed += 1

    def _send(self, op: Op, data: Any) -> None:
        self._commands.append(SendText(messages.text(op, data)))

    def _beat(self, now: float) -> None:
        self._send(Op.HEARTBEAT, {"t": self.heartbeat.beat(now), "seq_ack": self._numbers.last})

    def _probe(self, now: float) -> None:
        datagrams = self.path.handle(now, self.receiver.heard_at, self.heartbeat.proved)
        self._commands += map(SendDatagram, datagrams)
        if self.step is not Step.ESTABLISHED:
            return
        if self.path.dead is not None:
            self._events.append(PathDead(Failure(self.step, path=self.path.dead)))
        elif self.path.doubtful:
            self.heartbeat.beat_now(now)  # its answer tells whether the websocket is well
