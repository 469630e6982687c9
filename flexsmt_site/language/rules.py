"""Which language a visitor gets when the address does not say.

Pure: the cookie, the look-up's answer and the header come in as arguments.
"""

import re
from collections.abc import Iterable
from typing import Literal, cast

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")
DEFAULT: Language = "en"

#: ISO codes of the countries where CLDR marks Russian as official; not a share of speakers.
RUSSIAN_OFFICIAL = frozenset({"BY", "KG", "KZ", "RU"})

#: Longer headers are cut: nobody reads fifty languages, and a stranger chooses the length.
_MOST_CHARACTERS = 1000
_MOST_RANGES = 50

_RANGE = re.compile(r"(\*|[a-z]{1,8})(?:-[a-z0-9]{1,8})*", re.ASCII)
_WEIGHT = re.compile(r"0(?:\.[0-9]*)?|1(?:\.0*)?", re.ASCII)


def choose(
    cookie: str | None,
    *,
    address_says_russian: bool | None,
    accept_language: str | None,
    order: Iterable[str],
) -> Language:
    """Choose the language: the cookie first, then ``ip`` and ``browser`` in ``order``.

    ``address_says_russian`` is None for an address that no table knows. Never raises.
    """
    if is_language(cookie):
        return cast("Language", cookie)
    for rule in order:
        if rule == "ip" and address_says_russian:
            return "ru"
        preferred = prefers(accept_language) if rule == "browser" else None
        if preferred:
            return preferred
    return DEFAULT


def is_language(value: object) -> bool:
    """Tell whether the value names a language of the site exactly."""
    return value in LANGUAGES


def prefers(accept_language: str | None) -> Language | None:
    """Tell which language a browser's header asks for; None for a tie, garbage or silence.

    RFC 9110, 12.5.4: ``*`` stands for every language that the header does not name, so
    ``*`` alone is a tie and ``en;q=0, *`` asks for Russian.
    """
    named = weights(accept_language)
    rest = named.get("*", 0.0)
    english, russian = named.get("en", rest), named.get("ru", rest)
    if english == russian:
        return None
    return "en" if english > russian else "ru"


def weights(accept_language: str | None) -> dict[str, float]:
    """Read the header: primary language (or ``*``) to its highest weight, 0 to 1.

    Elements that break the grammar or the range of weights are left out.
    """
    found: dict[str, float] = {}
    for element in _bounded(accept_language or "").split(",")[:_MOST_RANGES]:
        name, *parameters = (part.strip(" \t") for part in element.lower().split(";"))
        matched = _RANGE.fullmatch(name)
        weight = _weight(parameters)
        if matched and weight is not None:
            found[matched[1]] = max(weight, found.get(matched[1], 0.0))
    return found


def _bounded(header: str) -> str:
    if len(header) <= _MOST_CHARACTERS:
        return header
    # A range that the cut goes through could change its meaning: it goes as well.
    return header[:_MOST_CHARACTERS].rpartition(",")[0]


def _weight(parameters: list[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            return float(value) if _WEIGHT.fullmatch(value) else None
    return 1.0


def language_of(path: str) -> Language | None:
    """Return the language that a path begins with (``/ru/privacy``), if any."""
    first = path.removeprefix("/").partition("/")[0]
    return cast("Language", first) if path.startswith("/") and is_language(first) else None
