"""A page turned into its preview: its texts can be found in it, and nothing in it acts on the site.

Pure: HTML and words come in, HTML goes out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup

from flexsmt_site.editor import marks, markup
from flexsmt_site.editor.markup import Piece, Raw, Tag

#: What would send something, fetch something or take the focus.
_ACTING = ("data-hx-", "hx-", "on")
_ACTS = frozenset({"action", "method", "form", "formaction", "formmethod", "autofocus", "target", "ping"})
#: About the page itself, for search engines and for scripts.
_UNSAID_LINKS = frozenset({"canonical", "alternate"})
_UNSAID_META = frozenset({"htmx", "htmx-config"})


@dataclass(frozen=True)
class Frame:
    """What a page becomes a preview by.

    ``bar`` is HTML that comes before the page's own, ``title`` what its title begins with. ``text`` names the
    address and the class of the text that begins with a number, ``link`` the address to put in the place of
    another, None for none.
    """

    bar: str
    title: str
    text: Callable[[int], tuple[str, str]]
    link: Callable[[str], str | None]


def stage(html: str, frame: Frame) -> str:
    """Return a page, made of marked words, as its preview."""
    return markup.spelled(_framed(_tamed(markup.pieces(html), frame.link), frame), _tagging(frame.text))


def body(html: str, text: Callable[[int], tuple[str, str]]) -> Markup:
    """Return what stands in the body of a document, as a part of another page; its links lead nowhere."""
    inner = _inner(_tamed(markup.pieces(html), lambda _address: None))
    return Markup(markup.spelled(inner, _tagging(text)))  # noqa: S704 (our own template, escaped there)


def plain(written: str, text: Callable[[int], tuple[str, str]]) -> Markup:
    """Return plain text as HTML."""
    return Markup(markup.spelled([markup.escaped(written)], _tagging(text)))  # noqa: S704 (escaped here)


def _tagging(text: Callable[[int], tuple[str, str]]) -> Callable[[int], Tag]:
    def begin(number: int) -> Tag:
        address, kind = text(number)
        tag = Tag(markup.ELEMENT)
        tag.put("data-text", address)
        if kind:
            tag.put("class", kind)
        return tag

    return begin


def _tamed(made: Iterator[Piece], link: Callable[[str], str | None]) -> Iterator[Piece]:
    for piece in made:
        if not isinstance(piece, Tag):
            yield piece
        elif piece.name == "script":
            if not piece.is_end:
                _skip(made, "script")
        elif not _is_unsaid(piece):
            _tame(piece, link)
            yield piece


def _skip(made: Iterator[Piece], name: str) -> None:
    for piece in made:
        if isinstance(piece, Tag) and piece.is_end and piece.name == name:
            return


def _is_unsaid(tag: Tag) -> bool:
    if tag.name == "link":
        return tag.get("rel") in _UNSAID_LINKS
    return tag.name == "meta" and tag.get("name") in _UNSAID_META


def _tame(tag: Tag, link: Callable[[str], str | None]) -> None:
    for name in list(tag.attributes):
        if name in _ACTS or name.startswith(_ACTING):
            del tag.attributes[name]
    if (tag.name == "button" or tag.get("type") in {"submit", "image"}) and not tag.is_end:
        # A form without a submit button sends nothing, and its button can still be chosen as a text.
        tag.put("type", "button")
    if tag.name == "a" and "href" in tag.attributes:
        address = link(marks.strip(tag.get("href")))
        if address is None:
            del tag.attributes["href"]
        else:
            tag.put("href", address)


def _framed(made: Iterator[Piece], frame: Frame) -> Iterator[Piece]:
    """Lay the bar behind the first link of the page, which skips to its content."""
    is_in_body, is_laid = False, False
    for piece in made:
        yield piece
        if not isinstance(piece, Tag):
            continue
        is_in_body = is_in_body or piece.name == "body"
        if piece.name == "title" and not piece.is_end and not is_in_body:
            yield Raw(f"{markup.escaped(frame.title)} · ")
        elif is_in_body and not is_laid and (piece.name, piece.is_end) == ("a", True):
            is_laid = True
            yield Raw(frame.bar)


def _inner(made: Iterator[Piece]) -> Iterator[Piece]:
    is_in = False
    for piece in made:
        if isinstance(piece, Tag) and piece.name == "body":
            is_in = not piece.is_end
        elif is_in:
            yield piece
