"""Run the local Discord as a process: ``python -m notetaker.discordsim --state-dir DIR [--port N] [--seed N]``.

When it is ready, it prints one line of JSON with everything that a client needs, and writes the same to
``DIR/discordsim.json``. It runs until SIGTERM or SIGINT.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

from notetaker.discordsim.control.observation import describe
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.world import World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m notetaker.discordsim", description="A local Discord.")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder for ca.pem and discordsim.json")
    parser.add_argument("--port", type=int, default=0, help="HTTP port (default: a free one)")
    parser.add_argument(
        "--seed", type=int, help="the same seed gives the same ids and tokens (default: random)"
    )
    arguments = parser.parse_args()
    try:
        asyncio.run(serve(arguments.state_dir, arguments.port, World.demo(seed=arguments.seed)))
    except OSError as error:
        sys.exit(f"The local Discord cannot start: {error}.")


async def serve(state_dir: Path, port: int, world: World) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with LocalDiscord(state_dir=state_dir, port=port, world=world) as discord:
        ready = json.dumps(
            {
                "api_url": discord.api_url,
                "sim_url": f"{discord.world.cdn_url}/sim",
                "ca_file": str(discord.ca_file),
                **describe(discord.hub),
            }
        )
        _write(state_dir / "discordsim.json", ready)
        sys.stdout.write(ready + "\n")
        sys.stdout.flush()
        _notify_ready()
        await stopped.wait()


def _notify_ready() -> None:
    """Tell the process that started this one that it is ready (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", address.replace("@", "\0", 1))


def _write(path: Path, text: str) -> None:
    """Write a file at once, so that nobody reads half of it, and for its owner only, because it holds tokens."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(text + "\n")
    part.replace(path)


if __name__ == "__main__":
    main()
