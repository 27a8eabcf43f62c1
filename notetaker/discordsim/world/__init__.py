"""Who and what exists, the permissions that follow, and the JSON that shows it. No I/O."""
