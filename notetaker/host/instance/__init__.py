"""One bot per account, and one per state folder. Start with ``single``."""
