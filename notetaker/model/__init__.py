"""The values that all packages share. Standard library only, no side effects.

Times are either *monotonic seconds* (``float``, named ``now`` or ``arrival``, for deadlines and order) or
*Unix nanoseconds* (``int``, named ``..._ns``, for people and files). All times of a meeting are by a clock of its
own, which nobody can set (``recording.clock``).
Discord ids (guild, channel, user, message) are ``int`` snowflakes.
"""
