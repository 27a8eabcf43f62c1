"""The asyncio shell around ``wire``: sockets and timers, attempts and locks.

Reading order:

``ports``       what voice needs from the main gateway, and whom it gives frames to
``udp``         a non-blocking socket, drained in batches, each datagram stamped on arrival
``websocket``   the voice websocket: TLS, time limits, one writer
``connection``  one voice session: feeds the machine, carries out its commands
``backoff``     how long to wait between attempts
``guild``       one guild: intent, lock, attempts, rounds, and taking up again what was lost
``manager``     all guilds
"""
