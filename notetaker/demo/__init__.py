"""A whole meeting against the local Discord, in one command. Nothing in production imports this.

``script``     who comes, goes and says what; the recorded sound lies in ``voices/``
``processes``  local Discord, bot and worker as processes of the operating system, as in production
``person``     the local Discord as people use it: commands, messages, events
``meeting``    holds the meeting of the script in real time
``screen``     what the terminal shows while it goes on
``report``     the figures, and whether they are as they must be
``wer``        word error rate: how much of it was understood
"""
