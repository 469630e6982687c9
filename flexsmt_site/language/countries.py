"""The countries of the contact form: ISO 3166-1 codes with CLDR's names in each language."""

import unicodedata
from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale
from markupsafe import Markup

#: CLDR's territories of two letters that are no country of ISO 3166-1.
_NO_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
)
_CODE_LETTERS = 2


class UnknownCountry(LookupError):
    """No country has this code."""


@cache
def names(locale: str) -> Mapping[str, str]:
    """Return the 249 codes with their names, sorted by name as the language sorts."""
    territories = Locale.parse(locale).territories
    found = {code: name for code, name in territories.items() if _is_country(code)}
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (fold(item[1]), item[0]))))


def country_name(code: str, locale: str) -> str:
    """Return the country's name; raises ``UnknownCountry``."""
    try:
        return names(locale)[code]
    except KeyError:
        raise UnknownCountry(f"{code!r} is no ISO 3166-1 code of a country") from None


def fold(name: str) -> str:
    """Return the sort key of a name: equal to ICU's order for English and Russian names.

    Case, accents and ё fall away, a hyphen is a space, and й stays a letter of its own.
    """
    kept = name.casefold().replace("ё", "е").replace("-", " ").replace("й", "\0")
    plain = "".join(
        letter for letter in unicodedata.normalize("NFD", kept) if not unicodedata.combining(letter)
    )
    return plain.replace("\0", "й")


def _is_country(code: str) -> bool:
    return len(code) == _CODE_LETTERS and code.isalpha() and code not in _NO_COUNTRIES


def codes() -> Collection[str]:
    """Return the 249 codes."""
    return names("en").keys()


def country_options(locale: str, chosen: str | None) -> Markup:
    """Return the ``<option>`` elements of a choice of country; an unknown ``chosen`` chooses none."""
    options = _options(locale)
    if chosen is None or chosen not in codes():
        return options
    plain = Markup('<option value="{}">').format(chosen)
    return Markup(options.replace(plain, plain[:-1] + Markup(" selected>")))  # noqa: S704 (escaped above)


@cache
def _options(locale: str) -> Markup:
    # 250 options cost more to render than the rest of the form: once for each language is enough.
    rows = (
        Markup('<option value="{}">{}</option>').format(code, name) for code, name in names(locale).items()
    )
    return Markup("").join(rows)
