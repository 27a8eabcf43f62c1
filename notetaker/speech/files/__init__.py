"""Audio and video files to text: ``notetaker transcribe``.

``media`` reads the sound, ``utterances`` cuts it at pauses, ``transcript`` has it recognised and makes segments of
the words, ``formats`` and ``subtitles`` write them. A file is read as a stream, so that hours of it take no more
memory than minutes.
"""
