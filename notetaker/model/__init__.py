"""Values that the stages exchange. Standard library only; nothing here acts.

Times are either *monotonic seconds* (``float``, named ``now`` or ``arrival``: for deadlines and order) or
*Unix nanoseconds* (``int``, named ``..._ns``: for what a person or a file will read).
Ids of Discord (guild, channel, user, message) are ``int`` snowflakes.
"""
