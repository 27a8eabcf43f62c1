"""A Discord small enough to run in a process, for the demo and the tests; production never imports it.

Unmodified clients (py-cord, discord.py, discord.js) log in to it, told apart from Discord by its address alone.
It shares no code with what it tests.

Reading order: `entities` (what exists), `permissions`, `world` (all of it, no I/O), `payloads` (as Discord's JSON);
`session`, `connection`, `gateway` (main gateway v10); `broadcast` (who hears of a change), `voicestates` (op 4);
`rest` (the frame of every request) and the `rest_*` modules (one resource each), `drafts` (messages as sent);
`usage`, `interactions` (commands used and answered); `events`, `control`, `control_voice`, `control_faults`
(watching it, moderating it and making it fail, /sim/), `outage`; `server` (all wired together). The voice half is
`voice`; `speaker` is a person's client.
"""
