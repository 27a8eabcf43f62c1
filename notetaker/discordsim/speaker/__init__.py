"""People who speak: clients with a websocket, UDP and DAVE of their own.

Reading order: ``speaker`` (the main gateway, and what a person does), ``link`` (the voice connection), ``socket``
(a gateway websocket), ``udp`` (packets), ``dave`` (end-to-end encryption).
"""
