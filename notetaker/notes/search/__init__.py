"""Finds the passages of meetings that answer a question. Pure. Reading order:

``terms``     what a word is searched by
``index``     which terms were said where in a meeting; this is stored
``question``  what is sought, and who is named
``ranking``   which passages of a meeting answer best
``finding``   which passages of many meetings do
``answering`` sentences that say what the passages do
``render``    what was found, as a Discord message
``snippet``   the line to show of a passage, with the words that were sought
"""
