"""Messages and interactions: what clients may send, and what becomes of it."""
