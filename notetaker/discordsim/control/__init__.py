"""The control API under ``/sim/``, for the demo and the tests.

``body``         reading a request; an error is a sentence
``middleware``   errors as responses, and the outage
``observation``  what exists, and what happens
``people``       people who use commands and components
``moderation``   what moderators do to voice channels and to the people in them
``faults``       making something go wrong
"""
