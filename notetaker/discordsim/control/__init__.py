"""The control API under ``/sim/``, for the demo and the tests.

``body``          reading a request; an invalid one is a sentence
``middleware``    errors as sentences, and the outage
``observation``   who and what exists, and what happened
``interactions``  people who use commands and components
``moderation``    what moderators do to voice channels and to the people in them
``faults``        making something go wrong
"""
