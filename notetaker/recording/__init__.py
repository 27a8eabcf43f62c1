"""Sound on disk: safe from the moment it is written, cut into utterances, kept as Ogg Opus.

Reading order:
``pcap``        the file format of the journal: records, IPv4 and UDP headers, a reader that survives torn tails
``rtcp``        what the journal has besides sound: who speaks, who left, gaps
``journal``     one file per voice session: what is in it, and how to read it again
``writer``      writes it packet by packet, straight to the disk
``utterances``  the cutter: packets in, utterances out; the same ones each time a journal is cut
``recorder``    journal and cutter of one meeting, as the bot uses them
``recovery``    the utterances of a meeting, from its journal alone
``state``       a sign of life and open gaps, beside the journal
``reorder``     packets put back into the order in which they were sent
``opus``        how long an Opus packet lasts, and packets that stand for silence
``ogg``         Ogg Opus files, written and read without changing the Opus packets
``tracks``      one Ogg Opus file per speaker, which replaces the journal once verified
"""
