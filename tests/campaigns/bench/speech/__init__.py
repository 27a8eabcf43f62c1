"""What an hour of speech costs to transcribe: notetaker beside other programs with the same weights.

Reading order:

``clips``         the speech: utterances of the demo's people, and of recordings that somebody brings
``passes``        what the contenders share: they hear clips, and read what it cost them
``ours``, ``sphinx``, ``fasterwhisper``, ``whispercpp``   the contenders, each in a process of its own
``ggml``          a model for CTranslate2, converted into the format of whisper.cpp
``environment``   where the libraries of others are installed, apart from the project's
``entries``       who takes part
``listener``      a contender's process, seen from here
``tally``         what it cost, and how many words are wrong
``stage``         everyone who takes part, and the rounds that they hear
``benchmark``     the benchmark, and its table

This file stays empty of imports: contenders run where the project's packages are not installed.
"""
