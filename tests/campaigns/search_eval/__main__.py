"""``python -m tests.campaigns.search_eval``: see ``--help``."""

from tests.campaigns.search_eval.cli import main

if __name__ == "__main__":
    main()
