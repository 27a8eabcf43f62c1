"""Benchmarks: ours beside others and beside the bare primitives. Run with ``scripts/bench``.

Reading order:

``sound``       what people say: real speech, encoded as Discord clients do
``studio``      a local Discord with people in voice channels, whose packets are sealed beforehand and sent at once
``contender``   a receiver in a process of its own, driven by lines of JSON
``ours``, ``floor``, ``pycord``, ``discordjs.mjs``   the contenders, unmodified libraries in their own processes
``receive``, ``capacity``, ``join``, ``memory``, ``disk``   one benchmark each
``speech/``     another one, of what becomes of sound: transcribing it, beside other programs
``report``      the result as a table
"""
