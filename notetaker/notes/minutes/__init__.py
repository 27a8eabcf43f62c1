"""Minutes that are made while the meeting goes on. Pure. Reading order:

``parts``       cuts the transcript into parts of some minutes, as lines become known
``writer``      what a writer is: a part in, cited items out
``check``       holds every item against the lines that it cites; ``spoken_numbers`` reads them in digits and in words
``polarity``    tells a sentence from its opposite
``making``      makes minutes with a writer that may fail or invent
``joining``     joins the minutes of all parts

The built-in writer:

``builtin``     finds decisions and actions
``points``      finds what was talked about
``questions``   finds what was left open
``entries``     finds what belongs in the sections of other kinds of notes
``spoken``      takes fillers, false starts and repetitions out of speech
``statements``  joins the sentences that others interrupted
``cues``        turns of phrase that decide something or hand out work
``features``    what the classifier looks at in a statement
``classifier``  weighs it, by ``weights.json``, which ``scripts/train-notes`` learns
``repairs``     takes back what speakers took back while they spoke
``sentence``    makes a statement a sentence that can be read alone
``owners``      who is to do it, and until when
"""
