"""``python -m notetaker.cli`` runs the command ``notetaker``."""

from notetaker.cli import main

main()
