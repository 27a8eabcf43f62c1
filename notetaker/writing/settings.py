"""Where the language model is."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LlmSettings:
    base_url: str
    """Address of an OpenAI-compatible server; it usually ends in ``/v1``."""
    model: str
    api_key: str | None = field(default=None, repr=False)
    context: int | None = None
    """Tokens that the model takes, question and answer together; None to ask the server."""
    timeout_s: float = 120.0
    """For one request."""
