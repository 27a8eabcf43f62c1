"""From transcribed utterances to what people read. Pure: values in, values and Markdown out. Reading order:

``merge``      utterances of all speakers in time order: the :class:`~notetaker.model.transcript.Transcript`
``summary``    the built-in, extractive notes; ``cues`` knows how people word decisions and tasks
``citations``  every item of the notes rests on utterances that exist
``render``     the Discord message, and the transcript document attached to it;
               ``turns`` joins lines for reading, ``coverage`` says how much was heard, ``gaps`` when it was not,
               ``wording`` times, durations and sentences, ``dates`` dates in the language of the meeting,
               ``markdown`` what makes foreign text harmless
"""
