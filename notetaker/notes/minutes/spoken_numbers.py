"""Numbers in a text, whether written in digits or in English words."""

import re
from itertools import pairwise

_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12, "twentieth": 20,
    "thirtieth": 30,
}  # fmt: skip
_VALUES = (
    {word: number for number, word in enumerate(_UNITS.split())}
    | {word: 10 * number for number, word in enumerate(_TENS.split(), 2)}
    | {f"{word}th": number for number, word in enumerate(_UNITS.split()) if number >= 4}
    | _ORDINALS
)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SINGLE = "|".join([*_UNITS.split(), *_TENS.split()])
_DIGIT = "|".join(["oh", *_UNITS.split()[:10]])
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[a-z]+")
_UNCERTAIN = frozenset({"one", "second", "first"})
"""Words that are numbers, and much else."""


def numbers(text: str, *, generous: bool = False) -> set[str]:
    """Return the numbers in ``text``, as digits: "25", "1250", "12.5".

    What is uncertain is left out, unless ``generous``; then the parts of a number are numbers, too, and two that
    follow each other may be one: "twelve fifty" is 12, 50, 12.5 and 1250.
    """
    found: set[str] = set()
    row: list[int] = []  # number words that follow each other
    for word in [*_WORD.findall(text.lower().replace("-", " ")), ""]:
        value = _VALUES.get(word, _SCALES.get(word))
        certain = generous or bool(row) or word not in _UNCERTAIN
        if value is not None and certain:
            row.append(value)
        elif word != "and" or not row or row[-1] not in _SCALES.values():
            found |= _row(row, generous)
            row = [int(word)] if word.isdecimal() else []
            found |= _written(word, generous) if word[:1].isdecimal() and not row else set()
    return found | _colloquial(text) if generous else found


def _colloquial(text: str) -> set[str]:
    """Return the numbers that are more than a row of number words: "two dozen", "three point two", "two oh one"."""
    spoken = text.lower().replace("-", " ")
    found = {"12"} if "dozen" in spoken else set()
    for one, unit in re.findall(
        rf"\b({_SINGLE}) (dozen|and a half(?: (?:hundred|thousand|million|billion))?)\b", spoken
    ):
        value = (
            _VALUES[one] * 12 if unit == "dozen" else (_VALUES[one] + 0.5) * _SCALES.get(unit.split()[-1], 1)
        )
        found.add(f"{value:g}" if value < 1000 else str(int(value)))
    found |= {
        str(_SCALES[scale] // 2)
        for scale in re.findall(r"\bhalf an? (hundred|thousand|million|billion)\b", spoken)
    }
    for match in re.finditer(
        rf"\b((?:{_SINGLE})(?: (?:{_SINGLE}))*) point ((?:{_DIGIT})(?: (?:{_DIGIT}))*)\b", spoken
    ):
        whole = _values([_VALUES[word] for word in match[1].split()])[-1]
        found.add(_trimmed(f"{whole}.{_digits(match[2])}"))
    found |= {_digits(match[0]) for match in re.finditer(rf"\b(?:{_DIGIT})(?: (?:{_DIGIT}))+\b", spoken)}
    return found


def _digits(text: str) -> str:
    return "".join(str(_VALUES.get(word, 0)) for word in text.split())


def _row(row: list[int], generous: bool) -> set[str]:
    values = _values(row)
    found = {str(value) for value in values}
    if generous:
        found |= {str(value) for value in row}
        for one, other in pairwise(values):
            found |= {f"{one}{other}", _trimmed(f"{one}.{other}")}
    return found


def _values(row: list[int]) -> list[int]:
    """Return [25, 3] for twenty, five, three; [2400] for two, thousand, four, hundred."""
    values: list[int] = []
    total = part = 0
    begun = False
    for value in row:
        if value >= 1000:
            total, part = total + max(part, 1) * value, 0
        elif value == 100:
            part = max(part, 1) * 100
        elif (
            not begun
            or (part % 100 == 0 and (part or total))
            or (part % 100 >= 20 and part % 10 == 0 and value < 10)
        ):
            part += value
        else:
            values.append(total + part)
            total, part = 0, value
        begun = True
    return [*values, total + part] if begun else []


def _written(word: str, generous: bool) -> set[str]:
    """Return what ``1,250``, ``12.50`` or ``9:30`` is, and in doubt what ``1.250`` is in German."""
    whole = _trimmed(word.replace(",", ""))
    if not generous:
        return {whole}
    thousands = {word.replace(".", "")} if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", word) else set()
    return {whole, *re.split(r"[.,:]", word)} | thousands


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if number.count(".") == 1 else number
