"""Discord's voice protocol as a pure machine: told the bytes and the time, it answers with commands and frames.

No sockets, asyncio, clocks or logging here; nothing from the network can raise out of it.

Reading order:

``whereabouts``  what the main gateway says about us: the matching pair of events
``session``      one voice session, the only class the shell drives: bytes and time in, commands and frames out
``handshake``    its steps, each with a deadline
``messages``     the voice websocket's messages, JSON and binary; ``opcodes``, ``commands``, ``heartbeat``
``discovery``    which address the server sees us at
``receiver``     a datagram's whole way, in the one right order; packets held until a speaker or key is known
``rtp``          header, extension and padding; ``transport``: the cipher around them
``stream``       one SSRC: replay window, outcomes; ``losses``: what is missing from it, in stretches to be told
``dave``         end-to-end encryption: the MLS group and the key of each speaker
                 ``dave_messages``: what the gateway says about it; ``decrypt_watch``: when to rejoin it
``explanations`` what to tell people about a failure
"""
