"""Durable jobs: what the bot asks for and the workers do, whoever is killed in between.

A *job* is a DBOS workflow, named by what it works on: ``transcribe:<utterance id>`` makes a draft, ``refine:<batch>``
the final texts of some utterances of one speaker, ``finish:<meeting id>`` the notes.
It may be started, killed and started again at any instant: all its effects are idempotent, so it runs from its
beginning each time, and asking for it twice is asking once.

Reading order: ``database`` (where jobs are kept), ``queue`` (the bot's side: asking), ``workflows`` (what is
done), ``batches`` and ``languages`` (what is transcribed together, and in which language), ``transcriber`` and
``speech_process`` (the engine, in processes of its own), ``slots`` (which worker is alive), ``worker`` (the worker's
side: doing, and taking over for the dead).
"""
