import pytest

from notetaker.model.outcome import Coverage
from notetaker.notes import coverage
from tests.notes.builders import ADA, BEN, CHLOE, heard, said, transcript


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((), "No voice packets arrived."),
        ((heard(ADA, 1904),), "All 1,904 voice packets were heard; none was lost."),
        (
            (heard(ADA, 1900), heard(BEN, 4, duplicate=3, padding_only=2)),
            "All 1,904 voice packets were heard; none was lost.",
        ),
        ((heard(ADA, 97, lost=3),), "97 of 100 voice packets were heard; 3 never arrived."),
        (
            (heard(ADA, 90, lost=3, undecryptable=2), heard(BEN, 3, held_too_long=1, bad_auth=1)),
            "93 of 100 voice packets were heard; 3 never arrived, 1 arrived without a known speaker or key, "
            "2 could not be decrypted, 1 forged or damaged.",
        ),
        (
            (
                heard(ADA, 90),
                heard(BEN, 5, undecryptable=1000, held_too_long=7),
                heard(0, 0, held_too_long=9),
            ),
            "95 of 1,111 voice packets were heard; 16 arrived without a known speaker or key, 1,000 could not be "
            "decrypted. Ben could not be decrypted.",
        ),
        (
            (heard(ADA, 90_000, undecryptable=499), heard(BEN, 90_000, undecryptable=450, held_too_long=50)),
            "180,000 of 180,999 voice packets were heard; 50 arrived without a known speaker or key, 949 could not "
            "be decrypted. Ben could not be decrypted part of the time.",
        ),
        (
            (heard(ADA, 90, early=40),),
            "All 90 voice packets were heard; none was lost.",
        ),
        (
            (heard(ADA, 97, lost=3, unstored=2), heard(BEN, 3)),
            "100 of 103 voice packets were heard; 3 never arrived. 2 packets that were heard could not be written to "
            "disk.",
        ),
        (
            (heard(ADA, 97, unstored=1),),
            "All 97 voice packets were heard. 1 packet that was heard could not be written to disk.",
        ),
    ],
)
def test_every_loss_is_said_in_words(parts: tuple[Coverage, ...], words: str) -> None:
    assert coverage.heard(transcript(coverage=parts)) == words


def test_a_few_of_those_who_could_not_be_decrypted_are_named() -> None:
    names = {user_id: f"Somebody {user_id} with a name that is much too long" for user_id in range(1, 7)}
    parts = tuple(heard(user_id, 1, undecryptable=2) for user_id in names)
    words = coverage.heard(transcript(coverage=parts, names=names))
    first = "Somebody 1 with a name that is much too…"
    assert words.partition("decrypted. ")[2].startswith(f"{first}, Somebody 2 ")
    assert words.endswith(", and 3 more could not be decrypted.")


def test_sound_that_could_not_be_transcribed_is_said() -> None:
    lines = said(ADA, 0, 4, "", error="x"), said(BEN, 5, 9, "", error="x"), said(BEN, 10, 11, "hi")
    words = coverage.heard(transcript(*lines, coverage=(heard(ADA, 5),)))
    assert words.endswith("none was lost. 2 utterances (8 s) could not be transcribed.")


def test_packets_that_could_not_be_decoded_are_said_and_not_called_heard_without_loss() -> None:
    lines = said(ADA, 0, 2, "hi", undecodable=3), said(BEN, 3, 4, "", undecodable=50)
    shown = transcript(*lines, coverage=(heard(ADA, 100), heard(BEN, 50)))
    assert coverage.heard(shown) == (
        "All 150 voice packets were heard. 53 packets that were heard could not be decoded."
    )
    assert coverage.table(shown) == [
        "| Speaker | spoke for | heard | not decoded | never arrived |",
        "|---------|----------:|------:|------------:|--------------:|",
        "| Ada     |       2 s |   100 |           3 |             0 |",
        "| Ben     |       0 s |    50 |          50 |             0 |",
    ]


def test_talk_time_is_per_person_longest_first() -> None:
    lines = said(ADA, 0, 2, "a"), said(BEN, 1, 6, "b"), said(ADA, 8, 10, "c")
    assert coverage.talk_times(transcript(*lines)) == [("Ben", 5 * 10**9), ("Ada", 4 * 10**9)]


def test_what_the_disk_did_not_take_has_a_column() -> None:
    parts = heard(ADA, 1904, unstored=4), heard(CHLOE, 7)
    assert coverage.table(transcript(coverage=parts)) == [
        "| Speaker | spoke for | heard | not stored | never arrived |",
        "|---------|----------:|------:|-----------:|--------------:|",
        "| Ada     |       0 s | 1,904 |          4 |             0 |",
        "| Chloe   |       0 s |     7 |          0 |             0 |",
    ]


def test_the_table_has_a_column_for_everything_that_happened() -> None:
    parts = heard(ADA, 1904, lost=2, duplicate=1), heard(0, 0, held_too_long=5), heard(CHLOE, 7)
    assert coverage.table(transcript(said(ADA, 0, 38, "a"), coverage=parts)) == [
        "| Speaker         | spoke for | heard | duplicate | held too long | never arrived |",
        "|-----------------|----------:|------:|----------:|--------------:|--------------:|",
        "| Unknown speaker |       0 s |     0 |         0 |             5 |             0 |",
        "| Ada             |      38 s | 1,904 |         1 |             0 |             2 |",
        "| Chloe           |       0 s |     7 |         0 |             0 |             0 |",
    ]
