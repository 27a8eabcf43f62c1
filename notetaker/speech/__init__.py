"""Speech to text, in the worker. Reading order:

``decode``        Opus packets of an utterance -> 16 kHz mono PCM, silence where packets are missing
``engine``        what an engine is, and :func:`~notetaker.speech.engine.load`, which makes one by its name
``pocketsphinx``  the built-in engine: small, offline, its English model comes with its wheel

An engine is one small file, imported only when it is asked for.
"""
