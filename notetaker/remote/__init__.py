"""Servers with OpenAI's API, in the local network or a cloud, which need not be trusted.

``client``           HTTP that bounds answers and keeps the key off other servers
``errors``           what is wrong with their settings
``circuit_breaker``  leaves a server alone that keeps failing
"""
