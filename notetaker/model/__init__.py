"""The values that all packages share. Standard library only, no side effects.

Times are either *monotonic seconds* (``float``, named ``now`` or ``arrival``, for deadlines and order) or
*Unix nanoseconds* (``int``, named ``..._ns``, for people and files).
Discord ids (guild, channel, user, message) are ``int`` snowflakes.
"""
