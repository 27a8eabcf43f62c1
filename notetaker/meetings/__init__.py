"""A meeting's life in the bot, from the command that starts it to the notes that are posted.

Reading order: ``commands`` (what people ask for), ``recordings`` (the meetings being recorded), ``live`` (one
of them: voice session in, journal and utterances out), ``saving`` (into journal, store and job queue), ``recovery``
and ``resuming`` (meetings that a crash or a restart interrupted), ``posting`` (notes out, once).
"""
