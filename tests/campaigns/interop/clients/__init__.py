"""One client a process. Each says JSON lines on stdout and obeys JSON lines on stdin, see `protocol`."""
