"""Marked texts are found in HTML, wherever they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.editor import marks, markup, staged
from flexsmt_site.editor.markup import Tag

ONE, TWO = marks.put(1, "one"), marks.put(12, "two")


def spelled(html: str) -> str:
    def begin(number: int) -> Tag:
        return Tag(markup.ELEMENT, rest=f" n={number}")

    return markup.spelled(markup.pieces(html), begin)


@pytest.mark.parametrize(
    ("html", "made"),
    [
        (f"<p>{ONE}</p>", '<p><site-text n="1">one</site-text></p>'),
        (
            f"<p>{ONE} and {TWO}</p>",
            '<p><site-text n="1">one</site-text> and <site-text n="12">two</site-text></p>',
        ),
        (f'<p title="{ONE}">x</p>', '<p title="one">x</p>'),
        (f"<p title='{ONE}' hidden>x</p>", '<p title="one" hidden>x</p>'),
        (f"<title>{ONE}</title>", "<title>one</title>"),
        (f"<textarea>{ONE}</textarea>", "<textarea>one</textarea>"),
        (f"<style>{ONE}</style><!-- {TWO} -->", "<style>one</style><!-- two -->"),
        (f"<option>{ONE}</option>", "<option>one</option>"),
        (
            f"<p>{marks.put(3, f'a <b>b</b> {chr(37)}').replace('%', ONE)}</p>",
            '<p><site-text n="3">a <b>b</b> <site-text n="1">one</site-text></site-text></p>',
        ),
        ('<svg><path d="M1"/></svg>', '<svg><path d="M1"/></svg>'),
        ("a < b & c", "a < b & c"),
    ],
)
def test_texts_get_an_element_where_they_can(html: str, made: str) -> None:
    assert spelled(html) == made


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{ONE[:-1]}</p>{ONE[-1]}",
        f"<p>{ONE[-1]}</p>",
        f'<p title="{ONE[:-1]}">{ONE[-1]}</p>',
        f"<i>{marks.put(1, '</i>')}",
        f"{ONE[:2]}",
        f"<title>{ONE[:-1]}</title>",
        f"<p {ONE}>",
    ],
)
def test_a_text_that_is_no_whole_part_is_found_and_nothing_of_its_mark_is_left(html: str) -> None:
    assert markup.broken(html) is not None
    made = spelled(html)
    assert marks.is_clean(made)
    assert made.count("<site-text") == made.count("</site-text>")


@pytest.mark.parametrize(
    "html", ["", "plain", f'<p title="{ONE}">{TWO}<br>{ONE}</p>', f"<title>{ONE}</title>"]
)
def test_whole_parts_are_not_found(html: str) -> None:
    assert markup.broken(html) is None


@given(
    st.text(
        alphabet=[*"ab<>&\"'/=- ", "\ue000", "\ue001", "\ue002", "\ue010", "\ue011", "p", "\n"], max_size=60
    )
)
def test_no_mark_is_left_in_anything(text: str) -> None:
    assert marks.is_clean(spelled(text))
    assert marks.is_clean(staged.plain(text, lambda number: (f"/{number}", "")))


@given(st.integers(1, 10**6), st.text())
def test_a_mark_says_of_which_text_it_is(number: int, text: str) -> None:
    made = marks.put(number, text)

    assert marks.numbers(made) == [number]
    assert marks.strip(made) == marks.strip(text)


def test_the_body_of_a_document_has_no_links() -> None:
    html = f'<html><head><title>{ONE}</title></head><body class="x"><a href="/y">{ONE}</a></body></html>'

    assert staged.body(html, lambda _: ("/t", "draft")) == (
        '<a><site-text data-text="/t" class="draft">one</site-text></a>'
    )


def test_plain_text_is_escaped() -> None:
    assert staged.plain(f"<b> {ONE}", lambda _: ("/t", "")) == (
        '&lt;b&gt; <site-text data-text="/t">one</site-text>'
    )


def test_the_text_at_fault_is_named() -> None:
    found = markup.broken(f'<p title="{TWO}">{ONE}<i>{marks.put(7, "</i>")}')

    assert found == markup.Break("</i>", 7)
