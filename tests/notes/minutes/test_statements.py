from notetaker.notes.minutes.statements import talk
from tests.notes.minutes.builders import lines


def said(dialogue: str, pause: float = 0.5) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.text, one.at) for one in talk(lines(dialogue, pause)).statements]


def test_a_sentence_goes_on_after_somebody_agreed() -> None:
    dialogue = """
        Ana: so we are going with a simple battery
        Ben: Right.
        Ana: and a curved case.
        Cem: Yep.
    """
    assert said(dialogue) == [("so we are going with a simple battery and a curved case.", (0, 2))]


def test_it_does_not_go_on_after_somebody_answered() -> None:
    dialogue = """
        Ana: so we are going with
        Ben: The battery is too big.
        Ana: a curved case.
    """
    assert [at for _, at in said(dialogue)] == [(0,), (1,), (2,)]


def test_it_does_not_go_on_after_a_full_stop_or_a_long_pause() -> None:
    assert [at for _, at in said("Ana: We wait.\nAna: Then we go.")] == [(0,), (1,)]
    assert [at for _, at in said("Ana: we wait\nAna: then we go", pause=25)] == [(0,), (1,)]


def test_each_sentence_knows_its_lines() -> None:
    dialogue = """
        Ana: First this. And then the
        Ben: Mm-hmm.
        Ana: other one. Last that.
    """
    assert said(dialogue) == [
        ("First this.", (0,)),
        ("And then the other one.", (0, 2)),
        ("Last that.", (2,)),
    ]


def test_listening_is_in_no_statement() -> None:
    assert said("Ana: Yeah.\nBen: Mm-hmm.") == []
