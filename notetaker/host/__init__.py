"""The host underneath: service manager, threads, logs, exit codes, instance locks. It knows nothing of meetings."""
