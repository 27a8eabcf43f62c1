"""What was said beside what was heard."""

from tests.campaigns.speech_eval.score import Said, Score, examples


def test_errors_are_counted_over_all_that_is_added() -> None:
    score = Score().add(["The report is ready."], "the report is ready")
    score.add(["Two hundred people came."], "100 people came today")
    assert (score.words, score.errors, score.rate) == (7, 2, 2 / 7)


def test_first_words_are_those_of_sentences() -> None:
    score = Score().add(["Yes it is.", "No problem.", "..."], "Yes it is. Go problem.")
    assert (score.firsts, score.firsts_right) == (2, 1)


def test_nothing_heard_is_all_wrong() -> None:
    assert Score().add(["a b c"], "").as_json()["wer"] == 1


def test_words_nobody_said_count() -> None:
    score = Score().add([], "thank you")
    assert (score.words, score.errors) == (0, 2)


def test_a_word_in_the_wrong_line_is_wrong() -> None:
    said = [Said(0, 2, "we met last week"), Said(4, 6, "no problem")]
    right = [Said(0.1, 2.1, "we met last week"), Said(4.1, 6.1, "no problem")]
    moved = [Said(0.1, 2.1, "we met last"), Said(4.1, 6.1, "week no problem")]
    assert Score().add_lines(said, right).errors == 0
    assert Score().add_lines(said, moved).errors == 2


def test_sentences_and_lines_need_not_be_one_to_one() -> None:
    said = [Said(0, 2, "we met"), Said(2.3, 4, "last week"), Said(6, 7, "yes")]
    heard = [Said(0, 4, "we met last week"), Said(6, 6.4, "y"), Said(6.2, 7, "yes"), Said(9, 10, "hello")]
    score = Score().add_lines(said, heard)
    assert (score.words, score.errors) == (5, 2)


def test_mistakes_are_shown_in_one_line() -> None:
    score = Score().add(["Ben came", "and left"], "then came and left now")
    assert examples(score.mistakes.most_common()) == "ben > then; (nothing) > now"
