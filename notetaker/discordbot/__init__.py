"""Discord's front: the only package that imports ``discord`` (py-cord).

``ports`` says what this package needs from the rest of the program. ``commands`` are the four slash commands;
what they say is in ``replies``, what can keep them from working in ``permission_checks``. ``bridge`` passes the
main gateway's voice events down to the voice stack and its requests back up; ``people`` knows display names, and
``rooms`` who is in a voice channel and what the bot may do there; ``marks`` shows that it records where it may not
write. ``publish`` posts notes exactly once. ``bot`` puts them together and stays connected. py-cord's own voice code
is not used.
"""
