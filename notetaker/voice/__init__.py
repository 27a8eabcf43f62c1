"""The asyncio shell around ``wire``: sockets and timers, what people want, and the task that makes it so.

Reading order:

``ports``       what voice needs from the main gateway, and the sink that takes what is heard
``timing``      the clock, and the lock that shows when its holder is stuck
``udp``         a non-blocking socket, drained in batches, each datagram stamped on arrival
``websocket``   the voice websocket: TLS, time limits, one writer
``connection``  one voice session: feeds the machine, carries out its commands
``presence``    what the main gateway says about us in a guild; ``duplicate_bot``: is it us?
``reception``   what is heard: one connection at a time, and the sink
``attempts``    an attempt, a round of them (``backoff``), other voice regions (``regions``)
``decision``    what to do, as a function of the facts
``guild``       what people want in one guild, and the keeper that makes it so; ``retry_hold``, ``downtime``
``manager``     all guilds, and the monitor of their health; ``settings``; ``status``: how they are doing
``trace``       a record of every step, for ``notetaker voice-trace``
"""
