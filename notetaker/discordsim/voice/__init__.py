"""The voice half of the local Discord: voice gateway v8, the UDP forwarder (SFU) and the DAVE v1 delivery service.

Reading order: `server` (what the rest of the local Discord talks to) - `connection` (one websocket) -
`session` (one user's stay in a channel; it outlives websockets) - `channel` (who is together) - `sfu` (audio)
with `rtp` and `aead` below it - `group` (the DAVE group, a pure state machine) with `mls` below it - `faults`.
"""
