"""What can go wrong with models, each in words that a person can read."""


class ModelError(Exception):
    """A model cannot be pulled, found or removed. One sentence."""


class NoRoom(ModelError):
    """The disk or the quota is too small for a model."""


class SourceFailed(Exception):
    """A source does not give a model. The reason in a few words, to be read after the source's name."""
