"""Minutes written by a language model on a server: any with OpenAI's ``/v1/chat/completions``. Reading order:

``llm``       :class:`~notetaker.writing.llm.LlmWriter`: a part of the transcript in, a draft of its minutes out
``prompt``    what the model is told, with the transcript as data that cannot command
``answer``    reads what the model answers, and repairs it
``budget``    how much fits into the model's context
``server``    one question to a model: formats, retries, what a failure means
``context``   how many tokens a model takes, as its server says it
"""
