"""The voice half of the local Discord: voice gateway v8, the UDP forwarder (SFU) and the DAVE v1 delivery service.

It knows users by id only. Reading order: ``protocol`` (its numbers and messages), ``server`` (what the rest of the
local Discord uses), ``connection`` (one websocket), ``switchboard`` (all sessions and channels), ``session`` (one
user's stay in a channel), ``channel`` (who is together), ``group`` (the DAVE group, a pure state machine) with
``mls`` and ``transitions`` below it, ``sfu`` (audio) with ``rtp``, ``aead``, ``renumber`` and ``route`` below it,
``faults`` and ``script`` (what goes wrong on purpose).
"""
