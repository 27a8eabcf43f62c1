"""From transcribed utterances to what people read. Pure: values in, values and Markdown out. Reading order:

``merge``      puts the utterances of all speakers in order: a :class:`~notetaker.model.transcript.Transcript`
``summary``    makes the built-in, extractive notes; ``cues`` finds decisions and tasks
``citations``  checks that every item of the notes cites utterances that exist
``render``     writes the Discord message and the transcript attached to it; it uses ``turns`` (lines joined for
               reading), ``coverage`` (how much was heard), ``gaps`` (when it was not), ``wording`` (times and
               sentences), ``dates`` (dates in the meeting's language) and ``markdown`` (escaping)
"""
