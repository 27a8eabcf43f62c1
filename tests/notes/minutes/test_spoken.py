import time

import pytest

from notetaker.notes.minutes.spoken import is_back_channel, plain, sentences, stems


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("Um so uh the budget is, er, gone.", "so the budget is, gone."),
        ("Mm-hmm. Yeah.", "Yeah."),
        ("the the the remote", "the remote"),
        ("I think I think we should go", "I think we should go"),
        ("some kind of button with some kind of button", "some kind of button with some kind of button"),
        ("very very good", "very very good"),
        ("it had had a crack", "it had had a crack"),
        ("a f form of plastic", "a form of plastic"),
        ("m some high-quality plastic", "some high-quality plastic"),
        ("wh wh what is it", "what is it"),
        ("in India", "in India"),
        ("plan B is better", "plan B is better"),
        ("Ms Hart and Mr Osei", "Ms Hart and Mr Osei"),
        ("an L_C_D_ and a T_V_", "an LCD and a TV"),
        ("[laughter] it works <noise>", "it works"),
        ("It is, you know, a gimmick", "It is, a gimmick"),
        ("Do you know the price?", "Do you know the price?"),
        ("but I mean, it depends", "but it depends"),
        ("uh", ""),
        ("", ""),
    ],
)
def test_fillers_false_starts_and_repetitions_are_left_out(spoken: str, written: str) -> None:
    assert plain(spoken) == written


def test_in_other_languages_every_word_stays() -> None:
    assert (
        plain("Y a  mí me gusta [risas], für für w Polsce", english=False)
        == "Y a mí me gusta , für für w Polsce"
    )


@pytest.mark.parametrize("said", ["Yeah.", "Mm-hmm, okay.", "Yeah, sure.", "", "Oh right. Exactly."])
def test_listening_is_no_statement(said: str) -> None:
    assert is_back_channel(plain(said))


@pytest.mark.parametrize("said", ["Yeah, the red one.", "No buttons.", "Okay okay okay okay okay okay."])
def test_an_answer_is_one(said: str) -> None:
    assert not is_back_channel(said)


def test_sentences_end_where_speech_does() -> None:
    assert sentences("We wait. Do we? Yes! At 3.5 volts") == ["We wait.", "Do we?", "Yes!", "At 3.5 volts"]


def test_inflections_share_a_stem() -> None:
    assert stems("batteries decided invoices") == stems("battery decide invoice")
    assert stems("it is the") == set()


def test_a_loop_of_the_engine_takes_no_time() -> None:
    began = time.perf_counter()
    plain("ha-" * 4000)
    assert time.perf_counter() - began < 1
