"""What an operator reads: a ``snapshot`` of the bot as JSON, as one ``line`` or as Prometheus ``metrics``, and a
``meeting_report`` from the store.
"""
