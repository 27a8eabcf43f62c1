"""The voice half of the local Discord: voice gateway v8, the UDP forwarder (SFU) and the DAVE v1 delivery service.

Reading order: `server` (what the rest of the local Discord talks to) - `connection` (one websocket) -
`switchboard` (everybody who is in voice) - `session` (one user's stay in a channel; it outlives websockets) -
`channel` (who is together) - `group` (the DAVE group, a pure state machine) with `mls` below it - `sfu` (audio)
with `rtp`, `aead` and `renumber` below it - `faults` (what goes wrong on purpose).
"""
