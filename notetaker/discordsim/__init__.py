"""A Discord small enough to run in a process, for the demo and the tests. Production never imports it.

Unmodified clients (py-cord, discord.py, discord.js) log in to it as to Discord, at another address. It shares no code
with what it tests.

``server``    all of it in one object, ``LocalDiscord``; ``__main__`` runs it as a process
``control``   the control API under ``/sim/``: watching it, using it as a person, making it fail
``rest``      the REST API
``hub``       the parts that request handlers use
``messages``  what clients may send, and what becomes of it
``gateway``   the main gateway, version 10
``voice``     the voice server: gateway version 8, UDP, DAVE
``world``     who and what exists, without I/O
``speaker``   a person's client, which speaks in voice

Imports point down this list (``.importlinter``), so read it from the end. ``errors``, ``http``, ``tasks`` and ``tcp``
are shared tools.
"""
