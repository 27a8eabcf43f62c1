"""The speech models, and their installation.

``catalogue`` lists them, ``store`` finds them on disk, and ``pull`` installs them; engines load them. Only ``pull``
uses the network, and only when a person runs it.
"""
