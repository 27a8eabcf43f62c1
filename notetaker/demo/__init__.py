"""A whole meeting against the local Discord, in one command. Nothing in production imports this.

``script``  who comes, goes and says what; the recorded sound lies in ``voices/``
``wer``     word error rate: how much of it was understood
"""
