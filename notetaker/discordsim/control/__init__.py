"""The control API under /sim/: people at their keyboards, moderators, and faults."""
