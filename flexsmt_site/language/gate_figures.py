"""Numbers, periods, addresses and links that a translation must not lose.

Pure. In the policy a number is a promise: there it must be neither lost, changed nor added.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from flexsmt_site.language.gate_entry import Fault
from flexsmt_site.language.gate_structure import PLACEHOLDER

_TAG = re.compile(r"<[^<>]*>")
_LINK = re.compile(r"(?:https?://|mailto:|www\.)[^\s<>\"'«»“”()]+|(?<![\w/])/[a-z][\w/.-]*", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u202f ](?=\d{3}(?!\d))")

#: Counting words that stand before a unit, in every form that a sentence puts them in.
_WORDS = {
    1: "one|один|одного|одному|одним|одном|одна|одной|одну|одно|одни|одних",
    2: "two|два|две|двух|двум|двумя",
    3: "three|три|трёх|трех|трём|трем|тремя",
    4: "four|четыре|четырёх|четырех|четырём|четырем",
    5: "five|пять|пяти",
    6: "six|шесть|шести",
    7: "seven|семь|семи",
    8: "eight|восемь|восьми",
    9: "nine|девять|девяти",
    10: "ten|десять|десяти",
    11: "eleven|одиннадцать|одиннадцати",
    12: "twelve|двенадцать|двенадцати",
    13: "thirteen|тринадцать|тринадцати",
    14: "fourteen|четырнадцать|четырнадцати",
    15: "fifteen|пятнадцать|пятнадцати",
    18: "eighteen|восемнадцать|восемнадцати",
    20: "twenty|двадцать|двадцати",
    24: "twenty-four|двадцать четыре|двадцати четырёх|двадцати четырех",
    30: "thirty|тридцать|тридцати",
    36: "thirty-six|тридцать шесть|тридцати шести",
    48: "forty-eight|сорок восемь|сорока восьми",
    60: "sixty|шестьдесят|шестидесяти",
    72: "seventy-two|семьдесят два|семидесяти двух",
    90: "ninety|девяносто|девяноста",
}
_NUMBER_OF = {word: number for number, words in _WORDS.items() for word in words.split("|")}
_UNITS = {
    "second": r"seconds?|секунд\w*",
    "minute": r"minutes?|минут\w*",
    "hour": r"hours?|час(?:а|ов|у|ам|ами|ах|е|ом)?",
    "day": r"days?|день|дня|дней|дню|дням|днями|днях|сутки|суток",
    "week": r"weeks?|недел\w+",
    "month": r"months?|месяц\w*",
    "year": r"years?|год(?:а|у|ом|е|ы|ов|ам|ах)?|лет",
}
_SORTED_WORDS = "|".join(sorted((re.escape(word) for word in _NUMBER_OF), key=len, reverse=True))
#: "7 working days" is a period as well: one word may stand between number and unit.
_PERIOD = (
    rf"\b(\d+|{_SORTED_WORDS})[\s\u00a0-]+(?:(?:working|business|calendar|рабоч\w+|календарн\w+|полн\w+)\s+)?"
    rf"(?:{'|'.join(f'(?P<{unit}>{pattern})' for unit, pattern in _UNITS.items())})\b"
)


@cache
def _period() -> re.Pattern[str]:
    # A long expression: who only serves pages need not wait for it.
    return re.compile(_PERIOD, re.IGNORECASE)


def figures(source: str, form: str, *, both_ways: bool) -> Iterator[Fault]:
    """Find numbers and periods that are lost, and with ``both_ways`` those that are added."""
    wanted, found = _figures(source), _figures(form)
    missing, added = wanted - found, found - wanted
    if missing:
        yield Fault("number", f"missing: {', '.join(missing.elements())}", "say the same number and unit")
    if added and both_ways:
        yield Fault(
            "number", f"not in the source: {', '.join(added.elements())}", "say the same number and unit"
        )


def _figures(text: str) -> Counter[str]:
    """Count periods (``7 month``) and the numbers outside of them."""
    plain = _MAIL.sub(" ", _LINK.sub(" ", _TAG.sub(" ", PLACEHOLDER.sub(" ", text))))
    plain = _THOUSANDS.sub("", plain)
    counted: Counter[str] = Counter()

    def take(match: re.Match[str]) -> str:
        number = match[1].lower()
        counted[f"{_NUMBER_OF.get(number, number)} {match.lastgroup}"] += 1
        return " "

    rest = _period().sub(take, plain)
    counted.update(re.findall(r"\d+", rest))
    return counted


def addresses(source: str, form: str) -> Iterator[Fault]:
    """Find links and mail addresses that are lost."""
    for pattern in (_LINK, _MAIL):
        wanted, found = (
            Counter(match.rstrip(".,;:") for match in pattern.findall(_bare(text))) for text in (source, form)
        )
        missing = wanted - found
        if missing:
            yield Fault("address", f"missing: {' '.join(missing.elements())}", "take it over from the source")


def _bare(text: str) -> str:
    return PLACEHOLDER.sub(" ", _TAG.sub(" ", text))
