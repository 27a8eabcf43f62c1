from tests.speech.remote.transcription_server import engine, no_proxy, server, time

__all__ = ["engine", "no_proxy", "server", "time"]
