"""Clients that nobody here wrote, in one call with our bot and with each other: `scripts/interop`.

Reading order: `place` (accounts, guilds and channels; the variants of a call) - `client` (a client as a process, and
how one talks to it) with `clients/` behind it - `bot` (ours) - `call` (one speaker, everybody else listens) -
`verdict` (do the packets heard equal the packets sent) - `journals` (tshark's opinion) - `matrix` (all calls, the
table) - `gateway` (what discord.js says about main gateway and REST) - `__main__`.
"""
