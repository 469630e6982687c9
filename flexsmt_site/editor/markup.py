"""HTML as our own templates write it, taken apart so that marked texts can be found in it.

Pure. What our templates do not write, such as ``<`` in a script, is not looked for.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape, unescape

from flexsmt_site.editor import marks

_TAG = re.compile(
    r"<!--.*?-->|<![^>]*>|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?P<name>[^\s=/\"'>]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
#: What stands in these is text for no reader, or text without elements.
_RAW = frozenset({"script", "style", "textarea", "title"})
_VOID = frozenset(
    {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
#: Elements that can hold no others.
_BARE = frozenset({"option"})
#: Around a marked text. No rule of the site's style sheets is about an element of this name.
ELEMENT = "site-text"


@dataclass
class Tag:
    """A tag; ``rest`` is what stands behind its name, as it was written."""

    name: str
    is_end: bool = False
    rest: str = ""

    @cached_property
    def attributes(self) -> dict[str, str | None]:
        """Its attributes, to be changed: values as they are written between double quotes, None without."""
        return {one["name"]: _value(one["value"]) for one in _ATTRIBUTE.finditer(self.rest)}

    @property
    def is_closed(self) -> bool:
        """It ends itself, as tags in drawings do."""
        return self.rest.endswith("/")

    @property
    def is_start(self) -> bool:
        """An element begins that is to be ended."""
        return not (self.is_end or self.is_closed or self.name in _VOID)

    def get(self, name: str) -> str:
        """Return what an attribute says to a browser; empty where it is not there."""
        return unescape(self.attributes.get(name) or "")

    def put(self, name: str, value: str | None = None) -> None:
        """Give it an attribute, or one another value."""
        self.attributes[name] = None if value is None else escape(value)

    def __str__(self) -> str:
        """Write it."""
        if self.is_end:
            return f"</{self.name}>"
        words = [name if value is None else f'{name}="{value}"' for name, value in self.attributes.items()]
        return f"<{' '.join([self.name, *words])}{'/' if self.is_closed else ''}>"


@dataclass(frozen=True)
class Raw:
    """What no reader reads as text with elements: comments, scripts, titles."""

    text: str


Piece = Tag | Raw | str


def pieces(html: str) -> Iterator[Piece]:
    """Yield tags, what is raw, and the text between them, in order."""
    at = 0
    while found := _TAG.search(html, at):
        if found.start() > at:
            yield html[at : found.start()]
        at = found.end()
        if found["name"] is None:
            yield Raw(found[0])
            continue
        # Names keep their case: those of drawings have one.
        tag = Tag(found["name"], bool(found["end"]), found["rest"])
        yield tag
        if tag.name in _RAW and not tag.is_end:
            end = re.compile(rf"</{tag.name}\s*>", re.IGNORECASE).search(html, at)
            stop = end.start() if end else len(html)
            yield Raw(html[at:stop])
            at = stop
    if at < len(html):
        yield html[at:]


def _value(written: str | None) -> str | None:
    if not written:
        return written
    bare = written[1:-1] if written[0] in "\"'" else written
    return bare.replace('"', "&#34;")


def escaped(text: str) -> str:
    """Return plain text as HTML."""
    return escape(text)


def spelled(made: Iterable[Piece], begin: Callable[[int], Tag]) -> str:
    """Write pieces with an element around each marked text, and no mark elsewhere.

    ``begin`` returns the tag of that element for the number of a text. Where the text ends outside of the
    element that it begins in, its own ends before that one.
    """
    out: list[str] = []
    names: list[str] = []
    for piece in made:
        if isinstance(piece, str):
            is_bare = bool(names) and names[-1] in _BARE
            out.append(marks.strip(piece if is_bare else _with_elements(piece, names, begin)))
            continue
        if isinstance(piece, Tag) and piece.is_end and piece.name in names:
            while (last := names.pop()) != piece.name:
                out.append(f"</{last}>" if last == ELEMENT else "")
        elif isinstance(piece, Tag) and piece.is_start:
            names.append(piece.name)
        out.append(marks.strip(piece.text if isinstance(piece, Raw) else str(piece)))
    return "".join(out)


def _with_elements(text: str, names: list[str], begin: Callable[[int], Tag]) -> str:
    def put(mark: re.Match[str]) -> str:
        number = marks.number(mark)
        if number is not None:
            names.append(ELEMENT)
            return str(begin(number))
        return f"</{names.pop()}>" if names and names[-1] == ELEMENT else ""

    return marks.MARK.sub(put, text)


@dataclass(frozen=True)
class Break:
    """Where the markup breaks, and the number of the text that has broken it, None where it is not known."""

    place: str
    number: int | None


def broken(html: str) -> Break | None:
    """Find a text that is no whole part of a page, such as one that ends the attribute it stands in.

    None where every text begins and ends in the same attribute or the same element.
    """
    stack: list[str | int] = []
    for piece in pieces(html):
        found = _in_tag(piece, stack) if isinstance(piece, Tag) else _in_text(piece, stack)
        if found:
            return found
    return _break(str(stack[-1]), stack) if stack else None


def _in_tag(tag: Tag, stack: list[str | int]) -> Break | None:
    if not marks.is_clean(tag.rest):
        values = (part for attribute in tag.attributes.items() for part in attribute if part)
        if found := next(filter(None, map(_apart, values)), None):
            return found
    if tag.is_end and stack[-1:] != [tag.name]:
        return _break(str(tag), stack)
    if tag.is_end:
        stack.pop()
    elif tag.is_start:
        stack.append(tag.name)
    return None


def _in_text(piece: Raw | str, stack: list[str | int]) -> Break | None:
    if isinstance(piece, Raw):
        return _apart(piece.text)
    return None if _fits(piece, stack) else _break(piece, stack)


def _apart(value: str) -> Break | None:
    """Find marks in a value that do not begin and end there."""
    stack: list[str | int] = []
    is_whole = marks.is_clean(value) or (_fits(value, stack) and not stack)
    return None if is_whole else _break(value, stack)


def _break(place: str, stack: Sequence[str | int]) -> Break:
    return Break(place, next((one for one in reversed(stack) if isinstance(one, int)), None))


def _fits(text: str, stack: list[str | int]) -> bool:
    for mark in marks.MARK.finditer(text):
        number = marks.number(mark)
        if number is not None:
            stack.append(number)
        elif stack and isinstance(stack[-1], int):
            stack.pop()
        else:
            return False
    return marks.is_clean(marks.MARK.sub("", text))
