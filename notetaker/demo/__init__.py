"""A whole meeting on the local Discord, in one command. Production never imports this.

``script``     who comes, who leaves, and what they say; the recordings are in ``voices/``
``processes``  local Discord, bot and worker as operating system processes, as in production
``place``      the local Discord as people use it: commands, messages, events
``meeting``    holds the meeting in real time
``screen``     what the terminal shows meanwhile
``report``     the figures, and whether they are right
``wer``        word error rate: how well the speech was understood
"""
