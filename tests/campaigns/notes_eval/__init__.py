"""How good the notes are, measured on meetings that people have labelled. Run with ``scripts/eval-notes``.

Reading order:

``labelled``  meetings as JSON: what was said, and what good notes must contain; ``meetings/`` has four of our own
``writers``   the writers that can be measured
``evaluate``  a meeting -> minutes, made part by part as in the product, and what of them is right
``score``     what counts as right
``report``    a table, every wrong item with its lines, JSON
``cli``       the command

``scripts/train-notes`` trains the built-in writer:

``snippets``   dialogue written to learn from, in ``snippets/``
``train``      meetings and snippets -> weights, and what they are worth on meetings left out
``train_cli``  the command
"""
