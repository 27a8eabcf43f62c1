import pytest

from notetaker.notes.minutes.polarity import is_opposite


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            "We will ship the release on Friday.",
            "We will not ship the release on Friday because the tests fail.",
        ),
        (
            "We will ship the release on Friday because the tests fail.",
            "We will not ship the release on Friday because the tests fail.",
        ),
        ("We ship the release on Friday.", "So we're definitely not shipping the release on Friday."),
        ("The release isn't shipped on Friday.", "We ship the release on Friday."),
        ("We cancel the contract with Acme.", "We won't cancel the contract with Acme."),
        ("The shop launches before Friday.", "The shop can’t launch before Friday, I am afraid."),
        ("Ben never agreed to the budget.", "Ben agreed to the budget."),
    ],
)
def test_the_opposite_is_recognised(claim: str, said: str) -> None:
    assert is_opposite(claim, [said], "en")
    assert not is_opposite(said, [said], "en")


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The page is launched on the twelfth.", "The page launches on the twelfth, not on the fifth."),
        ("We ship the release on Friday.", "No, we ship the release on Friday."),
        ("We ship the release on Friday.", "Why don't we ship the release on Friday?"),
        ("We ship the release on Friday.", "We can't ship the release until Friday."),
        ("We keep the blue logo.", "We will not change the blue logo any more."),
        ("We drop the radio from the case.", "We don't want the radio in the case."),
        ("Send the report to Ana.", "Don't forget to send the report to Ana."),
        ("The tests fail on Friday.", "We don't ship because the tests fail on Friday."),
        ("Our feature is the casing.", "We make our feature the casing and what not."),
        ("The garden fence is green.", "We will not ship the release."),
        ("Is the release not shipped on Friday?", "Do we ship the release on Friday?"),
        ("There is no budget for a manual.", "The budget for a manual? Nope, nothing."),
    ],
)
def test_what_is_said_in_other_words_is_not_the_opposite(claim: str, said: str) -> None:
    assert not is_opposite(claim, [said], "en")


def test_one_sentence_that_says_it_is_enough() -> None:
    said = ["We will not ship the release on Friday.", "Okay then, we ship the release on Friday after all."]
    assert not is_opposite("We ship the release on Friday.", said, "en")
    assert is_opposite("We ship the release on Friday.", said[:1], "en")


@pytest.mark.parametrize(
    ("language", "yes", "no"),
    [
        ("de", "Wir liefern am Freitag an die Kundin.", "Wir liefern am Freitag nicht an die Kundin."),
        ("es", "Enviamos el informe el viernes.", "No enviamos el informe el viernes."),
        ("fr", "On envoie le rapport vendredi.", "On n’envoie pas le rapport vendredi."),
        ("ru", "Мы выпускаем версию в пятницу.", "Мы не выпускаем версию в пятницу."),
    ],
)
def test_the_opposite_is_recognised_in_other_languages(language: str, yes: str, no: str) -> None:
    assert is_opposite(yes, [no], language)
    assert is_opposite(no, [yes], language)
    assert not is_opposite(no, [no], language)
    assert not is_opposite(yes, [no], "sw")
