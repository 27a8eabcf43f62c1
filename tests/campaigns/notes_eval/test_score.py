from tests.campaigns.notes_eval.score import Score, total, wrong


def test_an_item_within_two_turns_of_a_label_is_right() -> None:
    assert Score.of([(5,)], [(7, 20)], []) == Score(right=1, wrong=0, found=1, labels=1)
    assert Score.of([(4,)], [(7, 20)], []) == Score(right=0, wrong=1, found=0, labels=1)


def test_an_item_may_hit_several_labels_and_a_label_may_be_hit_twice() -> None:
    assert Score.of([(5, 30), (6,)], [(5,), (31,), (90,)], []) == Score(right=2, wrong=0, found=2, labels=3)


def test_borderline_turns_are_neither_right_nor_wrong() -> None:
    items = [(5,), (7,), (50,)]
    assert Score.of(items, [(90,)], [(6,)]) == Score(right=0, wrong=1, found=0, labels=1)
    assert wrong(items, [(90,)], [(6,)]) == [2]


def test_meetings_are_counted_together() -> None:
    both = total([Score(1, 0, 1, 1), Score(1, 2, 1, 4)])
    assert (both.precision, both.recall) == (0.5, 0.4)


def test_without_items_nothing_is_wrong() -> None:
    assert (Score().precision, Score().recall) == (1.0, 1.0)
