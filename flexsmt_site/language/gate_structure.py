"""The faults that break a page: placeholders, markup, edges, characters, length.

Pure: each function takes the source and one translated form and yields faults.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from flexsmt_site.language.gate_entry import Fault

PLACEHOLDER = re.compile(
    r"%(?:\((?P<name>[^()]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?:[a-zA-Z%]|$)"
)
#: A text may be so many times as long as its source, and so many characters.
_TIMES, _SPARE = 4, 500
_LENGTH = re.compile(r"\bmax=(\d+)\b")

_VOID = frozenset(
    {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
#: Attributes whose value is words for people; every other value must stay as it is.
_WORDY = frozenset({"alt", "aria-label", "placeholder", "title"})

#: Invisible characters that a plain text of either language does not need.
_HIDDEN = frozenset("\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2060\ufeff")
_BIDI = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def trial(source: str, form: str) -> Iterator[Fault]:
    """Fill the form in as the running site would: it must not raise."""
    if not _is_format(source):
        # The source is no format: a bare sign such as in "100 %" is shown as it is.
        if source.count("%") != form.count("%"):
            yield Fault(
                "format", "another number of % signs than the source", "write as many % as the source"
            )
        return
    names = _names(source)
    if not _fills_in(form, names):
        yield Fault(
            "format",
            "the text can not be filled in: a page with it would fail",
            f"use only {_listed(names)}" if names else "write %% for a percent sign",
        )


def _is_format(source: str) -> bool:
    """Tell whether a source is filled in: in "100 % sure" Python would see a placeholder without a name."""
    unnamed = any(
        match["name"] is None and not match[0].endswith("%%") for match in PLACEHOLDER.finditer(source)
    )
    return not unnamed and _fills_in(source, _names(source))


def _names(text: str) -> set[str]:
    return {match["name"] for match in PLACEHOLDER.finditer(text) if match["name"]}


def _fills_in(text: str, names: Iterable[str]) -> bool:
    try:
        _ = text % dict.fromkeys([*names, "num"], 7)
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"%({name})s" for name in sorted(names))


def placeholders(source: str, form: str) -> Iterator[Fault]:
    """The same placeholders, each as often."""
    if not _is_format(source):
        return
    wanted, found = (Counter(match[0] for match in PLACEHOLDER.finditer(text)) for text in (source, form))
    yield from _difference("placeholder", wanted, found)


def braces(source: str, form: str) -> Iterator[Fault]:
    """The same ``{…}``, and as many single braces."""
    wanted, found = (
        Counter([*re.findall(r"\{[^{}]*\}", text), *re.findall(r"[{}]", text)]) for text in (source, form)
    )
    yield from _difference("brace", wanted, found)


def markup(source: str, form: str) -> Iterator[Fault]:
    """The same tags and attributes with the same values, and every tag closed in its place."""
    wanted, found = _Tags(source), _Tags(form)
    yield from _difference("markup", wanted.counted, found.counted)
    if found.broken and not wanted.broken:
        yield Fault(
            "nesting", f"tags are not closed in order: {found.broken}", "close what was opened last first"
        )
    if Counter(re.findall("[<>]", PLACEHOLDER.sub("", source))) != Counter(
        re.findall("[<>]", PLACEHOLDER.sub("", form))
    ):
        yield Fault(
            "markup", "another number of < or > than the source", "take the tags over from the source"
        )


class _Tags(HTMLParser):
    """Counts tags with their attributes, and names the first one out of order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.counted: Counter[str] = Counter()
        self.broken = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        if self._open and not self.broken:
            self.broken = f"<{self._open[-1]}> stays open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counted[f"<{tag}>"] += 1
        for name, value in attrs:
            self.counted[f"<{tag} {name}>" if name in _WORDY else f"<{tag} {name}={value}>"] += 1
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        self.counted[f"</{tag}>"] += 1
        if self._open and self._open[-1] == tag:
            self._open.pop()
        elif not self.broken:
            self.broken = f"</{tag}>"

    def handle_comment(self, data: str) -> None:
        self.counted[f"<!--{data}-->"] += 1

    def handle_decl(self, decl: str) -> None:
        self.counted[f"<!{decl}>"] += 1

    def handle_pi(self, data: str) -> None:
        self.counted[f"<?{data}>"] += 1


def edges(source: str, form: str) -> Iterator[Fault]:
    """The same line ends before and after the text."""
    for side, pattern in (("beginning", r"\A\s*"), ("end", r"\s*\Z")):
        wanted, found = (_match(pattern, text).count("\n") for text in (source, form))
        if wanted != found:
            yield Fault(
                "edge",
                f"{found} line ends at the {side} instead of {wanted}",
                "take them over from the source",
            )


def _match(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[0] if found else ""


def characters(_source: str, form: str) -> Iterator[Fault]:
    """No control, direction, private or hidden characters."""
    for letter in dict.fromkeys(form):
        odd = unicodedata.category(letter) in {"Cc", "Cn", "Co", "Cs"} and letter != "\n"
        if odd or letter in _HIDDEN or letter in _BIDI:
            name = unicodedata.name(letter, "a control character")
            yield Fault("character", f"U+{ord(letter):04X}, {name}, can not be seen", "delete it")


def length(form: str, comments: Iterable[str]) -> Iterator[Fault]:
    """Keep ``NOTE: max=60``: at most so many characters."""
    for limit in _LENGTH.findall(" ".join(comments)):
        if len(form) > int(limit):
            yield Fault(
                "length", f"{len(form)} characters, at most {limit} have room", "say it in fewer words"
            )


def bulk(source: str, form: str) -> Iterator[Fault]:
    """Refuse what is many times longer than its source: no place has room for it, nor a check time."""
    most = _TIMES * len(source) + _SPARE
    if len(form) > most:
        yield Fault("length", f"{len(form)} characters, at most {most} have room", "say it in fewer words")


def _difference(rule: str, wanted: Counter[str], found: Counter[str]) -> Iterator[Fault]:
    missing, added = wanted - found, found - wanted
    if missing:
        yield Fault(rule, f"missing: {' '.join(missing.elements())}", "take it over from the source")
    if added:
        yield Fault(rule, f"not in the source: {' '.join(added.elements())}", "remove it")
