"""Discord's voice protocol as a pure machine: bytes and time in, commands and events out.

No sockets, asyncio, clocks or logging here; nothing from the network can raise out of it.

Reading order:

``whereabouts``  what the main gateway says about us: the matching pair of events
``session``      one voice session, the only class that the shell drives
                 ``commands``: what it asks of the shell; ``events``: what has happened
``handshake``    its steps, each with a deadline
``messages``     the voice websocket's messages, JSON and binary; ``opcodes``, ``heartbeat``
``discovery``    the address at which the server sees us
``receiver``     a datagram's whole way, in the one right order; packets wait for a speaker or a key
``rtp``          header, extension and padding; ``transport``: the cipher around them
``stream``       one SSRC: replay window, outcomes; ``losses``: packets that never arrived
``dave``         end-to-end encryption: the MLS group and the key of each speaker
                 ``dave_messages``: what the gateway says about it; ``decrypt_watch``: when to rejoin it
``explanations`` what to tell people about a failure
"""
