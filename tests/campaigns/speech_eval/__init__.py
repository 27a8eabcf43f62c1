"""How well speech becomes text, measured through the product's own path. Run with ``scripts/eval-speech``.

Reading order:

``recordings``   audio files and what is said in them
``client``       sound -> the packets that a Discord client sends of it: its pauses, its silence frames
``meeting``      those packets -> journal, utterances, drafts and final texts, as fast as the engine is
``transcriber``  the product's speech processes, with a clock and a scale
``score``        what was said beside what was heard
``noise``        sounds in which nobody speaks
``stage``        a local Discord with the real bot and a real worker, for what has to be measured in real time
``sentences``, ``folder``, ``nonspeech``, ``network``, ``live``   what is measured, one file each
``cli``          the command
"""
