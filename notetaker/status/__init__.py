"""What an operator reads: a ``snapshot`` of the bot as JSON, as one ``line``, as Prometheus ``metrics``; and what the
store knows about meetings (``meeting_report``).
"""
