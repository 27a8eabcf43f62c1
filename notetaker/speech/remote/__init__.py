"""Speech to text on a server: any with OpenAI's ``/v1/audio/transcriptions``, in the local network or a cloud.

``engine``  :class:`~notetaker.speech.remote.engine.OpenAIEngine`: formats, retries, what can be blamed
``server``  one request, and what its failure means
``answer``  reads the server's JSON
"""
