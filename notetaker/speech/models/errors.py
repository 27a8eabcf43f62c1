"""Errors about models, with messages for people."""


class ModelError(Exception):
    """A model cannot be pulled or removed. The message is a sentence."""


class NoRoom(ModelError):
    """The disk or the quota is too small for a model."""


class SourceFailed(Exception):
    """A model cannot be had from a source. The message is a reason that follows the source's name."""
