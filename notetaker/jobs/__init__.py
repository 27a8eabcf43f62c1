"""Durable jobs: what the bot asks for and the workers do, whoever is killed in between.

A *job* is a DBOS workflow, named by what it works on: ``transcribe:<utterance id>``, ``finish:<meeting id>``.
It may be started, killed and started again at any instant: all its effects are idempotent, so it runs from its
beginning each time, and asking for it twice is asking once.

Reading order: ``database`` (where jobs are kept), ``queue`` (the bot's side: asking), ``workflows`` (what is
done), ``transcriber`` and ``transcriber_child`` (the engine, in a process of its own), ``slots`` (which worker
is alive), ``worker`` (the worker's side: doing, and taking over for the dead).
"""
