from tests.writing.llm_server import no_proxy, server, time, writer

__all__ = ["no_proxy", "server", "time", "writer"]
