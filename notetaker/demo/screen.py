"""What the terminal shows: a line for everything that happens, and below, who is in the channel and who speaks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from notetaker.demo.place import VOICE_CHANNEL, Event, Place

CLOSE_CODES = {4006: "session no longer valid", 4014: "disconnected"}
"""What the close codes of the voice gateway mean."""

USES = {"command": "types /{}", "component": "presses {}", "modal": "fills in {}"}
"""What a person does, by the kind of the interaction."""


class Screen:
    """An animated screen on a terminal; elsewhere only the lines are printed."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._started = time.monotonic()
        self._speaking: dict[str, bool] = {}
        """By name, for everybody in the channel."""
        self._messages: dict[str, tuple[str, str]] = {}
        """By id, how messages begin and end."""
        self._waiting_for = ""
        self._progress: tuple[float, float] | None = None
        """Seconds of the meeting so far, and in total."""
        self._live = Live(
            get_renderable=self._lower_part, console=console, refresh_per_second=8, transient=True
        )

    def __enter__(self) -> "Screen":
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def line(self, who: str, what: str, style: str = "") -> None:
        """Print one thing that happened."""
        seconds = time.monotonic() - self._started
        text = Text(f"{seconds:5.1f} s  ", "dim")
        text.append(f"{who:<10} ", f"bold {style}".strip())
        text.append(what, style)
        self.console.print(text, soft_wrap=not self.console.is_terminal)

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show what is being waited for, and afterwards how long it took."""
        self._waiting_for = what
        started = time.monotonic()
        try:
            yield
        finally:
            self._waiting_for = ""
        self.line("demo", f"{what}: {time.monotonic() - started:.1f} s", "dim")

    def progress(self, seconds: float, of: float) -> None:
        """Show how far the meeting is."""
        self._progress = (min(seconds, of), of)

    def event(self, event: Event, place: Place) -> None:
        """Show an event of the local Discord."""
        is_bot = place.is_of_bot(event)
        name = str(event.get("user") or event.get("author") or event.get("name") or "")
        match event["event"]:
            case "voice_state" if event["channel_id"] != event["previous_channel_id"]:
                if event["channel_id"]:
                    self._speaking[name] = False
                    self.line(name, f"joins {event['channel']}", "green")
                else:
                    self._speaking.pop(name, None)
                    self.line(name, "leaves the voice channel", "yellow")
            case "speaking" if not is_bot:
                self._speaking[name] = bool(event["speaking"])
            case "voice_close" if is_bot and event["code"] != 1000:
                meaning = CLOSE_CODES.get(event["code"], event["reason"])
                self.line("Discord", f"closes {name}'s voice websocket: {event['code']} {meaning}", "red")
            case "voice_identified" if is_bot:
                self.line("Discord", f"accepts {name}'s voice connection", "green")
            case "dave_epoch":
                count = len(event["members"])
                self.line(
                    "Discord", f"end-to-end encryption: epoch {event['epoch']}, {count} members", "magenta"
                )
            case "interaction":
                self.line(name, USES[event["kind"]].format(event["name"]), "cyan")
            case "message_create" | "message_update" if event["content"]:
                self._message(name, event, place)

    def _message(self, author: str, event: Event, place: Place) -> None:
        """Print the first line of a message, and of one that grows, the last."""
        lines = str(event["content"]).splitlines()
        known = self._messages.get(str(event["message_id"]))
        if known is None or known[0] != lines[0][:20]:
            extras = [file["filename"] for file in event["attachments"]] + _buttons(event["components"])
            shown = place.readable(lines[0]) + "".join(f"  [{extra}]" for extra in extras)
            self.line(author, f"posts: {shown}", "cyan")
        elif known[1] != lines[-1]:
            self.line(author, f"shows: {place.readable(lines[-1])}", "cyan")
        self._messages[str(event["message_id"])] = lines[0][:20], lines[-1]

    def _lower_part(self) -> RenderableType:
        people = Table.grid(padding=(0, 3))
        people.add_row(
            *(
                Text(f"● {name}", "bold green") if speaks else Text(f"○ {name}", "dim")
                for name, speaks in self._speaking.items()
            )
        )
        title = VOICE_CHANNEL
        if self._progress is not None:
            title += " · {:.0f} of {:.0f} s".format(*self._progress)
        parts: list[RenderableType] = [Panel(people, title=title, title_align="left", width=76)]
        if self._waiting_for:
            parts.append(Spinner("dots", text=self._waiting_for))
        return Group(*parts)


def _buttons(components: list[Event]) -> list[str]:
    """Return what is written on the buttons and menus of a message."""
    shown = [child for row in components for child in row["components"]]
    return [str(one.get("label") or one.get("placeholder") or one["custom_id"]) for one in shown]
