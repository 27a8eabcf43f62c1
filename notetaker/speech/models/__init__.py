"""The speech models: which there are, which are installed, and how they get here.

``catalogue`` names them, ``store`` finds them on disk, and ``pull`` installs them. Engines load them. The network is
used by ``pull`` alone, and only when a person asks for it.
"""
