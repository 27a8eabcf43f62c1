"""The REST API.

Reading order: ``middleware`` (what is done around every request), ``ratelimit``, ``request`` (reading one), then one
module per resource.
"""
