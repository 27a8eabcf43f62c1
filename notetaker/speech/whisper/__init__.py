"""Whisper (OpenAI, 2022) on CTranslate2, and no more of it than meetings need.

``features``  sound -> the log-mel spectrogram that the encoder takes
``tokens``    text -> tokens, tokens -> words
``packing``   several clips of one speaker -> windows that the model listens to at once, and words back to clips
``engine``    :class:`~notetaker.speech.whisper.engine.Whisper`, the engine
"""
