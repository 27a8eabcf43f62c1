"""Whisper (OpenAI, 2022) on CTranslate2, limited to what meetings need.

``features``  sound -> the log-mel spectrogram for the encoder
``tokens``    text -> tokens, tokens -> words
``packing``   several clips of one speaker -> windows for the model, and words back to clips
``engine``    :class:`~notetaker.speech.whisper.engine.Whisper`, the engine
"""
