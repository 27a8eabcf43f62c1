"""Python imports this as it starts a process that has this folder in PYTHONPATH (module site): all that tests start.

AT_START is code to run before the program's own. Nothing of it is in production.
"""

import os

# Tests run beside each other, so the processors are never idle: a speech process that left them to others would
# hardly get on.
os.nice = lambda increment: os.getpriority(os.PRIO_PROCESS, 0)

exec(os.environ.get("AT_START", ""))
