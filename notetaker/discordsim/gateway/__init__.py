"""The main gateway, version 10.

Reading order: ``protocol`` (its numbers), ``session`` (what a client is owed), ``connection`` (one websocket),
``server`` (all of them), ``broadcast`` (who is sent which change), ``threads`` (who is in which thread),
``voice_states`` (who is in which voice channel), ``membership`` (who is in which guild).
"""
