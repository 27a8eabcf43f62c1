"""The handshake of a voice session, a step at a time, each with its deadline.

In order::

    IDENTIFY   op 0 sent, op 2 awaited           who we are
    DISCOVER   UDP asked, answer awaited         which address the server sees us at
    SELECT     op 1 sent, op 4 awaited           mode and key
    VERIFY     op 5, silence, op 3; op 6 awaited the connection really answers
    GROUP      op 26 sent, op 29 or 30 awaited   we can decrypt; skipped where nobody is, or DAVE is not used
    ESTABLISHED
    RESUME     op 7 sent, op 9 awaited           the websocket was lost; sound goes on arriving meanwhile
"""

from enum import Enum

from notetaker.wire import discovery


class Step(Enum):
    """Where the session is; the value completes the sentence "... within n s"."""

    CONNECT = "the voice websocket did not open"
    IDENTIFY = "the voice server did not answer our identify with READY"
    DISCOVER = "the voice server did not answer IP discovery (is outgoing UDP blocked?)"
    SELECT = "the voice server did not send a session description"
    VERIFY = "the voice server did not acknowledge a heartbeat"
    GROUP = "nobody in the channel added us to the end-to-end encrypted group"
    ESTABLISHED = "established"
    RESUME = "the voice server did not resume the session"
    ENDED = "ended"


DEADLINES_S = {
    Step.CONNECT: 10.0,
    Step.IDENTIFY: 10.0,
    Step.DISCOVER: discovery.TRIES * discovery.RETRY_S,
    Step.SELECT: 10.0,
    Step.VERIFY: 10.0,
    Step.GROUP: 10.0,
    Step.RESUME: 5.0,
}
"""How long each step may take; the whole attempt has its own limit above them."""

RESUME_DELAYS_S = (0.0, 1.0, 2.0)
"""Before each try to resume. Discord keeps a lost session for some time, not documented how long."""
