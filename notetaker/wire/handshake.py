"""The steps of a voice session, and how long each may take.

In order::

    CONNECT     the websocket is being opened
    IDENTIFY    op 0 sent, op 2 awaited           who we are
    DISCOVER    UDP asked, answer awaited         the address at which the server sees us
    SELECT      op 1 sent, op 4 awaited           mode and key
    VERIFY      op 5, op 15, op 3; op 6 awaited   the connection really answers
    GROUP       op 26 sent, op 22 awaited         the others use keys that we have; not awaited when alone
    ESTABLISHED
    RESUME      op 7 sent, op 9 awaited           the websocket was lost; audio keeps arriving
"""

from notetaker.model.failure import Step
from notetaker.wire import discovery

DEADLINES_S = {
    # Discord answers opcode 4 within a second, or never
    **dict.fromkeys((Step.CREDENTIALS, Step.VOICE_STATE_UPDATE, Step.VOICE_SERVER_UPDATE), 10.0),
    Step.CONNECT: 10.0,
    Step.IDENTIFY: 10.0,
    Step.DISCOVER: discovery.TRIES * discovery.RETRY_S,
    Step.SELECT: 10.0,
    Step.VERIFY: 10.0,
    Step.GROUP: 5.0,
    Step.RESUME: 5.0,
}
"""How long each step may take. The attempt as a whole has a limit of its own. After ``GROUP`` the session is up all
the same: those who are there have no group for us, and the next one to come may have."""

OTHERS_S = 0.5
"""How long we must seem to be alone to believe it: opcode 11 may come after opcode 6, or not at all."""

RESUME_DELAYS_S = (0.0, 1.0, 2.0)
"""Pauses before each try to resume. Discord keeps a lost session for an undocumented time."""

LASTING_S = 5.0
"""How long a resumed websocket must answer to count as lasting; one lost sooner may be lost every time."""
