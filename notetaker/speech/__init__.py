"""Speech to text, in the worker. Reading order:

``decode``        Opus packets of an utterance -> 16 kHz mono PCM; ``libopus`` is the decoder
``engine``        what an engine is: clips in, words with times out
``recogniser``    what surrounds an engine: ``vad`` (does anybody speak?), ``passages`` (speech without a pause, cut
                  where an engine hears it best), ``guards`` (what gives an invention away)
``engines``       which engines there are, and which one the settings mean
``whisper``       the engine that a newcomer gets; ``models`` has what it needs
``remote``        any server that speaks OpenAI's API; ``onnx`` Parakeet and others; ``pocketsphinx`` the last resort
``files``         recordings of any kind, for ``notetaker transcribe``

An engine is imported only when it is asked for.
"""
