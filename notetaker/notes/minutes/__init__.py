"""Minutes that are made while the meeting goes on. Pure. Reading order:

``writer``    what a writer of minutes is: a part of the transcript in, cited items out
"""
