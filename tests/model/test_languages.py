import pytest

from notetaker.model.languages import LANGUAGES, MATCHES, english_name, find, matching


def codes(text: str) -> list[str]:
    return [language.code for language in matching(text)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("German", "de"),
        (" german ", "de"),
        ("Deutsch", "de"),
        ("German (Deutsch)", "de"),
        ("francais", "fr"),
        ("Español", "es"),
        ("中文", "zh"),
        ("Mandarin", "zh"),
        ("Haitian  creole", "ht"),
        ("pt-BR", "pt"),
        ("zh_CN", "zh"),
        ("jv", "jw"),
        ("yue", "yue"),
    ],
)
def test_a_language_has_names_and_codes(text: str, code: str) -> None:
    found = find(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", "Klingon", "ger", "xx", "German Deutsch", "-", "\0"])
def test_what_is_not_a_language_is_none(text: str) -> None:
    assert find(text) is None


def test_every_language_is_found_by_its_names_and_is_offered_for_them() -> None:
    for language in LANGUAGES:
        for text in (language.code, language.name, language.own_name, language.label):
            assert find(text) == language
            assert codes(text)[0] == language.code


def test_all_are_different() -> None:
    for values in zip(*LANGUAGES, strict=True):
        assert len(set(values)) == len(LANGUAGES) == 100


def test_the_common_ones_come_first_while_nothing_is_typed() -> None:
    assert codes("")[:5] == ["en", "zh", "de", "es", "ru"]
    assert len(codes("")) == MATCHES


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ger", ["de"]),
        ("deu", ["de"]),
        ("nor", ["no", "nn"]),
        ("nyn", ["nn"]),
        ("de", ["de", "nl"]),
        ("creole", ["ht"]),
        ("Suo", ["fi"]),
        ("ελ", ["el"]),
        ("klingon", []),
    ],
)
def test_the_likeliest_are_offered_first(typed: str, first: list[str]) -> None:
    assert codes(typed)[: max(len(first), 1)] == first


def test_languages_are_called_by_their_english_names() -> None:
    assert english_name("de") == "German"
    assert english_name("tlh") == "tlh"
    chosen = find("de")
    assert chosen is not None
    assert chosen.label == "German (Deutsch)"
