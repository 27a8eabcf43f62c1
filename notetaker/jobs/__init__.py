"""Durable jobs, which the bot requests and the workers do, even if either is killed in between.

A *job* is a DBOS workflow named after its subject: ``transcribe:<utterance id>`` makes a draft, ``refine:<batch>``
the final texts of some utterances of one speaker, ``minutes:<meeting id>.<part>`` the minutes of some minutes of
talk, ``finish:<meeting id>`` the notes.
A job may be killed and restarted at any instant. All its effects are idempotent, so it always runs from its
beginning, and requesting it twice is the same as once.

Reading order: ``database`` (where jobs are stored), ``queue`` (the bot's side, which requests jobs), ``workflows``
(what the jobs do), ``so_far`` and ``minutes`` (what they do about notes), ``batches`` and ``languages`` (what is
transcribed together, and in which language), ``transcriber`` and ``speech_process`` (the engine, in separate
processes), ``search`` (the index of what was said, and looking in it), ``slots`` (which workers are alive),
``worker`` (the worker's side, which runs jobs and takes over those of dead workers).
"""
