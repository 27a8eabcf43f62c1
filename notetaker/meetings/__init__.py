"""A meeting's life in the bot, from the command that starts it to the notes that are posted.

Reading order: ``commands`` (what people ask for), ``recordings`` (the meetings being recorded, and the loop that
looks after them), ``live`` (one of them: voice sessions in, journal and utterances out), ``attendance`` (the people
in its room; ``audience`` decides whether to record them), ``saving`` (its way into the ``storage``: journal,
store and job queue), ``recovery`` and ``resuming`` (meetings that a crash or a restart interrupted), ``posting``
(notes out, once). ``ports`` is what they need from voice and Discord.
"""
