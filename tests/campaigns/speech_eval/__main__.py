"""``python -m tests.campaigns.speech_eval``: see ``--help``. Speech processes import this too, so it stays small."""

if __name__ == "__main__":
    from tests.campaigns.speech_eval.cli import main

    main()
