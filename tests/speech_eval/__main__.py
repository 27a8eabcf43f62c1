"""``python -m tests.speech_eval``: see ``--help``. Speech processes import this too, so it stays small."""

if __name__ == "__main__":
    from tests.speech_eval.cli import main

    main()
