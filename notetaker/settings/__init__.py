"""Settings: their ``values``, the ``types`` of these, the files that hold them, and reloading."""
