"""One bot per account and one per state folder. ``single`` is where to begin."""
