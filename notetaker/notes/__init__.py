"""From transcribed utterances to what people read. Pure: values in, values and Markdown out. Reading order:

``merge``      puts the utterances of all speakers in order: a :class:`~notetaker.model.transcript.Transcript`
``kinds``      the kinds of notes, and their sections
``minutes``    a package: cuts it into parts, writes the minutes of each, checks and joins them
``render``     writes the Discord message and the transcript attached to it; it uses ``entries`` (items of the
               minutes), ``turns`` (lines joined for reading), ``coverage`` (how much was heard), ``gaps`` (when it
               was not), ``marks`` (moments that people marked), ``wording`` (times and sentences), ``dates``
               (dates in the meeting's language) and ``markdown`` (escaping)
``as_json``    has the same for programs
``search``     a package: finds passages of many meetings
"""
