"""Speech to text, in the worker. Reading order:

``decode``        Opus packets of an utterance -> 16 kHz mono PCM; ``libopus`` is the decoder
``engine``        the interface of an engine: clips in, words with times out
``recogniser``    runs an engine with the help of ``vad`` (is there speech?), ``passages`` (speech without a pause,
                  cut at the best place) and ``guards`` (signs of invented text)
``engines``       the list of engines, and the choice of one by the settings
``whisper``       the default engine; ``models`` pulls its models
``remote``        servers with OpenAI's API; ``onnx`` is Parakeet and others; ``pocketsphinx`` is the last resort
``files``         audio and video files, for ``notetaker transcribe``

An engine is imported only when it is chosen.
"""
