"""``python -m tests.campaigns.notes_eval``: see ``--help``."""

from tests.campaigns.notes_eval.cli import main

if __name__ == "__main__":
    main()
