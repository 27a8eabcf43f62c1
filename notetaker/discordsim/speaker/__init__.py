"""People who speak: clients of their own, with websocket, UDP and DAVE."""
