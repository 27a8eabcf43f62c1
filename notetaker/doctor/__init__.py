"""``notetaker doctor``: finds out why the bot does not work here, one check after the other.

Reading order: ``checks`` (the list), ``checkup`` (what a check is, and what becomes of it), ``run`` (makes them all),
and what they look at: ``host`` (this computer), ``network`` (Discord from here), ``guild`` (the bot connected to
Discord, its server and permissions), ``voice`` (a real voice session). From the connection on, everything is done by
the code that the bot itself runs.
"""
