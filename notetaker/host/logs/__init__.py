"""Where log lines go: fields in systemd's journal, readable lines everywhere else. ``setup`` decides."""
