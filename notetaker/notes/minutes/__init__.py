"""Minutes that are made while the meeting goes on. Pure. Reading order:

``parts``       cuts the transcript into parts of some minutes, as lines become known
``writer``      what a writer is: a part in, cited items out
``check``       holds every item against the lines that it cites; ``spoken_numbers`` reads digits and words
``joining``     joins the minutes of all parts
``spoken``      takes fillers, false starts and repetitions out of speech
``sentence``    makes what was said a sentence that can be read alone
"""
