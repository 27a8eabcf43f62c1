"""A self-hosted Discord voice note-taker that never silently loses a word.

The way of a voice packet, in reading order:

1. ``voice.udp``            one datagram, stamped with its arrival time
2. ``wire.receiver``        RTP, transport decryption, extension, padding, speaker, DAVE: one counted outcome each
3. ``recording.journal``    appended to the meeting's journal before anything else happens to it
4. ``recording.utterances`` runs of speech are cut into utterances
5. ``jobs``                 a durable job carries each utterance to a worker
6. ``speech``               Opus to PCM to text
7. ``notes``                lines of all speakers in time order, then summary, decisions and actions
8. ``discordbot``           posts the notes, once

``model`` holds the values that all of them exchange; ``service`` the processes; ``discordsim`` is the local
Discord that the demo and the tests run against. ARCHITECTURE.md has the map.
"""

__version__ = "0.1.0"
