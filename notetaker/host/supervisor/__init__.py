"""supervisor's missing watchdog: ``watchdog`` decides, ``listener`` talks to supervisor."""
