"""The REST API: one file per resource; ``frame`` has what all requests share."""
