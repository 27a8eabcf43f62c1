"""Transcribes audio and video files, for ``notetaker transcribe``.

``media`` reads the sound, ``utterances`` cuts it at pauses, ``transcript`` turns it into segments, ``formats`` and
``subtitles`` write them. Files are streamed, so that hours of sound take no more memory than minutes.
"""
