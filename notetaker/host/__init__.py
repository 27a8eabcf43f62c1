"""The machine underneath: service manager, threads, exit codes, the state folder. It knows nothing of meetings."""
