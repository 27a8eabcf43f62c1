"""``notetaker doctor``: finds out why the bot does not work here, one check after another.

Reading order: ``checks`` (the list), ``checkup`` (what a check is, and its result), ``run`` (runs them all), then the
checks themselves: ``host`` (this host), ``network`` (Discord from here), ``guild`` (the bot connected to Discord, its
server and permissions), ``voice`` (a real voice session). ``guild`` and ``voice`` use the code of the bot itself.
"""
