"""The languages that can be transcribed, which are Whisper's, and how people find them by name."""

import re
import unicodedata
from typing import Final, NamedTuple

WITHOUT_BLANKS: Final = frozenset({"zh", "ja", "th", "lo", "my", "yue", "km", "bo"})
"""Codes of the languages that are written without spaces between words."""

MATCHES: Final = 25
"""Most languages offered at a time, which is Discord's limit on choices."""


class Language(NamedTuple):
    code: str
    """ISO 639-1 as Whisper uses it: ``jw`` for Javanese, and three letters for languages without a code."""
    name: str
    """The English name."""
    own_name: str
    """The language's name for itself."""

    @property
    def label(self) -> str:
        """``German (Deutsch)``, or just ``English`` if both names are the same."""
        return self.name if self.name == self.own_name else f"{self.name} ({self.own_name})"


LANGUAGES: Final = (
    Language("en", "English", "English"),
    Language("zh", "Chinese", "中文"),
    Language("de", "German", "Deutsch"),
    Language("es", "Spanish", "Español"),
    Language("ru", "Russian", "Русский"),
    Language("ko", "Korean", "한국어"),
    Language("fr", "French", "Français"),
    Language("ja", "Japanese", "日本語"),
    Language("pt", "Portuguese", "Português"),
    Language("tr", "Turkish", "Türkçe"),
    Language("pl", "Polish", "Polski"),
    Language("ca", "Catalan", "Català"),
    Language("nl", "Dutch", "Nederlands"),
    Language("ar", "Arabic", "العربية"),
    Language("sv", "Swedish", "Svenska"),
    Language("it", "Italian", "Italiano"),
    Language("id", "Indonesian", "Bahasa Indonesia"),
    Language("hi", "Hindi", "हिन्दी"),
    Language("fi", "Finnish", "Suomi"),
    Language("vi", "Vietnamese", "Tiếng Việt"),
    Language("he", "Hebrew", "עברית"),
    Language("uk", "Ukrainian", "Українська"),
    Language("el", "Greek", "Ελληνικά"),
    Language("ms", "Malay", "Bahasa Melayu"),
    Language("cs", "Czech", "Čeština"),
    Language("ro", "Romanian", "Română"),
    Language("da", "Danish", "Dansk"),
    Language("hu", "Hungarian", "Magyar"),
    Language("ta", "Tamil", "தமிழ்"),
    Language("no", "Norwegian", "Norsk"),
    Language("th", "Thai", "ไทย"),
    Language("ur", "Urdu", "اردو"),
    Language("hr", "Croatian", "Hrvatski"),
    Language("bg", "Bulgarian", "Български"),
    Language("lt", "Lithuanian", "Lietuvių"),
    Language("la", "Latin", "Latina"),
    Language("mi", "Māori", "Te reo Māori"),
    Language("ml", "Malayalam", "മലയാളം"),
    Language("cy", "Welsh", "Cymraeg"),
    Language("sk", "Slovak", "Slovenčina"),
    Language("te", "Telugu", "తెలుగు"),
    Language("fa", "Persian", "فارسی"),
    Language("lv", "Latvian", "Latviešu"),
    Language("bn", "Bengali", "বাংলা"),
    Language("sr", "Serbian", "Српски"),
    Language("az", "Azerbaijani", "Azərbaycanca"),
    Language("sl", "Slovenian", "Slovenščina"),
    Language("kn", "Kannada", "ಕನ್ನಡ"),
    Language("et", "Estonian", "Eesti"),
    Language("mk", "Macedonian", "Македонски"),
    Language("br", "Breton", "Brezhoneg"),
    Language("eu", "Basque", "Euskara"),
    Language("is", "Icelandic", "Íslenska"),
    Language("hy", "Armenian", "Հայերեն"),
    Language("ne", "Nepali", "नेपाली"),
    Language("mn", "Mongolian", "Монгол"),
    Language("bs", "Bosnian", "Bosanski"),
    Language("kk", "Kazakh", "Қазақша"),
    Language("sq", "Albanian", "Shqip"),
    Language("sw", "Swahili", "Kiswahili"),
    Language("gl", "Galician", "Galego"),
    Language("mr", "Marathi", "मराठी"),
    Language("pa", "Punjabi", "ਪੰਜਾਬੀ"),
    Language("si", "Sinhala", "සිංහල"),
    Language("km", "Khmer", "ខ្មែរ"),
    Language("sn", "Shona", "ChiShona"),
    Language("yo", "Yoruba", "Yorùbá"),
    Language("so", "Somali", "Soomaali"),
    Language("af", "Afrikaans", "Afrikaans"),
    Language("oc", "Occitan", "Occitan"),
    Language("ka", "Georgian", "ქართული"),
    Language("be", "Belarusian", "Беларуская"),
    Language("tg", "Tajik", "Тоҷикӣ"),
    Language("sd", "Sindhi", "سنڌي"),
    Language("gu", "Gujarati", "ગુજરાતી"),
    Language("am", "Amharic", "አማርኛ"),
    Language("yi", "Yiddish", "ייִדיש"),
    Language("lo", "Lao", "ລາວ"),
    Language("uz", "Uzbek", "Oʻzbekcha"),
    Language("fo", "Faroese", "Føroyskt"),
    Language("ht", "Haitian Creole", "Kreyòl ayisyen"),
    Language("ps", "Pashto", "پښتو"),
    Language("tk", "Turkmen", "Türkmençe"),
    Language("nn", "Norwegian Nynorsk", "Nynorsk"),
    Language("mt", "Maltese", "Malti"),
    Language("sa", "Sanskrit", "संस्कृतम्"),
    Language("lb", "Luxembourgish", "Lëtzebuergesch"),
    Language("my", "Burmese", "မြန်မာဘာသာ"),
    Language("bo", "Tibetan", "བོད་སྐད་"),
    Language("tl", "Tagalog", "Tagalog"),
    Language("mg", "Malagasy", "Malagasy"),
    Language("as", "Assamese", "অসমীয়া"),
    Language("tt", "Tatar", "Татарча"),
    Language("haw", "Hawaiian", "ʻŌlelo Hawaiʻi"),
    Language("ln", "Lingala", "Lingála"),
    Language("ha", "Hausa", "Hausa"),
    Language("ba", "Bashkir", "Башҡортса"),
    Language("jw", "Javanese", "Basa Jawa"),
    Language("su", "Sundanese", "Basa Sunda"),
    Language("yue", "Cantonese", "粵語"),
)
"""All languages in Whisper's order, which is by amount of training data, so that common ones come first."""

