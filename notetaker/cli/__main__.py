"""``python -m notetaker.cli`` is the command ``notetaker``."""

from notetaker.cli import main

main()
