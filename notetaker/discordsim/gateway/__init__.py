"""The main gateway, version 10: sessions, their websockets, and who hears of what."""