OTHER_NAMES: Final = {
    "Bokmål": "no",
    "Castilian": "es",
    "Farsi": "fa",
    "Filipino": "tl",
    "Flemish": "nl",
    "Haitian": "ht",
    "jv": "jw",
    "Letzeburgesch": "lb",
    "Mandarin": "zh",
    "Moldavian": "ro",
    "Moldovan": "ro",
    "Myanmar": "my",
    "nb": "no",
    "Panjabi": "pa",
    "Pushto": "ps",
    "Sinhalese": "si",
    "Valencian": "ca",
}
"""Our codes by alternative names and codes."""


def english_name(code: str) -> str:
    """Return ``German`` for ``de``, or the code itself if it is unknown."""
    return _NAMES.get(code, code)


def find(text: str) -> Language | None:
    """Return the language with this English name, own name, code, or locale such as ``pt-BR``."""
    key = _key(text)
    return _BY_KEY.get(key) or _BY_KEY.get(re.split("[-_]", key)[0])


def matching(text: str) -> list[Language]:
    """Return the languages that match what a person has typed, best match first."""
    key = _key(text)
    ranked = [(_rank(key, keys), language) for language, keys in _KEYS.items()]
    found = [(rank, language) for rank, language in ranked if rank is not None]
    return [language for _, language in sorted(found, key=lambda one: one[0])][:MATCHES]


def _rank(key: str, keys: list[str]) -> int | None:
    """Return how well a language's keys match: 0 is best, None is no match."""
    if not key or key in keys:
        return 0
    if any(one.startswith(key) for one in keys):
        return 1
    if any(f" {key}" in one for one in keys):
        return 2
    return 3 if any(key in one for one in keys if len(one) > 3) else None  # not the middle of a code


def _key(text: str) -> str:
    """Return ``text`` in lower case without accents, as people type in a hurry."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())


_NAMES: Final = {language.code: language.name for language in LANGUAGES}
_KEYS: Final = {
    language: [
        _key(name)
        for name in (
            language.name,
            language.own_name,
            language.label,
            language.code,
            *(other for other, code in OTHER_NAMES.items() if code == language.code),
        )
    ]
    for language in LANGUAGES
}
_BY_KEY: Final = {key: language for language, keys in _KEYS.items() for key in keys}
