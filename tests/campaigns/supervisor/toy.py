"""A process that pings until it is told to be silent."""

import faulthandler
import signal
import sys
import time

from notetaker.host.sd_notify import ServiceManager

silent = False


def be_silent(number: int, frame: object) -> None:
    """SIGUSR1: for good. SIGUSR2: also deaf to what asks for its stacks."""
    global silent
    silent = True
    if number == signal.SIGUSR2:
        faulthandler.disable()
        signal.signal(signal.SIGABRT, signal.SIG_IGN)


if __name__ == "__main__":
    faulthandler.enable(sys.stderr)
    signal.signal(signal.SIGUSR1, be_silent)
    signal.signal(signal.SIGUSR2, be_silent)
    supervisor = ServiceManager()
    supervisor.ready("Playing")
    while True:
        time.sleep(supervisor.ping_every_s)
        if not silent:
            supervisor.healthy()
